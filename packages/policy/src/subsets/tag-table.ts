/** The distinct targets of a list of items, and which of them ask for which tags. */
import { BitSet } from "./bit-set.ts";

type Tags = readonly (readonly [string, string])[];

export interface Target {
  readonly tags: Tags;
  /** Places of the items with this target, ascending. */
  readonly items: readonly number[];
}

export class TagTable {
  /** In the order in which they first appear. */
  readonly targets: readonly Target[];
  /** Of all targets, sorted. */
  readonly keys: readonly string[];
  readonly #withKey = new Map<string, BitSet>();
  readonly #withTag = new Map<string, BitSet>();

  constructor(tagsOfItems: readonly Tags[]) {
    this.targets = distinct(tagsOfItems);
    for (const [index, { tags }] of this.targets.entries()) {
      for (const [key, value] of tags) {
        this.#set(this.#withKey, key).add(index);
        this.#set(this.#withTag, tagId(key, value)).add(index);
      }
    }
    this.keys = [...this.#withKey.keys()].sort();
  }

  /** Those that something can belong to at the same time: they ask for no two values of one tag. */
  compatibleWith(index: number): BitSet {
    let compatible = BitSet.full(this.targets.length);
    for (const [key, value] of this.targets[index]?.tags ?? []) {
      compatible = compatible.andNot(this.#of(this.#withKey, key).andNot(this.#of(this.#withTag, tagId(key, value))));
    }
    compatible.delete(index);
    return compatible;
  }

  /** Those that ask for nothing but some of these tags. */
  within(tags: ReadonlyMap<string, string>): BitSet {
    let relevant = BitSet.full(this.targets.length);
    for (const key of this.keys) {
      const value = tags.get(key);
      const asking = this.#of(this.#withKey, key);
      relevant = relevant.andNot(
        value === undefined ? asking : asking.andNot(this.#of(this.#withTag, tagId(key, value))),
      );
    }
    return relevant;
  }

  #set(index: Map<string, BitSet>, id: string): BitSet {
    const found = index.get(id) ?? new BitSet(this.targets.length);
    index.set(id, found);
    return found;
  }

  #of(index: ReadonlyMap<string, BitSet>, id: string): BitSet {
    return index.get(id) ?? new BitSet(this.targets.length);
  }
}

const tagId = (key: string, value: string): string => JSON.stringify([key, value]);

function distinct(tagsOfItems: readonly Tags[]): readonly Target[] {
  const byText = new Map<string, { readonly tags: Tags; readonly items: number[] }>();
  for (const [index, unsorted] of tagsOfItems.entries()) {
    const tags = unsorted.toSorted(byKeyAndValue);
    const text = JSON.stringify(tags);
    const known = byText.get(text);
    if (known === undefined) byText.set(text, { tags, items: [index] });
    else known.items.push(index);
  }
  return [...byText.values()];
}

function byKeyAndValue([key, value]: Tags[number], [otherKey, otherValue]: Tags[number]): number {
  return compareText(key, otherKey) || compareText(value, otherValue);
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
