/**
 * Reading of specs that may hold anything: resources of other control planes are stored as they come. What has the wrong
 * kind reads as absent, so that no reader can throw.
 */

import { isJsonObject, type JsonObject, type JsonValue } from "@isthmus/std";
import type { Labels } from "./resource.ts";

export const PORT_MAX = 65_535;

const NO_LABELS: Labels = Object.freeze({});
const NOTHING: JsonObject = Object.freeze({});

/** undefined when absent; proto3 JSON prints a message that is set but empty as `{}`. */
export function messageOf(object: JsonObject, name: string): JsonObject | undefined {
  const value = memberOf(object, name);
  return isJsonObject(value) ? value : undefined;
}

export function objectOf(object: JsonObject, name: string): JsonObject {
  return messageOf(object, name) ?? NOTHING;
}

/** Elements that are no objects read as `{}`, so that indices stay those of the document. */
export function objectsOf(object: JsonObject, name: string): readonly JsonObject[] {
  return listOf(object, name).map((element) => (isJsonObject(element) ? element : NOTHING));
}

export function textOf(object: JsonObject, name: string): string {
  const value = memberOf(object, name);
  return typeof value === "string" ? value : "";
}

/** 0 when absent, as in proto3. */
export function numberOf(object: JsonObject, name: string): number {
  const value = memberOf(object, name);
  return typeof value === "number" ? value : 0;
}

/** undefined for all but whole numbers from 1 to 65535. */
export function portOf(object: JsonObject, name: string): number | undefined {
  const value = memberOf(object, name);
  return typeof value === "number" && Number.isInteger(value) && value > 0 && value <= PORT_MAX ? value : undefined;
}

export function flagOf(object: JsonObject, name: string): boolean {
  return memberOf(object, name) === true;
}

/** An enum of proto3 by its name; `names` in order of number, the first being what is left out when printing. */
export function enumOf<Name extends string>(
  object: JsonObject,
  member: string,
  names: readonly [Name, ...Name[]],
): Name;
export function enumOf<Name extends string>(
  object: JsonObject,
  member: string,
  names: readonly [Name, ...Name[]],
  unknown: Name,
): Name;
export function enumOf<Name extends string>(
  object: JsonObject,
  member: string,
  names: readonly [Name, ...Name[]],
  unknown: Name = names[0],
): Name {
  const value = memberOf(object, member);
  if (value === undefined) return names[0];
  return names.find((name, number) => value === name || value === number) ?? unknown;
}

export function textsOf(object: JsonObject, name: string): readonly string[] {
  return listOf(object, name).filter((element) => typeof element === "string");
}

/** The strings of a map; the object itself when it holds nothing else. */
export function labelsOf(object: JsonObject, name: string): Labels {
  const map = messageOf(object, name);
  if (map === undefined) return NO_LABELS;
  const values = Object.values(map);
  if (values.every((value) => typeof value === "string")) return map as Labels;
  return Object.fromEntries(
    Object.entries(map).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}

export function listOf(object: JsonObject, name: string): readonly JsonValue[] {
  const value = memberOf(object, name);
  return Array.isArray(value) ? (value as readonly JsonValue[]) : [];
}

/** Prototypes are not looked at; null counts as absent. */
function memberOf(object: JsonObject, name: string): JsonValue | undefined {
  return Object.hasOwn(object, name) ? (object[name] ?? undefined) : undefined;
}
