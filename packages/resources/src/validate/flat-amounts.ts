/**
 * Durations, counts and shares of protobuf-backed specs. Negative durations pass, as they do in Kuma.
 * Source: kuma v2.14.3: pkg/core/resources/apis/mesh: validators.go, retry_validator.go, fault_injection_validator.go.
 */
import type { JsonObject } from "@isthmus/std";
import { member, type Violations } from "../violation.ts";
import { numberAt, valueAt } from "./json-access.ts";

const POSITIVE = "must have a positive value";
export const GREATER_THAN_ZERO = "has to be greater than 0";
export const GREATER_THAN_ZERO_WHEN_DEFINED = "has to be greater than 0 when defined";
export const HAS_TO_BE_DEFINED = "has to be defined";
export const CANNOT_BE_EMPTY = "cannot be empty";

/** Seconds that a protobuf duration can hold, ten thousand years. */
const DURATION_MAX_SECONDS = 315_576_000_000;

/** Of a duration in proto3 JSON (`1.5s`), in seconds; undefined when it is not there, out of range or malformed. */
export function flatDurationAt(object: JsonObject, name: string): number | undefined {
  const value = valueAt(object, name);
  const seconds = typeof value === "string" ? /^(-?\d+(?:\.\d{1,9})?)s$/.exec(value)?.[1] : undefined;
  return seconds !== undefined && Math.abs(Number(seconds)) <= DURATION_MAX_SECONDS ? Number(seconds) : undefined;
}

/** One that has to be there. */
export function checkNotZeroDuration(object: JsonObject, name: string, path: string, found: Violations): void {
  const seconds = flatDurationAt(object, name);
  if (seconds !== undefined && seconds !== 0) return;
  const isMalformed = seconds === undefined && valueAt(object, name) !== undefined;
  found.add(member(path, name), isMalformed ? "must have a valid value" : POSITIVE);
}

/** One that may be left out. */
export function checkOptionalDuration(object: JsonObject, name: string, path: string, found: Violations): void {
  if (flatDurationAt(object, name) === 0) found.add(member(path, name), GREATER_THAN_ZERO_WHEN_DEFINED);
}

export function checkThreshold(object: JsonObject, name: string, path: string, found: Violations): void {
  if (numberAt(object, name) === 0) found.add(member(path, name), POSITIVE);
}

/** The share of requests that something happens to, which has to be there. */
export function checkShare(object: JsonObject, path: string, found: Violations): void {
  const field = member(path, "percentage");
  if (valueAt(object, "percentage") === undefined) found.add(field, CANNOT_BE_EMPTY);
  else if (!isShare(object, "percentage")) found.add(field, "has to be in [0.0 - 100.0] range");
}

/** Whether a number is a share in percent; what is no number at all passes for one, as it does in Go. */
export function isShare(object: JsonObject, name: string): boolean {
  const value = valueAt(object, name);
  const number = value === "Infinity" || value === "-Infinity" ? Number(value) : numberAt(object, name);
  return !(number < 0 || number > 100);
}
