/**
 * Random graphs and histories for property tests. Functions are pure, but made to be awkward: they read other keys
 * than their own, keys that depend on values, whole collections, things that are not there; they drop entries, produce
 * equal values often and the same key twice, and throw.
 */
import fc from "fast-check";
import {
  type Collection,
  type DerivationGraph,
  type Index,
  type Read,
  SINGLETON_KEY,
  type Source,
} from "./collection.ts";

/** Entries of every collection in a random graph; an index holds lists of them. */
export type Value = number | readonly Value[];
export type Op = { readonly source: number; readonly key: string; readonly value: number | undefined };
/** Each batch is a list of writes; `structure` says that the next derived collection is created in it. */
export interface Batch {
  readonly ops: readonly Op[];
  readonly creates: number;
}

export interface NodeSpec {
  readonly kind: "map" | "flatMap" | "merge" | "index" | "singleton";
  /** Positions among the collections created before, modulo their number. */
  readonly from: number;
  readonly other: number;
  readonly variant: number;
}

export const SOURCES = 2;
export const KEYS: readonly string[] = ["k0", "k1", "k2", "k3", "k4", "k5"];

const keyOf = (n: number): string => KEYS[((n % KEYS.length) + KEYS.length) % KEYS.length] ?? "k0";

const op: fc.Arbitrary<Op> = fc.record({
  source: fc.nat({ max: SOURCES - 1 }),
  key: fc.constantFrom(...KEYS),
  value: fc.option(fc.nat({ max: 12 }), { nil: undefined, freq: 3 }),
});

const nodeSpec: fc.Arbitrary<NodeSpec> = fc.record({
  kind: fc.constantFrom("map", "map", "flatMap", "merge", "index", "singleton"),
  from: fc.nat({ max: 20 }),
  other: fc.nat({ max: 20 }),
  variant: fc.nat({ max: 4 }),
});

export const randomGraph: fc.Arbitrary<readonly NodeSpec[]> = fc.array(nodeSpec, { minLength: 1, maxLength: 8 });
export const randomHistory: fc.Arbitrary<readonly Batch[]> = fc.array(
  fc.record({ ops: fc.array(op, { maxLength: 5 }), creates: fc.nat({ max: 4 }) }),
  { minLength: 1, maxLength: 12 },
);

/** One call of a function: of which collection, for which entry of which input. */
export interface Call {
  readonly collection: Collection<Value>;
  readonly from: Collection<Value> | undefined;
  readonly key: string;
  readonly input: Value | undefined;
}

/** Stands between a function and what it is given, to see what it sees. Functions of an index read nothing. */
export type Spy = (call: Call, read: Read | undefined) => Read;

/** Sources first, then the derived collections as they are created. */
export class RandomGraph {
  readonly collections: Collection<Value>[] = [];
  readonly sources: readonly Source<Value>[];
  readonly #graph: DerivationGraph;
  readonly #specs: readonly NodeSpec[];
  readonly #throws: boolean;
  readonly #spy: Spy;
  readonly #indexes = new Set<Collection<Value>>();
  #created = 0;

  constructor(
    graph: DerivationGraph,
    specs: readonly NodeSpec[],
    { throws, spy = (_, read) => read as Read }: { readonly throws: boolean; readonly spy?: Spy },
  ) {
    this.#graph = graph;
    this.#specs = specs;
    this.#throws = throws;
    this.#spy = spy;
    this.sources = Array.from({ length: SOURCES }, (_, i) => graph.source<Value>(`source${i}`));
    this.collections.push(...this.sources);
  }

