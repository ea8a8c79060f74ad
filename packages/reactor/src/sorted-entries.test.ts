import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applySorted, compareKeys, NO_ENTRIES, valueAt } from "./sorted-entries.ts";

const key = fc.string({ unit: fc.constantFrom("a", "B", "é", "\u{1F600}", "\uFFFD"), maxLength: 3 });
const changes = fc.uniqueArray(fc.tuple(key, fc.option(fc.nat(), { nil: undefined })), { selector: ([one]) => one });

describe("sorted entries", () => {
  it("hold what a Map would, in order, and leave earlier ones as they were", () => {
    fc.assert(
      fc.property(fc.array(changes), (history) => {
        const model = new Map<string, number>();
        let entries: typeof NO_ENTRIES | { readonly keys: readonly string[]; readonly values: readonly number[] } =
          NO_ENTRIES;
        for (const batch of history) {
          const [before, copy] = [entries, structuredClone(entries)];
          const next = new Map(batch);
          entries = applySorted<number>(before, [...next.keys()].sort(compareKeys), (one) => next.get(one));
          expect(before).toEqual(copy);
          for (const [one, value] of batch) {
            if (value === undefined) model.delete(one);
            else model.set(one, value);
          }
          const sorted = [...model].sort(([a], [b]) => compareKeys(a, b));
          expect(entries).toEqual({ keys: sorted.map(([one]) => one), values: sorted.map(([, value]) => value) });
          for (const [one] of batch) expect(valueAt<number>(entries, one)).toBe(model.get(one));
        }
      }),
    );
  });
});
