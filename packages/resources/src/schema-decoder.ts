/**
 * Brings a value into the canonical form of its schema, as decoding into a Go struct and printing it again would:
 * durations re-rendered, nulls and empty members left out, struct members always there. What Go cannot decode is an error.
 *
 * - From users (`unknown: "drop"`): members in the order of the schema, those of maps by name, unknown ones dropped, as
 *   Kuma's REST does.
 * - From peers (`unknown: "keep"`): member order and unknown members stay, so that what a newer peer adds survives the
 *   trip through us; names are matched without regard to case when no exact match exists, as Go does. A value that is
 *   canonical already is returned as it is, not copied: this runs for every resource of a first response.
 */

import type { Result } from "@isthmus/std";
import {
  canonicalJson,
  err,
  formatGoDuration,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  ok,
  parseGoDuration,
} from "@isthmus/std";
import type { IntegerSchema, ObjectSchema, Property, Schema } from "./schema.ts";
import { member } from "./violation.ts";

export type UnknownMembers = "drop" | "keep";

/** The error is in the words of Go's JSON decoder. */
export function decodeWithSchema(schema: Schema, value: JsonValue, unknown: UnknownMembers): Result<JsonValue, string> {
  const decoder: Decoder = { unknown, error: undefined };
  const decoded = decode(decoder, schema, value, "");
  if (decoder.error === undefined) return ok(decoded);
  return err(unknown === "drop" ? firstErrorByName(schema, value, decoder.error) : decoder.error);
}

/** What users write is printed with its defaults, and so ordered by name, before Kuma decodes it. */
function firstErrorByName(schema: Schema, value: JsonValue, otherwise: string): string {
  const decoder: Decoder = { unknown: "keep", error: undefined };
  decode(decoder, schema, JSON.parse(canonicalJson(value)) as JsonValue, "");
  return decoder.error ?? otherwise;
}

interface Decoder {
  readonly unknown: UnknownMembers;
  /** The first error; decoding goes on harmlessly after it. */
  error: string | undefined;
}

const INT32: IntegerSchema = { kind: "integer", format: "int32" };
const INT32_MAX = 2 ** 31 - 1;
const INT32_MIN = -(2 ** 31);

/** Lower-cased member name -> name, per schema. */
const foldedNames = new WeakMap<ObjectSchema, ReadonlyMap<string, string>>();

function decode(decoder: Decoder, schema: Schema, value: JsonValue, path: string): JsonValue {
  switch (schema.kind) {
    case "any":
      return value;
    case "object":
      if (value === null) return decodeObject(decoder, schema, {}, path);
      return isJsonObject(value)
        ? decodeObject(decoder, schema, value, path)
        : mismatch(decoder, value, path, "object", {});
    case "map":
      if (value === null) return {};
      return isJsonObject(value)
        ? decodeMap(decoder, schema.values, value, path)
        : mismatch(decoder, value, path, "map", {});
    case "array":
      if (value === null) return [];
      return Array.isArray(value)
        ? decodeArray(decoder, schema.items, value as readonly JsonValue[], path)
        : mismatch(decoder, value, path, "array", []);
    case "string":
      return typeof value === "string" ? value : orZero(decoder, value, path, "string", "");
    case "boolean":
      return typeof value === "boolean" ? value : orZero(decoder, value, path, "bool", false);
    case "number":
      return typeof value === "number" ? value : orZero(decoder, value, path, "float64", 0);
    case "integer":
      return decodeInteger(decoder, schema, value, path);
    case "intOrString":
      if (typeof value === "string" || fitsInt32(value)) return value;
      return decodeInteger(decoder, INT32, value, path);
    case "duration":
      return decodeDuration(decoder, value, path);
  }
}

function decodeObject(decoder: Decoder, schema: ObjectSchema, value: JsonObject, path: string): JsonObject {
  return decoder.unknown === "keep"
    ? decodeInGivenOrder(decoder, schema, value, path)
    : decodeInSchemaOrder(decoder, schema, value, path);
}

function decodeInSchemaOrder(decoder: Decoder, schema: ObjectSchema, value: JsonObject, path: string): JsonObject {
  const result: Record<string, JsonValue> = {};
  for (const [name, property] of Object.entries(schema.properties)) {
    const given = Object.hasOwn(value, name) ? value[name] : undefined;
    const decoded = decodeMember(decoder, property, given, member(path, name));
    if (decoded !== undefined) result[name] = decoded;
  }
  if (schema.additional === undefined) return result;
  for (const [name, given] of Object.entries(value)) {
    if (Object.hasOwn(schema.properties, name)) continue;
    result[name] = decode(decoder, schema.additional, given, member(path, name));
  }
  return result;
}

function decodeInGivenOrder(decoder: Decoder, schema: ObjectSchema, value: JsonObject, path: string): JsonObject {
  const { properties } = schema;
  const givenNames = Object.keys(value);
  // Built from the first member on that differs; most often none does.
  let entries: [string, JsonValue][] | undefined;
  for (let i = 0; i < givenNames.length; i += 1) {
    const givenName = givenNames[i] ?? "";
    const given = value[givenName] ?? null;
    const name = Object.hasOwn(properties, givenName) ? givenName : foldedName(schema, givenName);
    const property = name === undefined ? schema.additional && { schema: schema.additional } : properties[name];
    let decoded: JsonValue | undefined = given;
    // The exact spelling wins over others.
    if (name !== undefined && name !== givenName && Object.hasOwn(value, name)) decoded = undefined;
    else if (name !== undefined && property !== undefined)
      decoded = decodeMember(decoder, property, given, member(path, name));
    else if (property !== undefined) decoded = decode(decoder, property.schema, given, member(path, givenName));
    if (decoded !== given || (name !== undefined && name !== givenName)) {
      entries ??= givenNames.slice(0, i).map((before) => [before, value[before] ?? null]);
    }
    if (decoded !== undefined) entries?.push([name ?? givenName, decoded]);
  }
  for (const [name, property] of alwaysEmitted(schema)) {
    if (entries === undefined ? Object.hasOwn(value, name) : entries.some(([present]) => present === name)) continue;
    entries ??= Object.entries(value);
    entries.push([name, decode(decoder, property.schema, {}, member(path, name))]);
  }
  return entries === undefined ? value : Object.fromEntries(entries);
}