  create(count: number): void {
    for (const spec of this.#specs.slice(this.#created, this.#created + count)) this.#create(spec);
  }

  write(ops: readonly Op[]): void {
    for (const { source, key, value } of ops) {
      if (value === undefined) this.sources[source]?.delete(key);
      else this.sources[source]?.set(key, value);
    }
  }

  content(): Record<string, unknown> {
    return Object.fromEntries(this.collections.map((one) => [one.name, [...one.entries()]]));
  }

  #create({ kind, from, other, variant }: NodeSpec): void {
    const pick = (i: number): Collection<Value> => this.collections[i % this.collections.length] as Collection<Value>;
    const [input, second] = [pick(from), pick(other)];
    const name = `${this.#created}-${kind}${variant} of ${input.name}, ${second.name}`;
    this.#created += 1;
    const position = this.collections.length;
    const spied = (key: string, read: Read | undefined, value: Value | undefined): Read => {
      const collection = this.collections[position] as Collection<Value>;
      return this.#spy({ collection, from: kind === "singleton" ? undefined : input, key, input: value }, read);
    };
    const compute = (n: number, read: Read): number | undefined => this.#compute(variant, n, second, read);
    this.collections.push(
      this.#build(kind, name, input, second, {
        map: (value, key, read) => compute(numberOf(value), spied(key, read, value)),
        flatMap: (value, key, read) => {
          const n = compute(numberOf(value), spied(key, read, value)) ?? 0;
          return [keyOf(n), keyOf(n + variant), key].map((one, i) => [one, n % 3 === 0 ? i : n] as const);
        },
        keysOf: (value, key) => {
          spied(key, undefined, value);
          const n = numberOf(value);
          if (this.#throws && n % 11 === 10) throw new Error("no index key");
          return n % 5 === 4 ? [] : [keyOf(n), keyOf(n >> 1)];
        },
        singleton: (given) => {
          const read = spied(SINGLETON_KEY, given, undefined);
          return compute(sum(variant % 2 === 0 ? read.all(input) : [read.get(input, keyOf(variant)) ?? 0]), read);
        },
      }),
    );
  }

  #build(
    kind: NodeSpec["kind"],
    name: string,
    input: Collection<Value>,
    second: Collection<Value>,
    fns: {
      readonly map: (value: Value, key: string, read: Read) => Value | undefined;
      readonly flatMap: (value: Value, key: string, read: Read) => Iterable<readonly [string, Value]>;
      readonly keysOf: (value: Value, key: string) => Iterable<string>;
      readonly singleton: (read: Read) => Value | undefined;
    },
  ): Collection<Value> {
    if (kind === "map") return this.#graph.map(name, input, fns.map);
    if (kind === "flatMap") return this.#graph.flatMap(name, input, fns.flatMap);
    if (kind === "merge") return this.#graph.merge(name, [input, second]);
    if (kind === "index") {
      const index = this.#graph.index(name, input, fns.keysOf);
      this.#indexes.add(index);
      return index;
    }
    return this.#graph.singleton(name, fns.singleton);
  }

  #compute(variant: number, n: number, other: Collection<Value>, read: Read): number | undefined {
    if (this.#throws && n % 7 === 6) throw new Error(`cannot compute ${n}`);
    switch (variant) {
      case 0:
        return n + numberOf(read.get(other, keyOf(n)) ?? 0);
      case 1: {
        // A different key from another collection, depending on the value, in changing order and with repetitions.
        const keys = n % 2 === 0 ? [n, n + 1, n] : [n + 1, n];
        return sum(keys.map((one) => read.get(other, keyOf(one)) ?? 0)) % 4;
      }
      case 2:
        return n % 3 === 0 ? undefined : sum(read.all(other)) + n;
      case 3:
        return (n % 2) + (this.#indexes.has(other) ? sum(read.lookup(other as Index<Value>, keyOf(n))) : 0);
      default:
        return [...read.entries(other)].length * 10 + (n % 2);
    }
  }
}

function numberOf(value: Value): number {
  return typeof value === "number" ? value : sum(value);
}

/** Depends on the order: what is out of order must not go unnoticed. */
function sum(values: readonly Value[]): number {
  return values.reduce<number>((total, value, i) => (total + numberOf(value) * (1 + (i % 3))) % 1_000, 0);
}
