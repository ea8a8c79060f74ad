/**
 * Durations in Go's notation, the only form that plain JSON specs use: parsed in full, printed canonically
 * ("60s" -> "1m0s"). Kept as integer nanoseconds in a bigint, because Go's range does not fit a double.
 */
import { err, ok, type Result } from "./result.ts";

const NANOS = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
} as const;
const MAX_NANOS = (1n << 63n) - 1n;
/** Of that number; further decimals are below a nanosecond of any unit. */
const MAX_DIGITS = 19;
/** A number and what follows it up to the next one. */
const PART = /^(\d*)(?:\.(\d*))?([^\d.]*)/;

/** The error text is Go's: `time: invalid duration "soon"`. */
export function parseGoDuration(text: string): Result<bigint, string> {
  const negative = text.startsWith("-");
  let rest = negative || text.startsWith("+") ? text.slice(1) : text;
  if (rest === "0") return ok(0n);
  if (rest === "") return invalid(text);
  const max = negative ? MAX_NANOS + 1n : MAX_NANOS;
  let total = 0n;
  while (rest !== "") {
    const [whole = "", integer = "", fraction = "", unitName = ""] = PART.exec(rest) ?? [];
    if (integer === "" && fraction === "") return invalid(text);
    const digits = integer.replace(/^0+/, "");
    if (digits.length > MAX_DIGITS || BigInt(digits) > MAX_NANOS + 1n) return invalid(text);
    if (unitName === "") return err(`time: missing unit in duration ${quote(text)}`);
    if (!isUnit(unitName)) return err(`time: unknown unit ${quote(unitName)} in duration ${quote(text)}`);
    const unit = NANOS[unitName];
    total += BigInt(digits) * unit;
    const decimals = fraction.slice(0, MAX_DIGITS);
    if (decimals !== "") total += (BigInt(decimals) * unit) / 10n ** BigInt(decimals.length);
    if (total > max) return invalid(text);
    rest = rest.slice(whole.length);
  }
  return ok(negative ? -total : total);
}

const isUnit = (name: string): name is keyof typeof NANOS => Object.hasOwn(NANOS, name);

const invalid = (text: string): Result<never, string> => err(`time: invalid duration ${quote(text)}`);

/** As Go's package `time` does, byte for byte: not even line breaks have a short form. */
function quote(text: string): string {
  const escaped = text
    .replaceAll(/["\\]/g, "\\$&")
    .replaceAll(/[^ -~]+/g, (run) => Array.from(new TextEncoder().encode(run), escapeByte).join(""));
  return `"${escaped}"`;
}

const escapeByte = (byte: number): string => `\\x${byte.toString(16).padStart(2, "0")}`;

export function formatGoDuration(nanos: bigint): string {
  if (nanos === 0n) return "0s";
  const sign = nanos < 0n ? "-" : "";
  const value = nanos < 0n ? -nanos : nanos;
  if (value < NANOS.us) return `${sign}${value}ns`;
  if (value < NANOS.ms) return `${sign}${decimal(value, NANOS.us)}µs`;
  if (value < NANOS.s) return `${sign}${decimal(value, NANOS.ms)}ms`;
  const hours = value / NANOS.h;
  const minutes = (value % NANOS.h) / NANOS.m;
  const seconds = decimal(value % NANOS.m, NANOS.s);
  if (hours > 0n) return `${sign}${hours}h${minutes}m${seconds}s`;
  if (minutes > 0n) return `${sign}${minutes}m${seconds}s`;
  return `${sign}${seconds}s`;
}

/** Milliseconds, possibly fractional. */
export function goDurationToMs(nanos: bigint): number {
  return Number(nanos) / 1e6;
}

function decimal(value: bigint, unit: bigint): string {
  const digits = unit.toString().length - 1;
  const fraction = (value % unit).toString().padStart(digits, "0").replace(/0+$/, "");
  return fraction === "" ? `${value / unit}` : `${value / unit}.${fraction}`;
}
