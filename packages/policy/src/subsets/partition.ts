/**
 * All ways to have or not have some tags: for each key one of its values or none of them.
 * Source: kuma v2.14.3: pkg/plugins/policies/core/rules/subsetutils/subset.go `SubsetIter`; the order is Kuma's, in which rules
 * are shown and, among those with as many tags, tried.
 */
import type { Subset } from "./subset.ts";

/** `tags` sorted by key and value, each once. */
export function partition(tags: readonly (readonly [string, string])[]): readonly Subset[] {
  const valuesOf = new Map<string, string[]>();
  for (const [key, value] of tags) valuesOf.set(key, [...(valuesOf.get(key) ?? []), value]);
  // The first key changes fastest: none of its values after all of them, the last value first of all.
  let subsets: readonly Subset[] = [[]];
  for (const [key, values] of valuesOf) {
    const choices: readonly Subset[] = [
      ...values.toReversed().map((value) => [{ key, value, not: false }]),
      values.map((value) => ({ key, value, not: true })),
    ];
    subsets = choices.flatMap((choice) => subsets.map((subset) => [...subset, ...choice]));
  }
  const [first = [], ...others] = subsets;
  return [...others, first];
}

/** How many there would be. */
export function partitionSize(tags: readonly (readonly [string, string])[]): number {
  const counts = new Map<string, number>();
  for (const [key] of tags) counts.set(key, (counts.get(key) ?? 0) + 1);
  return [...counts.values()].reduce((product, count) => product * (count + 1), 1);
}
