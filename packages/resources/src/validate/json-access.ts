/**
 * Lenient reading of JSON that may hold anything: a member that is absent or of another kind reads as the zero value, as
 * it would after Go's decoding. Validators go through these functions only, so that no spec can make them throw.
 */
import { isJsonObject, type JsonObject, type JsonValue } from "@isthmus/std";

const NOTHING: JsonObject = Object.freeze({});

/** The member itself; prototypes are not looked at, null counts as absent. */
export function valueAt(object: JsonObject, name: string): JsonValue | undefined {
  if (!Object.hasOwn(object, name)) return undefined;
  return object[name] ?? undefined;
}

/** undefined when the message is not set: proto3 JSON prints a set but empty one as `{}`. */
export function messageAt(object: JsonObject, name: string): JsonObject | undefined {
  const value = valueAt(object, name);
  return isJsonObject(value) ? value : undefined;
}

export function objectAt(object: JsonObject, name: string): JsonObject {
  return messageAt(object, name) ?? NOTHING;
}

/** undefined when the list is not there at all, which differs from an empty one in plain JSON specs. */
export function listAt(object: JsonObject, name: string): readonly JsonValue[] | undefined {
  const value = valueAt(object, name);
  return Array.isArray(value) ? (value as readonly JsonValue[]) : undefined;
}

/** Elements that are no objects read as `{}`, so that indices stay those of the document. */
export function objectsAt(object: JsonObject, name: string): readonly JsonObject[] {
  return (listAt(object, name) ?? []).map((element) => (isJsonObject(element) ? element : NOTHING));
}

export function textAt(object: JsonObject, name: string): string {
  return optionalTextAt(object, name) ?? "";
}

export function optionalTextAt(object: JsonObject, name: string): string | undefined {
  const value = valueAt(object, name);
  return typeof value === "string" ? value : undefined;
}

export function numberAt(object: JsonObject, name: string): number {
  const value = valueAt(object, name);
  return typeof value === "number" ? value : 0;
}

export function flagAt(object: JsonObject, name: string): boolean {
  return valueAt(object, name) === true;
}

/** Name of an enum value. Proto3 JSON leaves out the value 0 and prints numbers without a name as numbers. */
export function enumAt(object: JsonObject, name: string, zero: string): string {
  const value = valueAt(object, name);
  if (typeof value === "number") return value === 0 ? zero : String(value);
  return typeof value === "string" ? value : zero;
}

/** A map of strings, in order of key; other values read as "". */
export function textsAt(object: JsonObject, name: string): ReadonlyMap<string, string> {
  const entries = Object.entries(objectAt(object, name)).sort(([a], [b]) => (a < b ? -1 : 1));
  return new Map(entries.map(([key, value]) => [key, typeof value === "string" ? value : ""]));
}
