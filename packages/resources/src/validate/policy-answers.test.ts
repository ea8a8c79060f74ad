/**
 * Policies against the answers of Kuma 2.14.3's own code: what its schemas, decoder and validators say of a spec that a
 * user writes and that a peer sends, how the spec is printed, and the warnings of a write.
 */
import { readdirSync, readFileSync } from "node:fs";
import type { JsonObject } from "@isthmus/std";
import { describe, expect, it } from "vitest";
import { decodeSpec } from "../kds-codec.ts";
import type { Labels, Resource } from "../resource.ts";
import { parseResource, ZERO_TIME } from "../rest-codec.ts";
import { typeNamed } from "../testing/violations-of.ts";
import { validateResource } from "../validate-resource.ts";
import type { Violation } from "../violation.ts";

/** Either violations, or the spec as Go prints it; `malformed` when it cannot be decoded. */
interface Answer {
  readonly malformed?: string;
  readonly violations?: readonly (readonly [field: string, reason: string])[];
  readonly spec?: string;
  readonly warnings?: readonly string[];
}

interface Row {
  readonly title: string;
  readonly labels?: Labels;
  readonly spec: JsonObject;
  readonly user: Answer;
  /** Left out where Kuma's code ends in a panic. */
  readonly peer?: Answer;
}

interface Recording {
  readonly type: string;
  readonly rows: readonly Row[];
}

const folder = new URL("../../testdata/policy-answers/", import.meta.url);
const mode = { mode: "global" } as const;

function answerToUser(type: string, { spec, labels }: Row): Answer {
  const descriptor = typeNamed(type);
  const head = { type, mesh: "default", name: "a", ...(labels === undefined ? {} : { labels }) };
  const parsed = parseResource(descriptor, JSON.stringify({ ...head, spec }), { validate: mode });
  if (parsed.ok) return accepted(parsed.value, JSON.stringify(parsed.value.spec));
  return parsed.error.kind === "malformed" ? { malformed: parsed.error.detail } : refused(parsed.error.violations);
}

function answerToPeer(type: string, { spec, labels = {} }: Row): Answer {
  const descriptor = typeNamed(type);
  const decoded = decodeSpec(descriptor, "", Buffer.from(JSON.stringify(spec)));
  if (!decoded.ok) return { malformed: decoded.error };
  const times = { creationTime: ZERO_TIME, modificationTime: ZERO_TIME, version: 0 };
  const resource = { type, mesh: "default", name: "a", labels, ...decoded.value, ...times };
  const violations = validateResource(descriptor, resource, mode, { isFromPeer: true });
  return violations.length > 0 ? refused(violations) : accepted(resource);
}

function accepted(resource: Resource, spec?: string): Answer {
  const warnings = typeNamed(resource.type).deprecations?.(resource) ?? [];
  return { ...(spec === undefined ? {} : { spec }), ...(warnings.length === 0 ? {} : { warnings }) };
}

const refused = (violations: readonly Violation[]): Answer => ({
  violations: violations.map(({ field, reason }) => [field, reason]),
});

/** The texts of Go's decoder name its structs, which we have not. */
const withoutStruct = (answer: Answer): Answer =>
  answer.malformed === undefined
    ? answer
    : { malformed: answer.malformed.replace(/(?<=into Go struct field )[A-Z]\w*\./, "") };

/** Of what a peer sends, Kuma's global does not even refuse what it cannot decode: the stream ends. */
const comparable = (answer: Answer): unknown => (answer.malformed === undefined ? answer : "malformed");

/** What peers send is kept as it came, so it is not compared with what Go prints. */
function ofPeer(answer: Answer): Answer {
  return answer.spec === undefined ? answer : { ...(answer.warnings && { warnings: answer.warnings }) };
}

for (const file of readdirSync(folder)) {
  const { type, rows } = JSON.parse(readFileSync(new URL(file, folder), "utf8")) as Recording;
  describe(`${file.replace(".json", "")}: Kuma and we say the same of`, () => {
    it.each(rows)("$title", (row) => {
      expect(answerToUser(type, row)).toEqual(withoutStruct(row.user));
      const toPeer = comparable(answerToPeer(type, row));
      if (row.peer !== undefined) expect(toPeer).toEqual(comparable(ofPeer(row.peer)));
    });
  });
}
