/**
 * Fills in the defaults of a schema, before the schema is checked: a member that is absent, or null although it has a
 * default, gets it. Objects that are absent are not invented. Copies only what changes.
 * Source: k8s.io/apiextensions-apiserver: pkg/apiserver/schema/defaulting, called by kuma v2.14.3: rest/unmarshaller.go.
 */
import { isJsonObject, type JsonObject, type JsonValue } from "@isthmus/std";
import type { ObjectSchema, Schema } from "./schema.ts";

export function applyDefaults(schema: Schema, value: JsonValue): JsonValue {
  switch (schema.kind) {
    case "object":
      return isJsonObject(value) ? defaultObject(schema, value) : value;
    case "map":
      return isJsonObject(value) ? mapMembers(value, (member) => applyDefaults(schema.values, member)) : value;
    case "array": {
      if (!Array.isArray(value)) return value;
      const items = (value as readonly JsonValue[]).map((item) => applyDefaults(schema.items, item));
      return items.some((item, i) => item !== value[i]) ? items : value;
    }
    default:
      return value;
  }
}

function defaultObject(schema: ObjectSchema, value: JsonObject): JsonObject {
  let result: Record<string, JsonValue> | undefined;
  for (const [name, property] of Object.entries(schema.properties)) {
    const given = Object.hasOwn(value, name) ? value[name] : undefined;
    const start = given ?? defaultOf(property.schema) ?? given;
    if (start === undefined) continue;
    const filled = applyDefaults(property.schema, start);
    if (filled === given) continue;
    result ??= { ...value };
    result[name] = filled;
  }
  return result ?? value;
}

function defaultOf(schema: Schema): JsonValue | undefined {
  return "default" in schema ? schema.default : undefined;
}

function mapMembers(value: JsonObject, change: (member: JsonValue) => JsonValue): JsonObject {
  let result: Record<string, JsonValue> | undefined;
  for (const [name, member] of Object.entries(value)) {
    const changed = change(member);
    if (changed === member) continue;
    result ??= { ...value };
    result[name] = changed;
  }
  return result ?? value;
}
