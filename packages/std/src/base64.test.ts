import fc from "fast-check";
import { expect, it } from "vitest";
import { base64PrefixLength, isBase64 } from "./base64.ts";

it.each([
  ["", 0],
  ["AAAA", 4],
  ["AA==", 4],
  ["AAA=", 4],
  ["AAAAAA==", 8],
  ["A", 0],
  ["AA", 0],
  ["AA=", 0],
  ["A===", 0],
  ["AAAAA", 4],
  ["AAAA=", 4],
  ["AA==AAAA", 4],
  ["AA-_", 0],
  ["AAAA\n", 4],
])("of %j, %d characters decode", (text, length) => {
  expect([base64PrefixLength(text), isBase64(text)]).toEqual([length, length === text.length]);
});

it("says what a regular expression says", () => {
  const grouped = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?/;
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom("A", "b", "+", "=", "\n") }), (text) => {
      expect(base64PrefixLength(text)).toBe(grouped.exec(text)?.[0].length);
    }),
  );
});

it("takes a text of any length", () => {
  const text = "A".repeat(12 * 1024 * 1024);
  expect(isBase64(text)).toBe(true);
  expect(isBase64(`${text}!`)).toBe(false);
});
