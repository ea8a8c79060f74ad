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
const PART = /^(\d*)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)/;

/** The error text is Go's: `time: invalid duration "soon"`. */
export function parseGoDuration(text: string): Result<bigint, string> {
  const invalid = err(`time: invalid duration ${JSON.stringify(text)}`);
  let rest = text;
  let negative = false;
  if (rest.startsWith("-") || rest.startsWith("+")) {
    negative = rest.startsWith("-");
    rest = rest.slice(1);
  }
  if (rest === "0") return ok(0n);
  if (rest === "") return invalid;
  let total = 0n;
  while (rest !== "") {
    const match = PART.exec(rest);
    if (!match) {
      const bare = /^(\d+(?:\.\d*)?|\.\d+)([^\d.]*)/.exec(rest);
      if (bare && bare[2] === "") return err(`time: missing unit in duration ${JSON.stringify(text)}`);
      if (bare) return err(`time: unknown unit ${JSON.stringify(bare[2])} in duration ${JSON.stringify(text)}`);
      return invalid;
    }
    const [whole, integer = "", fraction = "", unitName = "s"] = match;
    if (integer === "" && fraction === "") return invalid;
    const unit = NANOS[unitName as keyof typeof NANOS];
    total += BigInt(integer || "0") * unit;
    if (fraction !== "") total += (BigInt(fraction) * unit) / 10n ** BigInt(fraction.length);
    if (total > MAX_NANOS) return invalid;
    rest = rest.slice(whole.length);
  }
  return ok(negative ? -total : total);
}

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
