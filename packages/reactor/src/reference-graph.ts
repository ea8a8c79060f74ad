/**
 * The reactor in its simplest form: every batch computes every collection from scratch. Slow and obviously right; what it
 * says after a batch is what the reactor must say.
 */
import {
  type Change,
  type Collection,
  type DerivationGraph,
  type DeriveOptions,
  type FlatMapFunction,
  type Index,
  type KeysOf,
  type MapFunction,
  type ReactorFailure,
  SINGLETON_KEY,
  type Singleton,
  type SingletonFunction,
  type Source,
} from "./collection.ts";
import { ReactorError } from "./errors.ts";
import { type Compute, ReferenceCollection, ReferenceRead, type Spec } from "./reference-collection.ts";
import { structuralEquals } from "./structural-equals.ts";

export interface ReferenceOptions {
  readonly schedule: (flush: () => void) => void;
  readonly onError: (failure: ReactorFailure) => void;
}

const first = (contributions: readonly unknown[]): unknown => contributions[0];

export class ReferenceGraph implements DerivationGraph {
  readonly #options: ReferenceOptions;
  readonly #collections: ReferenceCollection[] = [];
  #phase: "idle" | "deriving" | "notifying" = "idle";
  #isScheduled = false;

  constructor(options: ReferenceOptions) {
    this.#options = options;
  }

  source<V>(name: string, options: DeriveOptions<V> = {}): Source<V> {
    const compute: Compute = () => [];
    return this.#add(name, [], compute, first, options);
  }

  map<In, Out>(name: string, from: Collection<In>, fn: MapFunction<In, Out>, options: DeriveOptions<Out> = {}) {
    const compute: Compute = (key, value, read) => [[key, fn(value as In, key, read)]];
    return this.#add(name, [from], compute, first, options) as Collection<Out>;
  }

  flatMap<In, Out>(name: string, from: Collection<In>, fn: FlatMapFunction<In, Out>, options: DeriveOptions<Out> = {}) {
    const compute: Compute = (key, value, read) => new Map(fn(value as In, key, read));
    return this.#add(name, [from], compute, first, options) as Collection<Out>;
  }

  merge<V>(name: string, from: readonly Collection<V>[], options: DeriveOptions<V> = {}): Collection<V> {
    return this.#add(name, from, (key, value) => [[key, value]], first, options);
  }

  index<V>(name: string, from: Collection<V>, keysOf: KeysOf<V>): Index<V> {
    const compute: Compute = (key, value) => [...new Set(keysOf(value as V, key))].map((one) => [one, value] as const);
    const options = { equals: sameMembers };
    return this.#add(name, [from], compute, (all) => all, options);
  }

  singleton<Out>(name: string, fn: SingletonFunction<Out>, options: DeriveOptions<Out> = {}): Singleton<Out> {
    const compute: Compute = (key, _, read) => [[key, fn(read)]];
    const only = new ReferenceCollection("", -1, this, { from: [], compute, combine: first, equals: structuralEquals });
    only.entriesByKey.set(SINGLETON_KEY, true);
    return this.#add(name, [only], compute, first, options) as unknown as Singleton<Out>;
  }

  flush(): void {
    if (this.#phase !== "idle") throw new ReactorError("REENTRANT_FLUSH", "flush in flush");
    const calls: (() => void)[] = [];
    const failures: ReactorFailure[] = [];
    try {
      this.#phase = "deriving";
      for (const one of this.#collections) {
        const changes = this.#recompute(one, failures);
        if (changes.length === 0) continue;
        for (const own of one.listeners) {
          calls.push(() => {
            try {
              if (one.listeners.has(own)) own.tell(changes);
            } catch (error) {
              failures.push({ collection: one.name, key: undefined, error });
            }
          });
        }
      }
      this.#phase = "notifying";
      for (const call of calls) call();
    } finally {
      this.#phase = "idle";
    }
    for (const failure of failures) this.#options.onError(failure);
  }

  wake(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#options.schedule(() => {
      this.#isScheduled = false;
      this.flush();
    });
  }

  checkWritable(name: string): void {
    if (this.#phase === "deriving") throw new ReactorError("WRITE_WHILE_DERIVING", name);
  }

  #recompute(one: ReferenceCollection, failures: ReactorFailure[]): readonly Change<unknown>[] {
    const before = one.entriesByKey;
    const next = one.spec.from.length === 0 ? this.#written(one) : this.#derived(one, failures);
    const after = new Map<string, unknown>();
    const changes: Change<unknown>[] = [];
    for (const key of [...new Set([...before.keys(), ...next.keys()])].sort()) {
      const [old, value] = [before.get(key), next.get(key)];
      const isSame =
        old === value || (old !== undefined && value !== undefined && isEqual(one, key, old, value, failures));
      if (!isSame) changes.push({ key, before: old, after: value });
      if (value !== undefined) after.set(key, isSame ? old : value);
    }
    one.entriesByKey = after;
    return changes;
  }

  #written(one: ReferenceCollection): Map<string, unknown> {
    const next = new Map([...one.entriesByKey, ...one.staged]);
    one.staged = new Map();
    return next;
  }

  #derived(one: ReferenceCollection, failures: ReactorFailure[]): Map<string, unknown> {
    const contributions = new Map<string, unknown[]>();
    const lastGood: typeof one.lastGood = new Map();
    for (const [position, from] of one.spec.from.entries()) {
      for (const [key, value] of [...from.entries()].sort(([a], [b]) => (a < b ? -1 : 1))) {
        const id = `${position} ${key}`;
        let produced = one.lastGood.get(id) ?? [];
        const read = new ReferenceRead(one);
        try {
          produced = [...one.spec.compute(key, value, read)];
        } catch (error) {
          failures.push({ collection: one.name, key, error });
        }
        read.isOver = true;
        lastGood.set(id, produced);
        for (const [target, result] of produced) {
          if (result !== undefined) contributions.set(target, [...(contributions.get(target) ?? []), result]);
        }
      }
    }
    one.lastGood = lastGood;
    return new Map([...contributions].map(([key, all]) => [key, one.spec.combine(all)]));
  }

  #add<V>(
    name: string,
    from: readonly Collection<unknown>[],
    compute: Compute,
    combine: Spec["combine"],
    { equals = structuralEquals }: DeriveOptions<V>,
  ): ReferenceCollection {
    this.checkWritable(name);
    if (this.#collections.some((one) => one.name === name)) throw new ReactorError("DUPLICATE_NAME", name);
    const inputs = from.map((one) => {
      if (one instanceof ReferenceCollection && one.graph === this) return one;
      throw new ReactorError("FOREIGN", one.name);
    });
    const spec: Spec = { from: inputs, compute, combine, equals: equals as (a: unknown, b: unknown) => boolean };
    const collection = new ReferenceCollection(name, this.#collections.length, this, spec);
    this.#collections.push(collection);
    if (inputs.length > 0) this.wake();
    return collection;
  }
}

function isEqual(one: ReferenceCollection, key: string, a: unknown, b: unknown, failures: ReactorFailure[]): boolean {
  try {
    return one.spec.equals(a, b);
  } catch (error) {
    failures.push({ collection: one.name, key, error });
    return false;
  }
}

/** Members of an index were compared where they came from. */
function sameMembers(a: unknown, b: unknown): boolean {
  const [left, right] = [a as readonly unknown[], b as readonly unknown[]];
  return left.length === right.length && left.every((member, i) => member === right[i]);
}
