/** Numbers of policies, which may be written as numbers or as texts, as Envoy reads them. What is malformed counts as absent. */
import type { JsonObject } from "@isthmus/std";

export function uintOf(conf: JsonObject, member: string): number | undefined {
  const value = conf[member];
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 0xff_ff_ff_ff
    ? value
    : undefined;
}

/** `50`, `"12.5"`. */
export function percentOf(conf: JsonObject, member: string): number | undefined {
  const value = conf[member];
  const number = typeof value === "string" && value !== "" ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) ? number : undefined;
}
