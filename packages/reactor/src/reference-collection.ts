/** A collection of the `ReferenceGraph`, and what its functions read with: no bookkeeping but the rules of the contract. */
import {
  type ChangeListener,
  type Collection,
  type Index,
  type Read,
  SINGLETON_KEY,
  type Singleton,
  type Source,
} from "./collection.ts";
import { ReactorError } from "./errors.ts";

export type Compute = (key: string, value: unknown, read: Read) => Iterable<readonly [string, unknown]>;

/** The graph of a collection. */
export interface Owner {
  wake(): void;
  checkWritable(name: string): void;
}

export interface Spec {
  readonly from: readonly ReferenceCollection[];
  /** What one input entry contributes. */
  readonly compute: Compute;
  /** From the contributions to one key, in order of input keys, to its value. */
  readonly combine: (contributions: readonly unknown[]) => unknown;
  readonly equals: (a: unknown, b: unknown) => boolean;
}

export class ReferenceCollection implements Source<unknown>, Index<unknown>, Singleton<unknown> {
  readonly name: string;
  readonly order: number;
  readonly graph: Owner;
  readonly spec: Spec;
  staged = new Map<string, unknown>();
  entriesByKey = new Map<string, unknown>();
  /** What each input key contributed when its function last succeeded. */
  lastGood = new Map<string, readonly (readonly [string, unknown])[]>();
  readonly listeners = new Set<{ readonly tell: ChangeListener<unknown> }>();

  constructor(name: string, order: number, graph: Owner, spec: Spec) {
    this.name = name;
    this.order = order;
    this.graph = graph;
    this.spec = spec;
  }

  get size(): number {
    return this.entriesByKey.size;
  }
  get value(): unknown {
    return this.get(SINGLETON_KEY);
  }
  get(key: string): never {
    return this.entriesByKey.get(key) as never;
  }
  has(key: string): boolean {
    return this.entriesByKey.has(key);
  }
  keys(): readonly string[] {
    return [...this.entriesByKey.keys()];
  }
  values(): readonly never[] {
    return [...this.entriesByKey.values()] as never[];
  }
  entries(): IterableIterator<[string, never]> {
    return new Map(this.entriesByKey).entries() as IterableIterator<[string, never]>;
  }
  lookup(indexKey: string): readonly never[] {
    return this.get(indexKey) ?? [];
  }
  subscribe(listener: ChangeListener<never>): () => void {
    const own = { tell: listener as ChangeListener<unknown> };
    this.listeners.add(own);
    return () => void this.listeners.delete(own);
  }
  set(key: string, value: unknown): void {
    this.graph.checkWritable(this.name);
    this.staged.set(key, value);
    this.graph.wake();
  }
  delete(key: string): void {
    this.set(key, undefined);
  }
  replace(entries: Iterable<readonly [string, unknown]>): void {
    for (const key of [...this.entriesByKey.keys(), ...this.staged.keys()]) this.delete(key);
    for (const [key, value] of entries) this.set(key, value);
  }
}

export class ReferenceRead implements Read {
  readonly #reader: ReferenceCollection;
  isOver = false;

  constructor(reader: ReferenceCollection) {
    this.#reader = reader;
  }

  get<V>(collection: Collection<V>, key: string): V | undefined {
    return this.#checked(collection).get(key);
  }
  lookup<V>(index: Index<V>, indexKey: string): readonly V[] {
    return this.#checked(index).get(indexKey) ?? [];
  }
  value<V>(singleton: Singleton<V>): V | undefined {
    return this.#checked(singleton).get(SINGLETON_KEY);
  }
  all<V>(collection: Collection<V>): readonly V[] {
    return this.#checked(collection).values();
  }
  entries<V>(collection: Collection<V>): IterableIterator<[string, V]> {
    return this.#checked(collection).entries();
  }

  #checked<V>(collection: Collection<V>): Collection<V> {
    if (this.isOver) throw new ReactorError("READ_OUTSIDE", collection.name);
    if (!(collection instanceof ReferenceCollection) || collection.graph !== this.#reader.graph) {
      throw new ReactorError("FOREIGN", collection.name);
    }
    if (collection.order >= this.#reader.order) throw new ReactorError("READS_LATER", collection.name);
    return collection;
  }
}
