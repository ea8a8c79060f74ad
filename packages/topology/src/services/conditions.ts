/** Conditions of a status: one for each type, in the order in which they first appeared. */

import { objectsOf } from "@isthmus/resources";
import type { JsonObject, JsonValue } from "@isthmus/std";
import { jsonEquals } from "@isthmus/std";

export interface Condition {
  readonly type: string;
  readonly status: "True" | "False" | "Unknown";
  readonly reason: string;
  readonly message: string;
}

/** What the schema of statuses allows. */
const MESSAGE_MAX_LENGTH = 32_768;
const ELLIPSIS = "…";

export function condition(type: string, status: Condition["status"], reason: string, message: string): Condition {
  const isTooLong = message.length > MESSAGE_MAX_LENGTH;
  return { type, status, reason, message: isTooLong ? message.slice(0, MESSAGE_MAX_LENGTH - 1) + ELLIPSIS : message };
}

/** The status with these conditions; those of `absent` types are taken away. The same object when nothing changes. */
export function withConditions(
  status: JsonObject,
  present: readonly Condition[],
  absent: readonly string[] = [],
): JsonObject {
  const before = objectsOf(status, "conditions");
  const byType = new Map(present.map((one) => [one.type, one]));
  const kept = before
    .filter(({ type }) => typeof type !== "string" || !absent.includes(type) || byType.has(type))
    .map((one): JsonObject => (typeof one.type === "string" ? asJson(byType.get(one.type)) : undefined) ?? one);
  const known = new Set(before.map(({ type }) => type));
  const after = [...kept, ...present.filter(({ type }) => !known.has(type)).map((one) => ({ ...one }))];
  if (jsonEquals(before, after)) return status;
  const { conditions: _, ...rest } = status;
  return after.length === 0 ? rest : { ...rest, conditions: after satisfies JsonValue };
}

function asJson(one: Condition | undefined): JsonObject | undefined {
  return one === undefined ? undefined : { ...one };
}
