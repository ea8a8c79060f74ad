/** JSON Schema (2020-12) of what `messageToJson` prints, one schema per message by its full name. */
import { type DescEnum, type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import type { JsonObject } from "@isthmus/std";
import { wrappedField } from "./to-json.ts";

const DIGITS = { type: "string", pattern: "^-?[0-9]+$" };
/** Seconds with up to nine decimals. */
const DURATION = { type: "string", pattern: "^-?[0-9]+(\\.[0-9]{1,9})?s$" };

/** The schemas of a message and of all messages that it is made of; they refer to each other by `refOf(full name)`. */
export function messageSchemas(
  message: DescMessage,
  refOf: (fullName: string) => string,
): ReadonlyMap<string, JsonObject> {
  const schemas = new Map<string, JsonObject>();
  const waiting = [message];
  for (let desc = waiting.pop(); desc !== undefined; desc = waiting.pop()) {
    if (schemas.has(desc.typeName)) continue;
    const properties: Record<string, JsonObject> = {};
    for (const field of desc.fields) {
      properties[field.jsonName] = fieldSchema(field, refOf);
      if (field.message !== undefined && !isPlain(field.message)) waiting.push(field.message);
    }
    schemas.set(desc.typeName, { type: "object", properties });
  }
  return schemas;
}

function fieldSchema(field: DescField, refOf: (fullName: string) => string): JsonObject {
  switch (field.fieldKind) {
    case "scalar":
      return scalarSchema(field.scalar);
    case "enum":
      return enumSchema(field.enum);
    case "message":
      return messageSchema(field.message, refOf);
    case "list":
      return { type: "array", items: itemSchema(field, refOf) };
    case "map":
      return { type: "object", additionalProperties: itemSchema(field, refOf) };
  }
}

function itemSchema(field: DescField & { fieldKind: "list" | "map" }, refOf: (fullName: string) => string): JsonObject {
  if (field.message !== undefined) return messageSchema(field.message, refOf);
  return field.enum === undefined ? scalarSchema(field.scalar ?? ScalarType.STRING) : enumSchema(field.enum);
}

/** Messages with a JSON form of their own. */
function isPlain(desc: DescMessage): boolean {
  return desc.typeName.startsWith("google.protobuf.");
}

function messageSchema(desc: DescMessage, refOf: (fullName: string) => string): JsonObject {
  switch (desc.typeName) {
    case "google.protobuf.Duration":
      return DURATION;
    case "google.protobuf.Timestamp":
      return { type: "string", format: "date-time" };
    case "google.protobuf.Struct":
      return { type: "object", additionalProperties: true };
    case "google.protobuf.ListValue":
      return { type: "array" };
    case "google.protobuf.Value":
    case "google.protobuf.Any":
      return {};
    default:
      break;
  }
  const wrapped = wrappedField(desc);
  return wrapped === undefined ? { $ref: refOf(desc.typeName) } : scalarSchema(wrapped.scalar);
}

/** A number that the enum does not know is printed as number. */
function enumSchema(desc: DescEnum): JsonObject {
  return { anyOf: [{ type: "string", enum: desc.values.map(({ name }) => name) }, { type: "integer" }] };
}

function scalarSchema(scalar: ScalarType): JsonObject {
  switch (scalar) {
    case ScalarType.BOOL:
      return { type: "boolean" };
    case ScalarType.STRING:
      return { type: "string" };
    case ScalarType.BYTES:
      return { type: "string", contentEncoding: "base64" };
    case ScalarType.FLOAT:
    case ScalarType.DOUBLE:
      return { anyOf: [{ type: "number" }, { type: "string", enum: ["NaN", "Infinity", "-Infinity"] }] };
    case ScalarType.INT64:
    case ScalarType.UINT64:
    case ScalarType.SINT64:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return DIGITS;
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return { type: "integer", minimum: 0, maximum: 2 ** 32 - 1 };
    default:
      return { type: "integer", minimum: -(2 ** 31), maximum: 2 ** 31 - 1 };
  }
}
