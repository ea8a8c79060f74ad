import { describe, expect, it } from "vitest";
import { cutMessage, NACK_MESSAGE_MAX, namesIn } from "./nack.ts";

describe("names in a NACK", () => {
  it.each<[string, string[], string[]]>([
    ["Error adding/updating cluster(s) a: no, b: neither", ["a", "b", "c"], ["a", "b"]],
    [
      "Error adding/updating listener(s) inbound:10.0.0.1:80: cannot bind",
      ["inbound:10.0.0.1:8", "inbound:10.0.0.1:80"],
      ["inbound:10.0.0.1:80"],
    ],
    // A name that is part of another one, or of a word, is not mentioned.
    ["a.b.c: bad", ["a", "b", "a.b", "a.b.c"], ["a.b.c"]],
    ["cluster outbound: bad", ["bound"], []],
    ["kuma:envoy:admin: bad", ["kuma", "kuma:envoy:admin", "admin"], ["kuma:envoy:admin"]],
    ["x: refers to y", ["y", "x"], ["x", "y"]],
    ["Proto constraint validation failed", ["a"], []],
    ["", ["a", ""], []],
  ])("%s", (message, candidates, expected) => {
    expect(namesIn(message, candidates)).toEqual(expected);
  });

  it("are searched in long lists in reasonable time", () => {
    const candidates = Array.from({ length: 10_000 }, (_, i) => `service-${i}`);
    const started = performance.now();
    expect(namesIn(`Error adding/updating cluster(s) service-77: no ${"x".repeat(4_000)}`, candidates)).toEqual([
      "service-77",
    ]);
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});

it("a long message is cut", () => {
  expect(cutMessage("short")).toBe("short");
  expect(cutMessage("x".repeat(1_000_000))).toHaveLength(NACK_MESSAGE_MAX + 1);
});
