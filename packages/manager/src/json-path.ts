/** Reads inside specs, whose shape the codec has checked already: a missing or differently typed part reads as absent. */
import { isJsonObject, type JsonObject, type JsonValue } from "@isthmus/std";

export function objectAt(value: JsonValue | undefined, ...path: readonly string[]): JsonObject | undefined {
  const found = valueAt(value, path);
  return isJsonObject(found) ? found : undefined;
}

export function arrayAt(value: JsonValue | undefined, ...path: readonly string[]): readonly JsonValue[] {
  const found = valueAt(value, path);
  return Array.isArray(found) ? (found as readonly JsonValue[]) : [];
}

/** "" where there is none, as proto3 has it. */
export function stringAt(value: JsonValue | undefined, ...path: readonly string[]): string {
  const found = valueAt(value, path);
  return typeof found === "string" ? found : "";
}

export function valueAt(value: JsonValue | undefined, path: readonly string[]): JsonValue | undefined {
  let found = value;
  for (const name of path) {
    if (!isJsonObject(found) || !Object.hasOwn(found, name)) return undefined;
    found = found[name];
  }
  return found;
}
