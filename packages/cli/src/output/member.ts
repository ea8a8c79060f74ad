/** Members of JSON whose shape is up to its type or its server: what is not there, or is something else, reads as empty. */
import { isJsonObject, type JsonObject, type JsonValue } from "@isthmus/std";

const NOTHING: JsonObject = {};

export function objectAt(value: unknown, ...path: readonly string[]): JsonObject {
  const found = valueAt(value, path);
  return isJsonObject(found) ? found : NOTHING;
}

export function textAt(value: unknown, ...path: readonly string[]): string | undefined {
  const found = valueAt(value, path);
  return typeof found === "string" && found !== "" ? found : undefined;
}

export function listAt(value: unknown, ...path: readonly string[]): readonly JsonValue[] {
  const found = valueAt(value, path);
  return Array.isArray(found) ? (found as readonly JsonValue[]) : [];
}

export function textsAt(value: unknown, ...path: readonly string[]): readonly string[] {
  return listAt(value, ...path).filter((item) => typeof item === "string");
}

/** Numbers are texts where they have 64 bits. */
export function numberAt(value: unknown, ...path: readonly string[]): number {
  const found = valueAt(value, path);
  const number = typeof found === "string" ? Number(found) : found;
  return typeof number === "number" && Number.isFinite(number) ? number : 0;
}

export function isTrueAt(value: unknown, ...path: readonly string[]): boolean {
  return valueAt(value, path) === true;
}

export function valueAt(value: unknown, path: readonly string[]): unknown {
  let found: unknown = value;
  for (const name of path) {
    if (!isJsonObject(found) || !Object.hasOwn(found, name)) return undefined;
    found = found[name];
  }
  return found;
}
