/** What callers see: collections by key, how they are derived from each other, and what a derivation may read. */

/** One key of a collection in one batch. `before` is absent for a new key, `after` for one that is gone. */
export interface Change<V> {
  readonly key: string;
  readonly before: V | undefined;
  readonly after: V | undefined;
}

/** All changes of one collection in one batch, sorted by key; each key once. */
export type ChangeListener<V> = (changes: readonly Change<V>[]) => void;

/**
 * Values by key, as of the last batch. Values must never be changed in place: equality and dependants would miss it.
 * Order is always by key (UTF-16 code units), whatever the order of arrival.
 */
export interface Collection<V> {
  readonly name: string;
  readonly size: number;
  get(key: string): V | undefined;
  has(key: string): boolean;
  /** Arrays that no later batch touches; the same ones until something changes. */
  keys(): readonly string[];
  values(): readonly V[];
  entries(): IterableIterator<[string, V]>;
  /** Called after every batch that changed something here, when all collections have their new values. */
  subscribe(listener: ChangeListener<V>): () => void;
}

/** Where values come in. What is written becomes visible with the next batch, at once with all that follows from it. */
export interface Source<V> extends Collection<V> {
  set(key: string, value: V): void;
  delete(key: string): void;
  /** Makes these the only entries: for a reader of a change feed that was told to start over. */
  replace(entries: Iterable<readonly [string, V]>): void;
}

/** The entries of another collection, grouped: per index key its values, in the order of their keys. */
export interface Index<V> extends Collection<readonly V[]> {
  /** Empty when nothing is under this key. */
  lookup(indexKey: string): readonly V[];
}

/** A collection of at most one value. */
export interface Singleton<V> extends Collection<V> {
  readonly value: V | undefined;
}

/** The key of the only entry of a `Singleton`. */
export const SINGLETON_KEY = "";

/**
 * How a derivation looks at other collections. Every call is remembered: the derivation runs again when what it saw
 * changes, and only then. Usable only while the derivation that it was given to runs.
 */
export interface Read {
  /** Depends on one key, also while it is absent. */
  get<V>(collection: Collection<V>, key: string): V | undefined;
  /** Depends on one index key. */
  lookup<V>(index: Index<V>, indexKey: string): readonly V[];
  value<V>(singleton: Singleton<V>): V | undefined;
  /** Depends on everything in the collection. */
  all<V>(collection: Collection<V>): readonly V[];
  entries<V>(collection: Collection<V>): IterableIterator<[string, V]>;
}

/** Pure: the same inputs give the same value. `undefined` means that there is no entry. */
export type MapFunction<In, Out> = (value: In, key: string, read: Read) => Out | undefined;
export type FlatMapFunction<In, Out> = (value: In, key: string, read: Read) => Iterable<readonly [string, Out]>;
export type SingletonFunction<Out> = (read: Read) => Out | undefined;
/** The index keys of one entry; one named twice counts once. */
export type KeysOf<In> = (value: In, key: string) => Iterable<string>;

export interface DeriveOptions<V> {
  /** A value equal to the one before is dropped, and nothing downstream hears of it. Default: `structuralEquals`. */
  readonly equals?: (a: V, b: V) => boolean;
}

export interface CollectionDump {
  readonly name: string;
  readonly kind: CollectionKind;
  readonly size: number;
  /** Collections it is derived from, then those it currently reads, in order of creation. */
  readonly inputs: readonly string[];
  /** Calls of the function given by the caller, since creation. */
  readonly recomputations: number;
  /** Time in the last batch that touched this collection. */
  readonly lastFlushMs: number;
  /** What its derivations currently depend on beyond the entry they are given. */
  readonly dependencies: number;
  /** What other collections' derivations currently depend on here: the other end of the same edges. */
  readonly dependants: number;
  /** Keys whose function threw; they keep their last good value until it succeeds. */
  readonly failing: readonly { readonly key: string; readonly message: string }[];
  /** Keys that several inputs of a `flatMap` produce; the input with the smallest key wins. */
  readonly contested: readonly string[];
}

export type CollectionKind = "source" | "map" | "flatMap" | "merge" | "index" | "singleton";

/** A graph of collections. Each is derived from collections created before it, so there are no cycles. */
export interface DerivationGraph {
  source<V>(name: string, options?: DeriveOptions<V>): Source<V>;
  /** One entry per entry of `from`, under the same key. */
  map<In, Out>(
    name: string,
    from: Collection<In>,
    fn: MapFunction<In, Out>,
    options?: DeriveOptions<Out>,
  ): Collection<Out>;
  /** Any number of entries per entry of `from`. When two produce the same key, the smaller key of `from` wins. */
  flatMap<In, Out>(
    name: string,
    from: Collection<In>,
    fn: FlatMapFunction<In, Out>,
    options?: DeriveOptions<Out>,
  ): Collection<Out>;
  /** The union. Of several collections with the same key the first one wins. */
  merge<V>(name: string, from: readonly Collection<V>[], options?: DeriveOptions<V>): Collection<V>;
  index<V>(name: string, from: Collection<V>, keysOf: KeysOf<V>): Index<V>;
  /** A value derived from reads alone. */
  singleton<Out>(name: string, fn: SingletonFunction<Out>, options?: DeriveOptions<Out>): Singleton<Out>;
  /** Runs the batch now, if there is anything to do. */
  flush(): void;
}

/** A derivation or a listener that threw. `key` is absent for a listener. */
export interface ReactorFailure {
  readonly collection: string;
  readonly key: string | undefined;
  readonly error: unknown;
}

export interface FlushStats {
  readonly ms: number;
  readonly recomputations: number;
  readonly changes: number;
}
