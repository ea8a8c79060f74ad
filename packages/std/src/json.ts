/** JSON values, structural equality and canonical text, and parsing that hostile input cannot abuse. */
import { err, errorMessage, ok, type Result } from "./result.ts";

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;
export type JsonObject = { readonly [member: string]: JsonValue };

/** Deeper documents are refused; Go's own decoder stops at 10,000, real resources stay below 30. */
export const JSON_MAX_DEPTH = 200;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Parses text and removes members named `__proto__`, which would turn into prototypes as soon as the object is copied
 * by assignment. Too deep or malformed text is an error, never an exception.
 */
export function parseJson(text: string, maxDepth = JSON_MAX_DEPTH): Result<JsonValue, string> {
  if (depthExceeds(text, maxDepth)) return err(`nested deeper than ${maxDepth} levels`);
  try {
    const value = mayNameProto(text)
      ? JSON.parse(text, function drop(this: unknown, key: string, member: unknown) {
          return key === "__proto__" ? undefined : member;
        })
      : JSON.parse(text);
    return ok(value as JsonValue);
  } catch (error) {
    return err(errorMessage(error));
  }
}

/** Any of its letters may be written as an escape. */
function mayNameProto(text: string): boolean {
  return text.includes("__proto__") || text.includes("\\u00");
}

/** Structural equality; order of object members does not matter. */
export function jsonEquals(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a)) {
    if (!Array.isArray(b) || a.length !== b.length) return false;
    for (let i = 0; i < a.length; i += 1) if (!jsonEquals(a[i], b[i])) return false;
    return true;
  }
  if (Array.isArray(b)) return false;
  const left = a as JsonObject;
  const right = b as JsonObject;
  const keys = Object.keys(left);
  if (keys.length !== Object.keys(right).length) return false;
  for (const key of keys) if (!Object.hasOwn(right, key) || !jsonEquals(left[key], right[key])) return false;
  return true;
}

/** JSON text with object members in sorted order: equal values give equal text. */
export function canonicalJson(value: JsonValue): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    isJsonObject(member) ? Object.fromEntries(Object.entries(member).sort(([x], [y]) => (x < y ? -1 : 1))) : member,
  );
}

/** Counts brackets outside strings without recursion, so that a bomb is refused before it is parsed. */
function depthExceeds(text: string, maxDepth: number): boolean {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (inString) {
      if (code === 0x5c) i += 1;
      else if (code === 0x22) inString = false;
    } else if (code === 0x22) inString = true;
    else if (code === 0x7b || code === 0x5b) {
      depth += 1;
      if (depth > maxDepth) return true;
    } else if (code === 0x7d || code === 0x5d) depth -= 1;
  }
  return false;
}
