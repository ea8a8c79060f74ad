/** Members of proto3 JSON in the order in which their message declares them, `@type` first: as Go writes it, and so Kuma. */
import type { DescField, DescMessage, Registry } from "@bufbuild/protobuf";
import { isJsonObject, type JsonObject, type JsonValue } from "@isthmus/std";
import { messageNameOf } from "../type-url.ts";

/** Written by rules of their own. */
const WELL_KNOWN = "google.protobuf.";

export function inDeclarationOrder(schema: DescMessage, json: JsonObject, registry: Registry): JsonObject {
  const { "@type": type } = json;
  if (typeof type === "string") return anyInOrder(type, json, registry);
  if (schema.typeName.startsWith(WELL_KNOWN)) return json;
  return Object.fromEntries(
    schema.fields.flatMap((field) => {
      const value = json[field.jsonName];
      return value === undefined ? [] : [[field.jsonName, fieldInOrder(field, value, registry)]];
    }),
  );
}

function anyInOrder(type: string, json: JsonObject, registry: Registry): JsonObject {
  const { "@type": _, ...members } = json;
  const schema = registry.getMessage(messageNameOf(type));
  return { "@type": type, ...(schema === undefined ? members : inDeclarationOrder(schema, members, registry)) };
}

function fieldInOrder(field: DescField, value: JsonValue, registry: Registry): JsonValue {
  const { message: schema } = field;
  if (schema === undefined) return value;
  const ordered = (each: JsonValue): JsonValue =>
    isJsonObject(each) ? inDeclarationOrder(schema, each, registry) : each;
  if (Array.isArray(value)) return value.map(ordered);
  if (field.fieldKind !== "map" || !isJsonObject(value)) return ordered(value);
  const keys = Object.keys(value).sort();
  return Object.fromEntries(keys.map((key) => [key, ordered(value[key] ?? null)]));
}
