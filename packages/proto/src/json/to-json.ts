/**
 * Messages as JSON the way Kuma prints them: lower camel case names in the order of declaration, zero values left out, a
 * set but empty message as `{}`. That is Go's former jsonpb marshaller, not today's protobuf JSON mapping; they differ in
 * details such as member order and 32-bit floats. Source: kuma v2.14.3: pkg/util/proto/proto.go
 */
import { Buffer } from "node:buffer";
import { type DescEnum, type DescField, type DescMessage, type MessageShape, ScalarType } from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import type { Duration, ListValue, Struct, Timestamp, Value } from "@bufbuild/protobuf/wkt";
import { err, errorMessage, isJsonObject, type JsonObject, type JsonValue, ok, type Result } from "@isthmus/std";
import { compareUtf8 } from "../wire/wire-writer.ts";
import { MESSAGE_MAX_DEPTH, ProtoJsonError } from "./json-error.ts";
import { formatDuration, formatTimestamp } from "./well-known.ts";

type MutableJsonObject = Record<string, JsonValue>;

/** The error says what JSON cannot express, for instance a duration whose parts have different signs. */
export function messageToJson<Desc extends DescMessage>(
  schema: Desc,
  message: MessageShape<Desc>,
): Result<JsonObject, string> {
  try {
    const json = messageValueToJson(reflect(schema, message, false), 1);
    if (!isJsonObject(json)) throw new ProtoJsonError("it is not an object");
    return ok(json);
  } catch (error) {
    return err(`cannot print ${schema.typeName} as JSON: ${errorMessage(error)}`);
  }
}

function objectToJson(message: ReflectMessage, depth: number): JsonObject {
  const json: MutableJsonObject = {};
  for (const field of message.fields) {
    if (message.isSet(field)) json[field.jsonName] = fieldToJson(message, field, depth);
  }
  return json;
}

function fieldToJson(message: ReflectMessage, field: DescField, depth: number): JsonValue {
  switch (field.fieldKind) {
    case "scalar":
      return scalarToJson(field.scalar, message.get(field));
    case "enum":
      return enumToJson(field.enum, message.get(field));
    case "message":
      return messageValueToJson(message.get(field), depth + 1);
    case "list":
      return [...message.get(field)].map((item) => itemToJson(field, field.listKind, item, depth));
    case "map": {
      const entries = [...message.get(field)].map(([key, value]) => [String(key), value] as const);
      const json: MutableJsonObject = {};
      for (const [key, value] of entries.sort(([a], [b]) => compareUtf8(a, b))) {
        if (key !== "__proto__") json[key] = itemToJson(field, field.mapKind, value, depth);
      }
      return json;
    }
  }
}

function itemToJson(
  field: DescField & { fieldKind: "list" | "map" },
  kind: "scalar" | "enum" | "message",
  value: unknown,
  depth: number,
): JsonValue {
  if (kind === "message") return messageValueToJson(value as ReflectMessage, depth + 1);
  if (field.enum !== undefined) return enumToJson(field.enum, value as number);
  return scalarToJson(field.scalar ?? ScalarType.STRING, value);
}

function messageValueToJson(message: ReflectMessage, depth: number): JsonValue {
  if (depth > MESSAGE_MAX_DEPTH) throw new ProtoJsonError(`nested deeper than ${MESSAGE_MAX_DEPTH} messages`);
  const value = message.message;
  switch (message.desc.typeName) {
    case "google.protobuf.Duration":
      return formatDuration(value as Duration);
    case "google.protobuf.Timestamp":
      return formatTimestamp(value as Timestamp);
    case "google.protobuf.Struct":
      return structToJson(value as Struct, depth);
    case "google.protobuf.Value":
      return valueToJson(value as Value, depth);
    case "google.protobuf.ListValue":
      return listToJson(value as ListValue, depth);
    case "google.protobuf.Any":
      throw new ProtoJsonError("an Any inside of a spec has no JSON form");
    default:
      break;
  }
  const wrapped = wrappedField(message.desc);
  if (wrapped !== undefined) return scalarToJson(wrapped.scalar, message.get(wrapped));
  return objectToJson(message, depth);
}

/** The `value` field of BoolValue, UInt32Value, ...; undefined for other messages. */
export function wrappedField(desc: DescMessage): (DescField & { fieldKind: "scalar" }) | undefined {
  if (!desc.typeName.startsWith("google.protobuf.") || !desc.typeName.endsWith("Value")) return undefined;
  const field = desc.fields[0];
  return desc.fields.length === 1 && field?.fieldKind === "scalar" ? field : undefined;
}

function structToJson(struct: Struct, depth: number): JsonObject {
  const json: MutableJsonObject = {};
  for (const key of Object.keys(struct.fields).sort(compareUtf8)) {
    const value = struct.fields[key];
    if (value !== undefined && key !== "__proto__") json[key] = valueToJson(value, depth + 1);
  }
  return json;
}

function listToJson(list: ListValue, depth: number): JsonValue {
  return list.values.map((value) => valueToJson(value, depth + 1));
}

function valueToJson(value: Value, depth: number): JsonValue {
  if (depth > MESSAGE_MAX_DEPTH) throw new ProtoJsonError(`nested deeper than ${MESSAGE_MAX_DEPTH} messages`);
  switch (value.kind.case) {
    case "nullValue":
      return null;
    case "numberValue":
      return floatToJson(value.kind.value);
    case "stringValue":
    case "boolValue":
      return value.kind.value;
    case "structValue":
      return structToJson(value.kind.value, depth + 1);
    case "listValue":
      return listToJson(value.kind.value, depth + 1);
    default:
      throw new ProtoJsonError("nil Value");
  }
}

/** A number that the enum does not know is printed as number. */
function enumToJson(desc: DescEnum, number: number): JsonValue {
  return desc.value[number]?.name ?? number;
}

function scalarToJson(scalar: ScalarType, value: unknown): JsonValue {
  switch (scalar) {
    case ScalarType.BYTES:
      return bytesToBase64(value as Uint8Array);
    case ScalarType.FLOAT:
      return floatToJson(shortestFloat32(value as number));
    case ScalarType.DOUBLE:
      return floatToJson(value as number);
    case ScalarType.INT64:
    case ScalarType.UINT64:
    case ScalarType.SINT64:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return String(value);
    default:
      return value as string | boolean | number;
  }
}

function bytesToBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

function floatToJson(value: number): JsonValue {
  return Number.isFinite(value) ? value : String(value);
}

/** The shortest decimal that means the same 32-bit float: 0.1 and not 0.10000000149011612. */
function shortestFloat32(value: number): number {
  if (!Number.isFinite(value)) return value;
  for (let digits = 1; digits < 9; digits += 1) {
    const candidate = Number(value.toPrecision(digits));
    if (Math.fround(candidate) === value) return candidate;
  }
  return value;
}
