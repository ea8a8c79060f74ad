import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { remoteShares } from "./remote-weights.ts";

const weights = (...args: Parameters<typeof remoteShares>) => remoteShares(...args).map(({ weight }) => weight);

describe("weights of the addresses of a zone", () => {
  it.each([
    ["kuma", 6, 2, [1, 1]],
    ["isthmus", 6, 2, [3, 3]],
    ["isthmus", 7, 2, [4, 3]],
    ["isthmus", 7, 3, [3, 2, 2]],
    ["isthmus", 1, 3, [1, 1, 1]],
    ["isthmus", 0, 2, [1, 1]],
    ["isthmus", undefined, 2, [1, 1]],
    ["isthmus", 5, 0, []],
  ] as const)("%s, %s instances, %i addresses: %j", (mode, healthy, addresses, expected) => {
    expect(weights(mode, healthy, addresses)).toEqual(expected);
  });

  // Rounding each share up or down by itself: seven instances become six or eight.
  it("add up to the instances, unless there are more addresses than instances", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 500 }), fc.integer({ min: 1, max: 20 }), (healthy, addresses) => {
        const all = weights("isthmus", healthy, addresses);
        const sum = all.reduce((total, weight) => total + weight, 0);
        expect(sum).toBe(Math.max(healthy, addresses));
        expect(Math.max(...all) - Math.min(...all)).toBeLessThanOrEqual(1);
      }),
    );
  });
});
