/** Refusals of Kuma 2.14.3, to the letter, where documents alone decide. */
import { readFileSync } from "node:fs";
import type { JsonObject } from "@isthmus/std";
import { expect, it } from "vitest";
import { parseResource } from "./rest-codec.ts";
import { typeNamed } from "./testing/violations-of.ts";
import type { Violation } from "./violation.ts";

interface Recorded {
  readonly name: string;
  readonly type: string;
  /** What is no JSON is kept as text; none: nothing was sent. */
  readonly body?: JsonObject | string;
  readonly detail: string;
  readonly invalid_parameters?: readonly Violation[];
}

const recordings = JSON.parse(
  readFileSync(new URL("../testdata/rest-errors.json", import.meta.url), "utf8"),
) as readonly Recorded[];

it.each(recordings)("$name", ({ type, body = "", detail, invalid_parameters }) => {
  const parsed = parseResource(typeNamed(type), body, { validate: { mode: "global" } });
  expect(parsed).toEqual({
    ok: false,
    error:
      invalid_parameters === undefined
        ? { kind: "malformed", detail }
        : { kind: "invalid", violations: invalid_parameters },
  });
});
