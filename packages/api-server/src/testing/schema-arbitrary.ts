/** Values that a JSON Schema describes, for property tests: mostly valid, so that they get past the schema to the rules. */
import { isJsonObject, type JsonObject, type JsonValue } from "@isthmus/std";
import fc from "fast-check";

export type Components = Readonly<Record<string, JsonObject>>;

/** Objects in objects, at the most. */
const DEPTH_MAX = 6;
const REF = /^#\/components\/schemas\/(.+)$/;

export function arbitraryOf(schema: JsonObject, components: Components, depth = 0): fc.Arbitrary<JsonValue> {
  const { $ref, type } = schema;
  if (typeof $ref === "string") {
    const target = components[REF.exec($ref)?.[1] ?? ""];
    return target === undefined ? fc.constant(null) : arbitraryOf(target, components, depth);
  }
  if (schema["const"] !== undefined) return fc.constant(schema["const"]);
  const { enum: allowed, anyOf } = schema;
  if (Array.isArray(allowed)) return fc.constantFrom(...(allowed as readonly JsonValue[]));
  if (Array.isArray(anyOf)) {
    return fc.oneof(...anyOf.filter(isJsonObject).map((each) => arbitraryOf(each, components, depth)));
  }
  if (Array.isArray(type)) {
    return fc.oneof(...type.map((each) => arbitraryOf({ ...schema, type: each as JsonValue }, components, depth)));
  }
  switch (type) {
    case "object":
      return depth >= DEPTH_MAX ? fc.constant({}) : objectOf(schema, components, depth);
    case "array": {
      const items = isJsonObject(schema["items"]) ? schema["items"] : {};
      const minLength = numberIn(schema, "minItems") ?? 0;
      const maxLength = Math.min(numberIn(schema, "maxItems") ?? 3, Math.max(3, minLength));
      return fc.array(arbitraryOf(items, components, depth + 1), { minLength, maxLength });
    }
    case "string":
      return textOf(schema);
    case "integer": {
      const min = numberIn(schema, "minimum") ?? -10;
      const max = numberIn(schema, "maximum") ?? 100_000;
      return fc.oneof(fc.integer({ min, max: Math.min(max, min + 100) }), fc.integer({ min, max }));
    }
    case "number":
      return fc.double({ noNaN: true, noDefaultInfinity: true });
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    default:
      return fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<JsonValue>;
  }
}

function objectOf(schema: JsonObject, components: Components, depth: number): fc.Arbitrary<JsonValue> {
  const properties = isJsonObject(schema["properties"]) ? schema["properties"] : {};
  const required = Array.isArray(schema["required"]) ? (schema["required"] as readonly JsonValue[]) : [];
  const record: Record<string, fc.Arbitrary<JsonValue>> = {};
  for (const [name, member] of Object.entries(properties)) {
    if (!isJsonObject(member) || member["readOnly"] === true) continue;
    record[name] = arbitraryOf(member, components, depth + 1);
  }
  const named = fc.record(record, { requiredKeys: Object.keys(record).filter((name) => required.includes(name)) });
  const others = schema["additionalProperties"];
  if (!isJsonObject(others)) return named;
  const extra = fc.dictionary(KEY, arbitraryOf(others, components, depth + 1), { maxKeys: 2 });
  return fc.tuple(named, extra).map(([a, b]) => ({ ...b, ...a }));
}

const KEY = fc.oneof(fc.constantFrom("a", "kuma.io/service", "kuma.io/zone", "x-y"), fc.string({ maxLength: 6 }));

function textOf(schema: JsonObject): fc.Arbitrary<string> {
  if (schema["format"] === "date-time") return fc.constant("2026-01-01T00:00:00Z");
  if (schema["contentEncoding"] === "base64") return fc.base64String({ maxLength: 12 });
  const { pattern } = schema;
  if (typeof pattern === "string") return fc.stringMatching(new RegExp(pattern));
  return fc.oneof(
    fc.constantFrom(
      "a",
      "default",
      "10s",
      "1h0m0s",
      "Mesh",
      "MeshService",
      "MeshSubset",
      "http",
      "10.0.0.1",
      "50%",
      "/",
      "8080",
      "",
    ),
    fc.string({ maxLength: 12 }),
  );
}

function numberIn(schema: JsonObject, name: string): number | undefined {
  const value = schema[name];
  return typeof value === "number" ? value : undefined;
}
