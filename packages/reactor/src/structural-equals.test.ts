import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { structuralEquals } from "./structural-equals.ts";

class Point {
  readonly x = 1;
}

describe("structuralEquals", () => {
  it("a copy is equal, something else is not", () => {
    const plain = fc.anything({ withMap: true, withSet: false, withNullPrototype: true, withTypedArray: false });
    fc.assert(
      fc.property(plain, plain, (a, b) => {
        const copy = clone(a);
        expect(structuralEquals(a, copy)).toBe(true);
        if (structuralEquals(a, b)) expect(clone(b)).toEqual(a);
      }),
    );
  });

  it.each<[string, unknown, unknown]>([
    ["NaN", Number.NaN, Number.NaN],
    ["order of members", { a: 1, b: [{ c: null }] }, { b: [{ c: null }], a: 1 }],
    [
      "maps in another order",
      new Map([
        ["a", { x: 1 }],
        ["b", { x: 2 }],
      ]),
      new Map([
        ["b", { x: 2 }],
        ["a", { x: 1 }],
      ]),
    ],
    ["sets", new Set(["a", "b"]), new Set(["b", "a"])],
    ["bytes", new Uint8Array([1, 2]), new Uint8Array([1, 2])],
  ])("calls equal: %s", (_, a, b) => {
    expect([structuralEquals(a, b), structuralEquals({ in: [a] }, { in: [b] })]).toEqual([true, true]);
  });

  it.each<[string, unknown, unknown]>([
    ["null and undefined", null, undefined],
    ["null and an object", null, {}],
    ["text and number", "1", 1],
    ["a list and an object", [], {}],
    ["lists of different length", [1], [1, 2]],
    ["a member that is undefined and one that is absent", { a: undefined }, { b: undefined }],
    ["a member more", { a: 1 }, { a: 1, b: 1 }],
    ["maps with other keys", new Map([["a", 1]]), new Map([["b", 1]])],
    ["maps with other values", new Map([["a", 1]]), new Map([["a", 2]])],
    ["a map more", new Map(), new Map([["a", 1]])],
    ["sets with other members", new Set(["a"]), new Set(["b"])],
    ["sets of another size", new Set(["a"]), new Set(["a", "b"])],
    ["other bytes", new Uint8Array([1]), new Uint8Array([2])],
    ["more bytes", new Uint8Array([1]), new Uint8Array([1, 2])],
    ["other classes", new Uint8Array([1]), [1]],
    ["instances of a class", new Point(), new Point()],
    ["dates", new Date(0), new Date(0)],
  ])("calls different: %s", (_, a, b) => {
    expect([structuralEquals(a, b), structuralEquals(b, a)]).toEqual([false, false]);
  });
});

/** A copy of everything that has structure. */
function clone(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(clone);
  if (value instanceof Map) return new Map([...value].map(([key, member]) => [key, clone(member)]));
  if (typeof value !== "object" || value === null) return value;
  const copy = Object.create(Object.getPrototypeOf(value) as object | null) as Record<string, unknown>;
  for (const [name, member] of Object.entries(value)) {
    Object.defineProperty(copy, name, { value: clone(member), enumerable: true });
  }
  return copy;
}
