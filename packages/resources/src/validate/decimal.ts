/**
 * Decimal numbers of any size, compared without computing them: an exponent in a text of a few bytes can ask for gigabytes
 * of digits. Reads what shopspring/decimal reads. Source: kuma v2.14.3: api/common/v1alpha1/decimal.go.
 */
import type { JsonValue } from "@isthmus/std";

/** `sign * 0.digits * 10^exponent`; digits have no zeros at either end, and there are none for 0. */
export interface Decimal {
  readonly sign: -1 | 0 | 1;
  readonly digits: string;
  readonly exponent: number;
}

const NUMBER = /^(?<sign>[+-]?)(?<whole>\d*)(?:\.(?<fraction>\d*))?(?:[eE](?<exponent>[+-]?\d+))?$/;
const EXPONENT_LIMIT = 2 ** 31;

/** Of an integer or a text; undefined when the text is no number. */
export function parseDecimal(value: JsonValue): Decimal | undefined {
  const parts = NUMBER.exec(typeof value === "number" ? String(value) : typeof value === "string" ? value : "")?.groups;
  if (parts === undefined) return undefined;
  const { sign = "", whole = "", fraction = "" } = parts;
  const given = Number(parts.exponent ?? 0);
  const lowest = given - fraction.length;
  if (`${whole}${fraction}` === "" || !isExponent(given) || !isExponent(lowest)) return undefined;
  const significant = `${whole}${fraction}`.replace(/^0+/, "");
  if (significant === "") return ZERO;
  return {
    sign: sign === "-" ? -1 : 1,
    digits: significant.replace(/0+$/, ""),
    exponent: lowest + significant.length,
  };
}

/** Negative, 0 or positive, as `a` is less than, equal to or more than `b`. */
export function compareDecimals(a: Decimal, b: Decimal): number {
  if (a.sign !== b.sign) return a.sign - b.sign;
  const magnitude = a.exponent - b.exponent || compareTexts(a.digits, b.digits);
  return a.sign * magnitude;
}

/** From 0 to 100, both included. */
export const isPercentage = (value: Decimal): boolean => value.sign >= 0 && compareDecimals(value, HUNDRED) <= 0;

const HUNDRED: Decimal = { sign: 1, digits: "1", exponent: 3 };

export const ZERO: Decimal = { sign: 0, digits: "", exponent: 0 };

const isExponent = (value: number): boolean => value >= -EXPONENT_LIMIT && value < EXPONENT_LIMIT;

const compareTexts = (a: string, b: string): number => (a === b ? 0 : a < b ? -1 : 1);
