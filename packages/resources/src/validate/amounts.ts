/**
 * Durations, counts and shares of plain JSON specs, where absent means not set. Each check adds to the given collection.
 * Source: kuma v2.14.3: pkg/core/validators/common_validators.go.
 */
import { type JsonObject, type JsonValue, parseGoDuration } from "@isthmus/std";
import { member, type Violations } from "../violation.ts";
import { compareDecimals, isPercentage, parseDecimal, ZERO } from "./decimal.ts";
import { numberAt, optionalTextAt, valueAt } from "./json-access.ts";

export const GREATER_THAN_ZERO = "must be greater than 0";
export const NO_NUMBER = "string must be a valid number";
export const GREATER_OR_EQUAL = "must be greater or equal then";
const POSITIVE_WHEN_DEFINED = "must be greater than zero when defined";

/** In nanoseconds; undefined when it is not there, or no duration. */
export function durationAt(object: JsonObject, name: string): bigint | undefined {
  const text = optionalTextAt(object, name);
  const parsed = text === undefined ? undefined : parseGoDuration(text);
  return parsed?.ok === true ? parsed.value : undefined;
}

export function checkPositiveDuration(object: JsonObject, name: string, path: string, found: Violations): void {
  const duration = durationAt(object, name);
  if (duration !== undefined && duration <= 0n) found.add(member(path, name), POSITIVE_WHEN_DEFINED);
}

export function checkNotNegativeDuration(object: JsonObject, name: string, path: string, found: Violations): void {
  const duration = durationAt(object, name);
  if (duration !== undefined && duration < 0n) found.add(member(path, name), "must not be negative when defined");
}

/** A signed number. */
export function checkPositiveCount(object: JsonObject, name: string, path: string, found: Violations): void {
  if (valueAt(object, name) !== undefined && numberAt(object, name) <= 0) {
    found.add(member(path, name), POSITIVE_WHEN_DEFINED);
  }
}

/** An unsigned number. */
export function checkNotZero(object: JsonObject, name: string, path: string, found: Violations): void {
  if (valueAt(object, name) !== undefined && numberAt(object, name) <= 0) {
    found.add(member(path, name), GREATER_THAN_ZERO);
  }
}

/** A share in whole percent. */
export function checkWholePercentage(object: JsonObject, name: string, path: string, found: Violations): void {
  const value = numberAt(object, name);
  if (value < 0 || value > 100) found.add(member(path, name), inRange(0, 100));
}

/** A share in percent, an integer or a decimal number in a text. */
export function checkPercentage(
  object: JsonObject,
  name: string,
  path: string,
  found: Violations,
  rules: { readonly excludesZero?: boolean } = {},
): void {
  const value = valueAt(object, name);
  if (value !== undefined) checkPercentageValue(value, member(path, name), found, rules.excludesZero === true);
}

function checkPercentageValue(value: JsonValue, field: string, found: Violations, excludesZero: boolean): void {
  const decimal = parseDecimal(value);
  if (decimal === undefined) found.add(field, NO_NUMBER);
  else if (!isPercentage(decimal)) found.add(field, inRange("0.0", "100.0"));
  else if (excludesZero && compareDecimals(decimal, ZERO) === 0) found.add(field, GREATER_THAN_ZERO);
}

export const inRange = (least: number | string, most: number | string): string =>
  `must be in inclusive range [${least}, ${most}]`;
