import { describe, expect, it } from "vitest";
import { fnv1a64Hex } from "./fnv1a.ts";

describe("fnv1a64Hex", () => {
  it.each([
    ["", "cbf29ce484222325"],
    ["a", "af63dc4c8601ec8c"],
    ["foobar", "85944171f73967e8"],
    ["foo", "dcb27518fed9d577"],
    ["defaultto-60s", "8c96c9aa768bdccd"],
    ["defaultbackendeastkuma-demo", "08a5b0c03b4b54af"],
    ["übergröße", "0a4cbf5a33152498"],
    ["a€b", "464b7d01b7d4397a"],
    ["x😀", "f35b6ff2b821d236"],
  ])("%j -> %s", (text, expected) => {
    expect(fnv1a64Hex(text)).toBe(expected);
  });
});
