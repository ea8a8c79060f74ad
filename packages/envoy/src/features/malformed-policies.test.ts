/** Policies of golden cases in which something is replaced by what a peer might send: nothing throws, and all that is made can be encoded. */
import { readFileSync } from "node:fs";
import { policyOf } from "@isthmus/policy";
import { builtinTypes, parseResource, parseYamlDocuments, Registry, type Resource, textOf } from "@isthmus/resources";
import { isJsonObject, type JsonObject, type JsonValue } from "@isthmus/std";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encode } from "../draft/encode.ts";
import { translateSidecar } from "../sidecar/sidecar.ts";
import { GOLDEN_CASES, GOLDEN_FOLDER, readGoldenCase, translationOf } from "../testing/golden-case.ts";

const registry = new Registry(builtinTypes);
const SUBJECTS = ["names-a-web-1", "names-a-shop-1", "names-b-web-1", "names-b-doors"].map((name) => {
  const { proxy, translation } = translationOf(readGoldenCase(name));
  if (proxy === undefined) throw new Error(`${name} is of no Dataplane`);
  return { name, proxy, translation };
});

const policies = GOLDEN_CASES.flatMap(policiesIn).map((policy) => ({ ...policy, labels: {} }));
const types = [...new Set(policies.map(({ type }) => type))].sort();

describe.each(types)("a malformed %s", (type) => {
  it.each(SUBJECTS)("for $name", ({ proxy, translation }) => {
    const written = policies.filter((policy) => policy.type === type);
    fc.assert(
      fc.property(fc.constantFrom(...written), fc.array(change(), { maxLength: 3 }), (policy, changes) => {
        const targetRef = { kind: "Mesh" };
        const spec = changes.reduce<JsonObject>(changed, { ...policy.spec, targetRef });
        const malformed = policyOf({ ...policy, spec });
        const config = translateSidecar(proxy, {
          ...translation,
          policies: (asked, mesh) => (asked === type ? [malformed] : translation.policies(asked, mesh)),
        });
        const errors = [...config.clusters, ...config.listeners].flatMap(([name, json]) => {
          const encoded = encode(config.clusters.get(name) === json ? "cluster" : "listener", name, json);
          return encoded.ok ? [] : [`${name}: ${encoded.error}`];
        });
        expect(errors).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });
});

interface Change {
  /** Which of the members, counted through the whole. */
  readonly place: number;
  readonly value: JsonValue;
}

function change(): fc.Arbitrary<Change> {
  const odd = fc.constantFrom<JsonValue>(
    null,
    -1,
    0.5,
    1e300,
    "",
    "-",
    "x".repeat(300),
    "5",
    [],
    {},
    [null],
    [{}],
    true,
  );
  return fc.record({
    place: fc.nat({ max: 60 }),
    value: fc.oneof(odd, fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<JsonValue>),
  });
}

function changed(spec: JsonObject, { place, value }: Change): JsonObject {
  let left = place;
  const visit = (old: JsonValue): JsonValue => {
    if (left-- === 0) return value;
    if (Array.isArray(old)) return old.map(visit);
    if (!isJsonObject(old)) return old;
    return Object.fromEntries(Object.entries(old).map(([key, member]) => [key, visit(member ?? null)]));
  };
  const whole = visit(spec);
  return isJsonObject(whole) ? whole : {};
}

function policiesIn(name: string): readonly Resource[] {
  const { documents } = parseYamlDocuments(readFileSync(`${GOLDEN_FOLDER}${name}/input.yaml`, "utf8"));
  return documents.slice(1).flatMap(({ value }) => {
    const document = isJsonObject(value) ? value : {};
    const descriptor = registry.get(textOf(document, "type"));
    if (descriptor?.policy === undefined) return [];
    const parsed = parseResource(descriptor, { mesh: "default", ...document }, { isFromServer: true });
    return parsed.ok ? [parsed.value] : [];
  });
}
