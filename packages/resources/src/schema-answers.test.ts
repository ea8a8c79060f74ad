/**
 * Our schemas against the answers of Kubernetes' own validator (kube-openapi as of Kuma 2.14.3), which read the OpenAPI
 * documents of Kuma 2.14.3: the errors of broken documents, and what the defaults make of good ones. Last, the canonical
 * form, as Go prints what it decoded into the structs of Kuma 2.14.3.
 */
import { readFileSync } from "node:fs";
import type { JsonObject, JsonValue } from "@isthmus/std";
import { describe, expect, it } from "vitest";
import { parseResource } from "./rest-codec.ts";
import { applyDefaults } from "./schema-defaults.ts";
import { typeNamed } from "./testing/violations-of.ts";

type Answer = readonly [type: string, document: JsonObject, errors: readonly string[], spec?: JsonValue];

type Canonical = readonly [type: string, spec: JsonObject, printed: string];

const read = (file: string): unknown =>
  JSON.parse(readFileSync(new URL(`../testdata/${file}`, import.meta.url), "utf8"));
const answers = read("schema-answers.json") as readonly Answer[];

function errorsOf(type: string, document: JsonObject): readonly string[] {
  const parsed = parseResource(typeNamed(type), document);
  if (parsed.ok) return [];
  if (parsed.error.kind === "malformed") return [parsed.error.detail];
  return parsed.error.violations.map(({ field, reason }) => (field === "" ? reason : `${field} ${reason}`));
}

describe("Kubernetes says of a", () => {
  const rows = answers.map(([type, document, errors, spec]) => ({ type, document, errors, spec }));

  it.each(rows.filter(({ errors }) => errors.length > 0))("$type $document: $errors", ({ type, document, errors }) => {
    expect(errorsOf(type, document)).toEqual(errors);
  });

  it.each(rows.filter(({ errors }) => errors.length === 0))("$type $document: good", ({ type, document, spec }) => {
    const { format } = typeNamed(type);
    expect(errorsOf(type, document)).toEqual([]);
    expect(format.kind === "json" && applyDefaults(format.schema, document.spec ?? null)).toEqual(spec);
  });
});

describe("Go prints a", () => {
  it.each(read("canonical-specs.json") as readonly Canonical[])("%s %j", (type, spec, printed) => {
    const parsed = parseResource(typeNamed(type), { type, name: "a", spec });
    expect(parsed.ok && JSON.stringify(parsed.value.spec)).toBe(printed);
  });
});