/** `undefined` when the member is to be left out. */
function decodeMember(
  decoder: Decoder,
  property: Property,
  given: JsonValue | undefined,
  path: string,
): JsonValue | undefined {
  if (given === undefined || (given === null && property.decodesNull !== true)) {
    return property.alwaysEmitted === true ? decode(decoder, property.schema, {}, path) : undefined;
  }
  const decoded = decode(decoder, property.schema, given, path);
  return property.omitEmpty === true && property.alwaysEmitted !== true && isEmpty(decoded) ? undefined : decoded;
}

function decodeMap(decoder: Decoder, values: Schema, value: JsonObject, path: string): JsonObject {
  const names = Object.keys(value);
  const ordered = decoder.unknown === "drop" ? names.toSorted() : names;
  let result: Record<string, JsonValue> | undefined = ordered.some((name, i) => name !== names[i])
    ? Object.fromEntries(ordered.map((name) => [name, value[name] ?? null]))
    : undefined;
  for (const name of names) {
    const given = value[name] ?? null;
    const decoded = decode(decoder, values, given, member(path, name));
    if (decoded === given) continue;
    result ??= { ...value };
    result[name] = decoded;
  }
  return result ?? value;
}

function decodeArray(decoder: Decoder, items: Schema, value: readonly JsonValue[], path: string): readonly JsonValue[] {
  let result: JsonValue[] | undefined;
  for (let i = 0; i < value.length; i += 1) {
    const given = value[i] ?? null;
    const decoded = decode(decoder, items, given, path);
    if (decoded === given) continue;
    result ??= [...value];
    result[i] = decoded;
  }
  return result ?? value;
}

function decodeInteger(decoder: Decoder, schema: IntegerSchema, value: JsonValue, path: string): JsonValue {
  const goType = `${schema.isUnsigned === true ? "u" : ""}${schema.format ?? "int"}`;
  if (typeof value !== "number") return orZero(decoder, value, path, goType, 0);
  if (fits(schema, value)) return value;
  fail(decoder, `json: cannot unmarshal number ${value} into Go ${where(path)} of type ${goType}`);
  return 0;
}

function fits({ format, isUnsigned }: IntegerSchema, value: number): boolean {
  const bits = format === "int32" ? 32 : 64;
  if (isUnsigned === true) return Number.isInteger(value) && value >= 0 && value < 2 ** bits;
  return format === "int32" ? fitsInt32(value) : Number.isInteger(value) && Math.abs(value) < 2 ** 63;
}

function decodeDuration(decoder: Decoder, value: JsonValue, path: string): JsonValue {
  if (typeof value !== "string") return orZero(decoder, value, path, "string", "0s");
  const parsed = parseGoDuration(value);
  if (parsed.ok) {
    const canonical = formatGoDuration(parsed.value);
    return canonical === value ? value : canonical;
  }
  fail(decoder, parsed.error);
  return value;
}

/** null decodes to the zero value, anything else that does not fit is an error. */
function orZero(decoder: Decoder, value: JsonValue, path: string, goType: string, zero: JsonValue): JsonValue {
  return value === null ? zero : mismatch(decoder, value, path, goType, zero);
}

function mismatch<T extends JsonValue>(decoder: Decoder, value: JsonValue, path: string, goType: string, zero: T): T {
  const given = Array.isArray(value) ? "array" : typeof value === "boolean" ? "bool" : typeof value;
  fail(decoder, `json: cannot unmarshal ${given} into Go ${where(path)} of type ${goType}`);
  return zero;
}

function fail(decoder: Decoder, error: string): void {
  decoder.error ??= error;
}

const where = (path: string): string => (path === "" ? "value" : `struct field ${path}`);

const fitsInt32 = (value: JsonValue): boolean =>
  typeof value === "number" && Number.isInteger(value) && value >= INT32_MIN && value <= INT32_MAX;

function isEmpty(value: JsonValue): boolean {
  if (Array.isArray(value)) return value.length === 0;
  if (isJsonObject(value)) {
    for (const _ in value) return false;
    return true;
  }
  return value === "" || value === 0 || value === false;
}

/** The schema's spelling of a member name that differs in case only. */
function foldedName(schema: ObjectSchema, givenName: string): string | undefined {
  let names = foldedNames.get(schema);
  if (names === undefined) {
    names = new Map(Object.keys(schema.properties).map((name) => [name.toLowerCase(), name]));
    foldedNames.set(schema, names);
  }
  return names.get(givenName.toLowerCase());
}

const emittedMembers = new WeakMap<ObjectSchema, readonly (readonly [string, Property])[]>();

function alwaysEmitted(schema: ObjectSchema): readonly (readonly [string, Property])[] {
  let members = emittedMembers.get(schema);
  if (members === undefined) {
    members = Object.entries(schema.properties).filter(([, property]) => property.alwaysEmitted === true);
    emittedMembers.set(schema, members);
  }
  return members;
}
