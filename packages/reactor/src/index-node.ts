/** The entries of another collection, grouped. Each group is a list that is replaced when one of its members changes. */
import type { Index, KeysOf } from "./collection.ts";
import type { CollectionNode } from "./collection-node.ts";
import { DerivedNode, type DerivingHost, FAILED } from "./derived-node.ts";
import { applySorted, compareKeys, NO_ENTRIES, type SortedEntries } from "./sorted-entries.ts";

/** An entry of the indexed collection as it was when its index keys were last determined. */
interface Member<V> {
  readonly value: V;
  readonly indexKeys: readonly string[];
}

const NO_KEYS: readonly string[] = [];
const NOTHING: readonly never[] = [];

export class IndexNode<V> extends DerivedNode<readonly V[]> implements Index<V> {
  readonly kind = "index";
  readonly #from: CollectionNode<V>;
  readonly #keysOf: KeysOf<V>;
  readonly #members = new Map<string, Member<V>>();
  readonly #groups = new Map<string, SortedEntries<V>>();
  /** Per index key the members that changed in this batch. */
  #touched = new Map<string, string[]>();

  constructor(name: string, order: number, host: DerivingHost, from: CollectionNode<V>, keysOf: KeysOf<V>) {
    super(name, order, host);
    this.#from = from;
    this.#keysOf = keysOf;
    this.follow(from);
  }

  lookup(indexKey: string): readonly V[] {
    return this.get(indexKey) ?? NOTHING;
  }

  protected override from(): readonly CollectionNode<unknown>[] {
    return [this.#from];
  }

  protected override update(key: string): void {
    const value = this.#from.get(key);
    const before = this.#members.get(key)?.indexKeys ?? NO_KEYS;
    let after = NO_KEYS;
    if (value === undefined) {
      this.forget(key);
      this.#members.delete(key);
    } else {
      const found = this.derive(key, () => unique(this.#keysOf(value, key)));
      if (found === FAILED) return;
      after = found;
      if (after.length > 0) this.#members.set(key, { value, indexKeys: after });
      else this.#members.delete(key);
    }
    for (const indexKey of after) this.#touch(indexKey, key);
    for (const indexKey of before) if (!after.includes(indexKey)) this.#touch(indexKey, key);
  }

  protected override finish(): void {
    const touched = this.#touched;
    this.#touched = new Map();
    for (const [indexKey, keys] of touched) {
      const before = this.#groups.get(indexKey) ?? NO_ENTRIES;
      const after = applySorted(before, keys.sort(compareKeys), (key) => {
        const member = this.#members.get(key);
        return member?.indexKeys.includes(indexKey) ? member.value : undefined;
      });
      const isEmpty = after.keys.length === 0;
      if (isEmpty) this.#groups.delete(indexKey);
      else this.#groups.set(indexKey, after);
      // The same values under other keys are the same list.
      const listed = this.get(indexKey);
      if (!this.isSame(indexKey, listed, isEmpty ? undefined : after.values, haveSameMembers)) {
        this.write(indexKey, listed, isEmpty ? undefined : after.values);
      }
    }
  }

  #touch(indexKey: string, key: string): void {
    const keys = this.#touched.get(indexKey);
    if (keys === undefined) this.#touched.set(indexKey, [key]);
    else keys.push(key);
  }
}

/** Members are compared where they come from: here a member is the same, or another one. */
function haveSameMembers(a: readonly unknown[], b: readonly unknown[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return false;
  return true;
}

/** Never more than needed: most entries have one index key. */
function unique(indexKeys: Iterable<string>): readonly string[] {
  const list = [...indexKeys];
  return list.length < 2 ? list : [...new Set(list)];
}
