/**
 * Typed reading of a free-form protobuf Struct, such as the `conf` of a Mesh backend. Kuma turns the Struct into JSON and
 * reads that into a message with golang/protobuf's jsonpb: unknown members are skipped, numbers may be quoted, and the
 * first member of a wrong kind is an error whose text it shows.
 * Source: kuma v2.14.3: pkg/util/proto/proto.go `ToTyped`.
 */
import { err, isJsonObject, type JsonObject, type JsonValue, ok, type Result } from "@isthmus/std";
import { goQuote } from "./go-quote.ts";
import { valueAt } from "./json-access.ts";

export type ConfigKind =
  | "string"
  /** A string of a oneof: "" counts as set. */
  | "choice"
  | "bool"
  | "uint32"
  | "uint32Value"
  | "boolValue"
  | "bytesValue"
  | "strings"
  | { readonly enum: string; readonly values: readonly string[] }
  | { readonly message: ConfigMessage }
  | { readonly repeated: ConfigMessage };

/** Kind of each member, in order of field number. */
export type ConfigMessage = Readonly<Record<string, ConfigKind>>;

/** Only known members, zero values left out as proto3 JSON does. `conf` undefined reads as an empty message. */
export function readConfig(conf: JsonObject | undefined, message: ConfigMessage): Result<JsonObject, string> {
  const members: Record<string, JsonValue> = {};
  for (const [name, kind] of Object.entries(message)) {
    const raw = conf === undefined ? undefined : valueAt(conf, name);
    if (raw === undefined) continue;
    const value = readValue(raw, kind);
    if (!value.ok) return value;
    if (value.value !== undefined) members[name] = value.value;
  }
  return ok(members);
}

/** undefined for a zero value that is not printed. */
type Read = Result<JsonValue | undefined, string>;

function readValue(raw: JsonValue, kind: ConfigKind): Read {
  switch (kind) {
    case "string":
      return typeof raw === "string" ? ok(raw === "" ? undefined : raw) : mismatch(raw, "string");
    case "choice":
      return typeof raw === "string" ? ok(raw) : mismatch(raw, "string");
    case "bool":
      return typeof raw === "boolean" ? ok(raw || undefined) : mismatch(raw, "bool");
    case "boolValue":
      return typeof raw === "boolean" ? ok(raw) : mismatch(raw, "bool");
    case "bytesValue":
      return readBytes(raw);
    case "uint32":
    case "uint32Value": {
      const number = readUint32(raw);
      return number.ok && number.value === 0 && kind === "uint32" ? ok(undefined) : number;
    }
    case "strings":
      return readStrings(raw);
  }
  if ("enum" in kind) return readEnum(raw, kind.enum, kind.values);
  if ("repeated" in kind) return readRepeated(raw, kind.repeated);
  return isJsonObject(raw) ? readConfig(raw, kind.message) : mismatch(raw, "map[string]json.RawMessage");
}

/** Quotes around a number are dropped before it is parsed. */
function readUint32(raw: JsonValue): Result<number, string> {
  if (typeof raw !== "number" && typeof raw !== "string") return mismatch(raw, "uint32");
  const text = String(raw);
  if (text === "") return err("unexpected end of JSON input");
  if (!/^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(text)) {
    return err(`invalid character '${Array.from(text)[0] ?? ""}' looking for beginning of value`);
  }
  const number = Number(text);
  return /^(0|[1-9]\d*)$/.test(text) && number <= 0xffff_ffff ? ok(number) : cannotRead(`number ${text}`, "uint32");
}

function readBytes(raw: JsonValue): Read {
  if (typeof raw !== "string") return mismatch(raw, "[]uint8");
  const bad = raw.replace(/[\r\n]/g, "").search(/[^A-Za-z0-9+/]/);
  const padded = raw.replace(/[\r\n]/g, "");
  const isWhole = padded.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(padded);
  return isWhole
    ? ok(raw)
    : err(`illegal base64 data at input byte ${bad < 0 ? padded.length - (padded.length % 4) : bad}`);
}

function readStrings(raw: JsonValue): Read {
  if (!isJsonObject(raw)) return mismatch(raw, "map[string]json.RawMessage");
  for (const value of Object.values(raw)) if (typeof value !== "string") return mismatch(value, "string");
  return ok(Object.keys(raw).length === 0 ? undefined : raw);
}

function readEnum(raw: JsonValue, name: string, values: readonly string[]): Read {
  if (typeof raw === "string") {
    const index = values.indexOf(raw);
    if (index < 0) return err(`unknown value ${goQuote(JSON.stringify(raw))} for enum ${name}`);
    return ok(index === 0 ? undefined : raw);
  }
  if (typeof raw !== "number") return mismatch(raw, "protoreflect.EnumNumber");
  if (!Number.isInteger(raw)) return cannotRead(`number ${raw}`, "protoreflect.EnumNumber");
  return ok(raw === 0 ? undefined : (values[raw] ?? raw));
}

function readRepeated(raw: JsonValue, message: ConfigMessage): Read {
  if (!Array.isArray(raw)) return mismatch(raw, "[]json.RawMessage");
  const items: JsonValue[] = [];
  for (const element of raw as readonly JsonValue[]) {
    if (element !== null && !isJsonObject(element)) return mismatch(element, "map[string]json.RawMessage");
    const item = readConfig(element ?? undefined, message);
    if (!item.ok) return item;
    items.push(item.value);
  }
  return ok(items.length === 0 ? undefined : items);
}

/** The text of Go's encoding/json. */
function mismatch(raw: JsonValue, wanted: string): Result<never, string> {
  return cannotRead(Array.isArray(raw) ? "array" : typeof raw === "boolean" ? "bool" : typeof raw, wanted);
}

function cannotRead(found: string, wanted: string): Result<never, string> {
  return err(`json: cannot unmarshal ${found} into Go value of type ${wanted}`);
}
