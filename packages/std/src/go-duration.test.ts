import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatGoDuration, parseGoDuration } from "./go-duration.ts";

const canonical = (text: string): string => {
  const parsed = parseGoDuration(text);
  return parsed.ok ? formatGoDuration(parsed.value) : parsed.error;
};

describe("Go durations", () => {
  it.each([
    ["60s", "1m0s"],
    ["1h", "1h0m0s"],
    ["1h30m", "1h30m0s"],
    ["0s", "0s"],
    ["0", "0s"],
    ["1.5s", "1.5s"],
    ["100ms", "100ms"],
    ["1500us", "1.5ms"],
    ["1ns", "1ns"],
    ["-1m", "-1m0s"],
    [".5s", "500ms"],
    ["24h", "24h0m0s"],
    ["1.s", "1s"],
    ["-9223372036854775808ns", "-2562047h47m16.854775808s"],
  ])("%s is printed as %s", (text, expected) => {
    expect(canonical(text)).toBe(expected);
  });

  it.each([
    ["soon", 'time: invalid duration "soon"'],
    ["", 'time: invalid duration ""'],
    ["10", 'time: missing unit in duration "10"'],
    ["10d", 'time: unknown unit "d" in duration "10d"'],
    ["9999999999h", 'time: invalid duration "9999999999h"'],
    ["9223372036854775808ns", 'time: invalid duration "9223372036854775808ns"'],
    ["99999999999999999999x", 'time: invalid duration "99999999999999999999x"'],
    [".s", 'time: invalid duration ".s"'],
    ["1..5s", 'time: missing unit in duration "1..5s"'],
    ["1s2", 'time: missing unit in duration "1s2"'],
    ["1s)", 'time: unknown unit "s)" in duration "1s)"'],
    ["1h$.5s", 'time: unknown unit "h$" in duration "1h$.5s"'],
    ["1és\n", 'time: unknown unit "\\xc3\\xa9s\\x0a" in duration "1\\xc3\\xa9s\\x0a"'],
    ['1"', 'time: unknown unit "\\"" in duration "1\\""'],
    ["\n1s", 'time: invalid duration "\\x0a1s"'],
  ])("%j is refused with Go's text", (text, message) => {
    expect(canonical(text)).toBe(message);
  });

  it.each(["9", "0", "0.", "0s", "1.", "é", "s"])("%j many times ends soon", (part) => {
    for (const text of [part.repeat(1_000_000), `0.${part.repeat(1_000_000)}s`]) parseGoDuration(text);
    expect(parseGoDuration(`0.${"9".repeat(1_000_000)}s`)).toEqual({ ok: true, value: 999_999_999n });
  });

  it("parses what it prints", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(1n << 62n), max: 1n << 62n }), (nanos) => {
        const parsed = parseGoDuration(formatGoDuration(nanos));
        expect(parsed).toEqual({ ok: true, value: nanos });
      }),
    );
  });
});
