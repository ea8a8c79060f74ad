import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalJson, type JsonValue, jsonEquals, parseJson } from "./json.ts";

describe("parseJson", () => {
  it("drops __proto__ members at every level", () => {
    const parsed = parseJson('{"a":{"__proto__":{"polluted":true},"b":1},"__proto__":{"x":1}}');
    expect(parsed.ok && JSON.stringify(parsed.value)).toBe('{"a":{"b":1}}');
  });

  it("drops them however they are spelled", () => {
    const parsed = parseJson(String.raw`{"a":{"\u005f_pr\u006Fto__":{"polluted":true},"b":"\u0041"}}`);
    expect(parsed.ok && JSON.stringify(parsed.value)).toBe('{"a":{"b":"A"}}');
  });

  it("refuses nesting beyond the limit without recursing", () => {
    expect(parseJson("[".repeat(1_000_000))).toEqual({ ok: false, error: "nested deeper than 200 levels" });
  });

  it("does not count brackets inside strings", () => {
    expect(parseJson(JSON.stringify("[".repeat(1000) + '\\"')).ok).toBe(true);
  });

  it("reports malformed text as a value", () => {
    expect(parseJson("{").ok).toBe(false);
  });
});

describe("jsonEquals and canonicalJson", () => {
  const json = fc.jsonValue() as fc.Arbitrary<JsonValue>;

  it("agree with each other", () => {
    fc.assert(
      fc.property(json, json, (a, b) => {
        expect(jsonEquals(a, b)).toBe(canonicalJson(a) === canonicalJson(b));
      }),
    );
  });

  it("a copy is equal", () => {
    fc.assert(fc.property(json, (a) => jsonEquals(a, structuredClone(a)) || Object.is(a, -0)));
  });
});
