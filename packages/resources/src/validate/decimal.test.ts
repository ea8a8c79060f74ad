/** Bug hypothesis: some pair of decimal numbers compares wrongly, as comparing goes by their digits and not by their value. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareDecimals, type Decimal, parseDecimal } from "./decimal.ts";

const FRACTION_DIGITS = 40;

const decimal = fc
  .tuple(
    fc.constantFrom("", "-", "+"),
    fc.stringMatching(/^\d{0,12}$/),
    fc.option(fc.stringMatching(/^[019]{0,8}$/), { nil: undefined }),
    fc.option(fc.integer({ min: -12, max: 12 }), { nil: undefined }),
  )
  .filter(([, whole, fraction]) => `${whole}${fraction ?? ""}` !== "")
  .map(([sign, whole, fraction, exponent]) => {
    const text = `${sign}${whole}${fraction === undefined ? "" : `.${fraction}`}${exponent === undefined ? "" : `e${exponent}`}`;
    const digits = BigInt(`${whole}${fraction ?? ""}`) * (sign === "-" ? -1n : 1n);
    const shift = FRACTION_DIGITS + (exponent ?? 0) - (fraction?.length ?? 0);
    return { text, value: digits * 10n ** BigInt(shift) };
  });

const parse = (text: string): Decimal => parseDecimal(text) ?? expect.fail(`no number: ${text}`);

describe("decimals", () => {
  it("compare as their values do", () => {
    fc.assert(
      fc.property(decimal, decimal, (a, b) => {
        const expected = a.value < b.value ? -1 : a.value > b.value ? 1 : 0;
        expect(Math.sign(compareDecimals(parse(a.text), parse(b.text)))).toBe(expected);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    "",
    ".",
    "-",
    "+",
    "e1",
    "1e",
    "1e1.5",
    "1.2.3",
    "1_0",
    " 1",
    "1 ",
    "0x1",
    "NaN",
    "Infinity",
    "1e2147483648",
    "1e-2147483649",
    "0.5e-2147483648",
  ])("%j is none", (text) => {
    expect(parseDecimal(text)).toBeUndefined();
  });

  it("have exponents of 32 bits", () => {
    expect(parseDecimal("1e2147483647")?.exponent).toBe(2 ** 31);
    expect(parseDecimal("1e-2147483648")?.exponent).toBe(1 - 2 ** 31);
  });

  it("are integers, too, and nothing else", () => {
    expect(parseDecimal(120)).toEqual({ sign: 1, digits: "12", exponent: 3 });
    expect(parseDecimal("-0.0")).toEqual({ sign: 0, digits: "", exponent: 0 });
    for (const value of [true, null, [], {}]) expect(parseDecimal(value)).toBeUndefined();
  });
});
