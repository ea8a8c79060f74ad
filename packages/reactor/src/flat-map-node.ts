/** Any number of entries per entry of another collection. When two produce the same key, the smaller input key wins. */
import type { CollectionDump, DeriveOptions, FlatMapFunction } from "./collection.ts";
import type { CollectionNode } from "./collection-node.ts";
import { DerivedNode, type DerivingHost, FAILED } from "./derived-node.ts";
import { applySorted, compareKeys, NO_ENTRIES, type SortedEntries, valueAt } from "./sorted-entries.ts";
import { structuralEquals } from "./structural-equals.ts";

export class FlatMapNode<In, Out> extends DerivedNode<Out> {
  readonly kind = "flatMap";
  readonly #from: CollectionNode<In>;
  readonly #fn: FlatMapFunction<In, Out>;
  readonly #equals: (a: Out, b: Out) => boolean;
  /** What each input key produces. */
  readonly #outputs = new Map<string, SortedEntries<Out>>();
  /** Which input key produces a key; a sorted list of them where it is more than one. */
  readonly #producers = new Map<string, string | readonly string[]>();
  readonly #contested = new Set<string>();
  #touched = new Set<string>();

  constructor(
    name: string,
    order: number,
    host: DerivingHost,
    from: CollectionNode<In>,
    fn: FlatMapFunction<In, Out>,
    { equals = structuralEquals }: DeriveOptions<Out>,
  ) {
    super(name, order, host);
    this.#from = from;
    this.#fn = fn;
    this.#equals = equals;
    this.follow(from);
  }

  override dump(): CollectionDump {
    return { ...super.dump(), contested: [...this.#contested].sort(compareKeys) };
  }

  protected override from(): readonly CollectionNode<unknown>[] {
    return [this.#from];
  }

  protected override update(key: string): void {
    const value = this.#from.get(key);
    let after: SortedEntries<Out> = NO_ENTRIES;
    if (value === undefined) this.forget(key);
    else {
      const produced = this.derive(key, (read) => sorted(this.#fn(value, key, read)));
      if (produced === FAILED) return;
      after = produced;
    }
    const before = this.#outputs.get(key) ?? NO_ENTRIES;
    if (after.keys.length > 0) this.#outputs.set(key, after);
    else this.#outputs.delete(key);
    for (const output of before.keys) {
      this.#touched.add(output);
      if (valueAt(after, output) === undefined) this.#removeProducer(output, key);
    }
    for (const output of after.keys) {
      this.#touched.add(output);
      if (valueAt(before, output) === undefined) this.#addProducer(output, key);
    }
  }

  protected override finish(): void {
    const touched = this.#touched;
    this.#touched = new Set();
    for (const key of touched) {
      const producers = this.#producers.get(key);
      const winner = typeof producers === "string" ? producers : producers?.[0];
      const after = winner === undefined ? undefined : valueAt(this.#outputs.get(winner) ?? NO_ENTRIES, key);
      const before = this.get(key);
      if (!this.isSame(key, before, after, this.#equals)) this.write(key, before, after);
    }
  }

  #addProducer(output: string, key: string): void {
    const producers = this.#producers.get(output);
    if (producers === undefined) this.#producers.set(output, key);
    else {
      const all = typeof producers === "string" ? [producers, key] : [...producers, key];
      this.#producers.set(output, all.sort(compareKeys));
      this.#contested.add(output);
    }
  }

  #removeProducer(output: string, key: string): void {
    const producers = this.#producers.get(output);
    const rest = typeof producers === "string" ? [] : (producers ?? []).filter((one) => one !== key);
    const [first] = rest;
    if (first === undefined) this.#producers.delete(output);
    else this.#producers.set(output, rest.length === 1 ? first : rest);
    if (rest.length < 2) this.#contested.delete(output);
  }
}

/** Of a key that is produced twice by one input the last value counts, as in a Map. */
function sorted<V>(produced: Iterable<readonly [string, V]>): SortedEntries<V> {
  const entries = new Map(produced);
  return applySorted<V>(NO_ENTRIES, [...entries.keys()].sort(compareKeys), (key) => entries.get(key));
}
