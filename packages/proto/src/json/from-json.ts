/**
 * Messages from JSON with the tolerance of Kuma's decoder (Go's former jsonpb): unknown members are skipped, names in
 * JSON or proto spelling, enums by name or number, numbers also in quotes, `null` for absent. A value of the wrong kind
 * is an error with Go's text. Source: kuma v2.14.3: pkg/util/proto/proto.go
 */
import { Buffer } from "node:buffer";
import {
  create,
  type DescEnum,
  type DescField,
  type DescMessage,
  type MessageShape,
  ScalarType,
} from "@bufbuild/protobuf";
import { type ReflectList, type ReflectMap, type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import {
  type Any,
  AnySchema,
  type ListValue,
  ListValueSchema,
  NullValue,
  type Struct,
  StructSchema,
  type Value,
  ValueSchema,
} from "@bufbuild/protobuf/wkt";
import { base64PrefixLength, err, isJsonObject, type JsonObject, type JsonValue, ok, type Result } from "@isthmus/std";
import { toDeterministicBinary } from "../deterministic-binary.ts";
import { MESSAGE_MAX_DEPTH, mismatch, ProtoJsonError } from "./json-error.ts";
import { wrappedField } from "./to-json.ts";
import { parseDuration, parseTimestamp } from "./well-known.ts";

export interface FromJsonOptions {
  /** The message that a type URL stands for, undefined for unknown ones. Left out: an Any is refused. */
  readonly anyType?: (typeUrl: string) => DescMessage | undefined;
  /** Names of enum values that the description lacks count as the value 0 instead of being refused. */
  readonly allowsUnknownEnumNames?: boolean;
}

/** The error is that of the first member, in order of declaration, that does not fit. */
export function messageFromJson<Desc extends DescMessage>(
  schema: Desc,
  json: JsonValue,
  options: FromJsonOptions = {},
): Result<MessageShape<Desc>, string> {
  try {
    return ok(readMessage(schema, json, { depth: 1, options }).message as MessageShape<Desc>);
  } catch (error) {
    if (error instanceof ProtoJsonError) return err(error.message);
    throw error;
  }
}

/** Where in the document, and by which rules. */
interface Place {
  readonly depth: number;
  readonly options: FromJsonOptions;
}

const below = ({ depth, options }: Place): Place => ({ depth: depth + 1, options });

function readObject(message: ReflectMessage, json: JsonValue, place: Place): void {
  if (json === null) return;
  if (!isJsonObject(json)) throw mismatch(json, "map[string]json.RawMessage");
  for (const field of message.fields) {
    const value = memberOf(json, field);
    if (value !== undefined && value !== null) readField(message, field, value, place);
  }
}

/** The JSON spelling wins over the proto spelling, even with `null`. */
function memberOf(json: JsonObject, field: DescField): JsonValue | undefined {
  if (Object.hasOwn(json, field.jsonName)) return json[field.jsonName];
  return Object.hasOwn(json, field.name) ? json[field.name] : undefined;
}

function readField(message: ReflectMessage, field: DescField, json: JsonValue, place: Place): void {
  switch (field.fieldKind) {
    case "scalar":
      message.set(field, readScalar(field.scalar, json));
      return;
    case "enum":
      message.set(field, readEnum(field.enum, json, place));
      return;
    case "message":
      message.set(field, readMessage(field.message, json, below(place)));
      return;
    case "list": {
      if (!Array.isArray(json)) throw mismatch(json, "[]json.RawMessage");
      const list: ReflectList = message.get(field);
      for (const item of json as readonly JsonValue[]) list.add(readItem(field, item, place));
      return;
    }
    case "map": {
      if (!isJsonObject(json)) throw mismatch(json, "map[string]json.RawMessage");
      const map: ReflectMap = message.get(field);
      for (const [key, item] of Object.entries(json)) {
        if (key === "__proto__") continue;
        map.set(field.mapKey === ScalarType.STRING ? key : readScalar(field.mapKey, key), readItem(field, item, place));
      }
      return;
    }
  }
}

function readItem(field: DescField & { fieldKind: "list" | "map" }, json: JsonValue, place: Place): unknown {
  if (field.message !== undefined) return readMessage(field.message, json, below(place));
  if (field.enum !== undefined) return readEnum(field.enum, json, place);
  return readScalar(field.scalar ?? ScalarType.STRING, json);
}

function readMessage(desc: DescMessage, json: JsonValue, place: Place): ReflectMessage {
  if (place.depth > MESSAGE_MAX_DEPTH) throw new ProtoJsonError(`nested deeper than ${MESSAGE_MAX_DEPTH} messages`);
  const message = reflect(desc, undefined, false);
  switch (desc.typeName) {
    case "google.protobuf.Duration":
      if (json !== null) Object.assign(message.message, parseDuration(readString(json)));
      return message;
    case "google.protobuf.Timestamp":
      if (json !== null) Object.assign(message.message, parseTimestamp(readString(json)));
      return message;
    case "google.protobuf.Struct":
      return reflect(StructSchema, readStruct(json, place), false);
    case "google.protobuf.Value":
      return reflect(ValueSchema, readValue(json, place), false);
    case "google.protobuf.ListValue":
      return reflect(ListValueSchema, readListValue(json, place), false);
    case "google.protobuf.Any":
      return reflect(AnySchema, readAny(json, place), false);
    default:
      break;
  }
  const wrapped = wrappedField(desc);
  if (wrapped === undefined) readObject(message, json, place);
  else if (json !== null) message.set(wrapped, readScalar(wrapped.scalar, json));
  return message;
}

function readStruct(json: JsonValue, place: Place): Struct {
  const struct = create(StructSchema);
  if (json === null) return struct;
  if (!isJsonObject(json)) {
    throw new ProtoJsonError(`bad StructValue: ${mismatch(json, "map[string]json.RawMessage").message}`);
  }
  for (const [key, value] of Object.entries(json)) {
    if (key !== "__proto__") struct.fields[key] = readValue(value, below(place));
  }
  return struct;
}

function readListValue(json: JsonValue, place: Place): ListValue {
  const list = create(ListValueSchema);
  if (json === null) return list;
  if (!Array.isArray(json)) throw new ProtoJsonError(`bad ListValue: ${mismatch(json, "[]json.RawMessage").message}`);
  for (const item of json as readonly JsonValue[]) list.values.push(readValue(item, below(place)));
  return list;
}

function readValue(json: JsonValue, place: Place): Value {
  if (place.depth > MESSAGE_MAX_DEPTH) throw new ProtoJsonError(`nested deeper than ${MESSAGE_MAX_DEPTH} messages`);
  const value = create(ValueSchema);
  if (json === null) value.kind = { case: "nullValue", value: NullValue.NULL_VALUE };
  else if (typeof json === "boolean") value.kind = { case: "boolValue", value: json };
  else if (typeof json === "number") value.kind = { case: "numberValue", value: json };
  else if (typeof json === "string") value.kind = { case: "stringValue", value: json };
  else if (Array.isArray(json)) value.kind = { case: "listValue", value: readListValue(json, below(place)) };
  else value.kind = { case: "structValue", value: readStruct(json, below(place)) };
  return value;
}

/** Well-known types have their own form, under `value`; the members of all others stand beside `@type`. */
function readAny(json: JsonValue, place: Place): Any {
  const any = create(AnySchema);
  if (json === null) return any;
  if (!isJsonObject(json)) throw mismatch(json, "map[string]json.RawMessage");
  const { "@type": typeUrl, ...members } = json;
  if (place.options.anyType === undefined) throw new ProtoJsonError("an Any inside of a spec has no JSON form");
  if (typeUrl === undefined) throw new ProtoJsonError("Any JSON doesn't have '@type'");
  if (typeof typeUrl !== "string") {
    throw new ProtoJsonError(`can't unmarshal Any's '@type': ${JSON.stringify(JSON.stringify(typeUrl))}`);
  }
  const desc = place.options.anyType(typeUrl);
  if (desc === undefined) throw new ProtoJsonError(`could not resolve Any message type: ${typeUrl}`);
  const isWellKnown = WELL_KNOWN.has(desc.typeName) || wrappedField(desc) !== undefined;
  if (isWellKnown && members["value"] === undefined) throw new ProtoJsonError("Any JSON doesn't have 'value'");
  try {
    const { message } = readMessage(desc, isWellKnown ? (members["value"] ?? null) : members, below(place));
    return create(AnySchema, { typeUrl, value: toDeterministicBinary(desc, message) });
  } catch (error) {
    if (!(error instanceof ProtoJsonError)) throw error;
    throw new ProtoJsonError(`can't unmarshal Any nested proto ${typeUrl}: ${error.message}`);
  }
}

const WELL_KNOWN = new Set(
  ["Any", "Duration", "Timestamp", "Struct", "Value", "ListValue"].map((name) => `google.protobuf.${name}`),
);

function readEnum(desc: DescEnum, json: JsonValue, { options }: Place): number {
  if (typeof json !== "string")
    return readInteger(json, "protoreflect.EnumNumber", -(2n ** 31n), 2n ** 31n - 1n, Number);
  const value = desc.values.find(({ name }) => name === json);
  if (value === undefined) {
    if (options.allowsUnknownEnumNames === true) return 0;
    throw new ProtoJsonError(`unknown value ${JSON.stringify(JSON.stringify(json))} for enum ${desc.typeName}`);
  }
  return value.number;
}

/** `null` inside of a list or map is the zero value. */
function readScalar(scalar: ScalarType, json: JsonValue): unknown {
  switch (scalar) {
    case ScalarType.STRING:
      return readString(json);
    case ScalarType.BOOL:
      if (json === null) return false;
      if (typeof json !== "boolean") throw mismatch(json, "bool");
      return json;
    case ScalarType.BYTES:
      return readBytes(json);
    case ScalarType.FLOAT:
      return Math.fround(readFloat(json, "float32"));
    case ScalarType.DOUBLE:
      return readFloat(json, "float64");
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
      return readInteger(json, "int32", -(2n ** 31n), 2n ** 31n - 1n, Number);
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return readInteger(json, "uint32", 0n, 2n ** 32n - 1n, Number);
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
      return readInteger(json, "int64", -(2n ** 63n), 2n ** 63n - 1n, (value) => value);
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return readInteger(json, "uint64", 0n, 2n ** 64n - 1n, (value) => value);
  }
}

function readString(json: JsonValue): string {
  if (json === null) return "";
  if (typeof json !== "string") throw mismatch(json, "string");
  return json;
}

function readInteger<T>(json: JsonValue, goType: string, min: bigint, max: bigint, convert: (value: bigint) => T): T {
  if (json === null) return convert(0n);
  if (typeof json !== "number" && typeof json !== "string") throw mismatch(json, goType);
  const text = typeof json === "string" ? unquoteNumber(json, goType) : String(json);
  const value = /^-?\d+$/.test(text) ? BigInt(text) : undefined;
  if (value === undefined || value < min || value > max) {
    throw new ProtoJsonError(`json: cannot unmarshal number ${text} into Go value of type ${goType}`);
  }
  return convert(value);
}

function readFloat(json: JsonValue, goType: string): number {
  if (json === null) return 0;
  if (json === "NaN" || json === "Infinity" || json === "-Infinity") return Number(json);
  if (typeof json !== "number" && typeof json !== "string") throw mismatch(json, goType);
  const value = typeof json === "string" ? Number(unquoteNumber(json, goType)) : json;
  const isInRange = Number.isFinite(value) && (goType === "float64" || Number.isFinite(Math.fround(value)));
  if (!isInRange)
    throw new ProtoJsonError(`json: cannot unmarshal number ${String(json)} into Go value of type ${goType}`);
  return value;
}

/** Go strips the quotes and parses the rest as JSON. */
function unquoteNumber(quoted: string, goType: string): string {
  const text = quoted.replaceAll(/^[ \t\r\n]+|[ \t\r\n]+$/g, "");
  if (/^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text)) return text;
  if (text === "") throw new ProtoJsonError("unexpected end of JSON input");
  if (text === "true" || text === "false") throw mismatch(true, goType);
  throw new ProtoJsonError(
    /^[-\d]/.test(text)
      ? `invalid number ${JSON.stringify(text)} for Go value of type ${goType}`
      : `invalid character '${String.fromCodePoint(text.codePointAt(0) ?? 0)}' looking for beginning of value`,
  );
}

/** Standard base64 with padding; Go skips line breaks. */
function readBytes(json: JsonValue): Uint8Array {
  if (json === null) return new Uint8Array(0);
  if (typeof json !== "string") throw mismatch(json, "[]uint8");
  const text = json.replaceAll(/[\r\n]/g, "");
  const valid = base64PrefixLength(text);
  if (valid !== text.length) {
    const bad = text.slice(valid).search(/[^A-Za-z0-9+/]/);
    throw new ProtoJsonError(`illegal base64 data at input byte ${bad < 0 ? text.length : valid + bad}`);
  }
  return new Uint8Array(Buffer.from(text, "base64"));
}
