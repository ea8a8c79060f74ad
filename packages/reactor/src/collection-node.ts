/** What all collections have in common: values, their sorted view, listeners, and who depends on them. */
import type { Change, ChangeListener, Collection, CollectionDump, CollectionKind } from "./collection.ts";
import { Site, type SiteOwner } from "./edges.ts";
import { applySorted, compareKeys, NO_ENTRIES, type SortedEntries } from "./sorted-entries.ts";

/** What a collection needs from its reactor. */
export interface NodeHost {
  /** The node has work for the next batch, or for the running one when its turn is still to come. */
  nodePending(node: CollectionNode<unknown>): void;
  nodeFailed(node: CollectionNode<unknown>, key: string, error: unknown): void;
}

/** A collection derived from whole entries of another: told which keys changed, without an edge per key. */
export interface Child {
  inputChanged(key: string): void;
}

/** One call of `subscribe`; the same listener may have several. */
export interface Subscription<V> {
  // A method, not a property: collections of anything can then be kept in one list.
  tell(changes: readonly Change<V>[]): void;
}

export abstract class CollectionNode<V> implements Collection<V>, SiteOwner {
  readonly name: string;
  /** Position in the order of creation, which is the order of every batch. */
  readonly order: number;
  readonly graph: NodeHost;
  abstract readonly kind: CollectionKind;
  isPending = false;
  recomputations = 0;
  lastFlushMs = 0;
  /** Of the running batch, for its listeners, and only while there are any. */
  changes: Change<V>[] = [];
  /** How many there were in the running batch. */
  changeCount = 0;
  readonly children: Child[] = [];
  readonly #subscriptions = new Set<Subscription<V>>();
  readonly #entries = new Map<string, V>();
  readonly #sites = new Map<string, Site>();
  #wholeSite: Site | undefined;
  /** Absent until somebody wants things in order; then kept, with the keys to bring up to date. */
  #sorted: SortedEntries<V> | undefined;
  readonly #unsorted = new Set<string>();

  constructor(name: string, order: number, graph: NodeHost) {
    this.name = name;
    this.order = order;
    this.graph = graph;
  }

  /** Does this node's part of the batch; calls `write` for what may have changed. */
  abstract run(): void;
  abstract inputs(): readonly CollectionNode<unknown>[];

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): V | undefined {
    return this.#entries.get(key);
  }

  has(key: string): boolean {
    return this.#entries.has(key);
  }

  keys(): readonly string[] {
    return this.#inOrder().keys;
  }

  values(): readonly V[] {
    return this.#inOrder().values;
  }

  *entries(): IterableIterator<[string, V]> {
    const { keys, values } = this.#inOrder();
    for (let i = 0; i < keys.length; i += 1) yield [keys[i] as string, values[i] as V];
  }

  subscribe(listener: ChangeListener<V>): () => void {
    const subscription: Subscription<V> = { tell: listener };
    this.#subscriptions.add(subscription);
    return () => {
      this.#subscriptions.delete(subscription);
    };
  }

  get subscriptions(): ReadonlySet<Subscription<V>> {
    return this.#subscriptions;
  }

  siteOf(key: string): Site {
    let site = this.#sites.get(key);
    if (site === undefined) {
      site = new Site(this, key);
      this.#sites.set(key, site);
    }
    return site;
  }

  wholeSite(): Site {
    this.#wholeSite ??= new Site(this, undefined);
    return this.#wholeSite;
  }

  dropSite(site: Site): void {
    if (site.key === undefined) this.#wholeSite = undefined;
    else this.#sites.delete(site.key);
  }

  markPending(): void {
    if (this.isPending) return;
    this.isPending = true;
    this.graph.nodePending(this);
  }

  /** The entries that are there, in no particular order: for a child created later than they were. */
  currentKeys(): Iterable<string> {
    return this.#entries.keys();
  }

  dump(): CollectionDump {
    let dependants = this.#wholeSite?.readerCount ?? 0;
    for (const site of this.#sites.values()) dependants += site.readerCount;
    const inputs = [...new Set(this.inputs())].sort((a, b) => a.order - b.order).map(({ name }) => name);
    return {
      name: this.name,
      kind: this.kind,
      size: this.size,
      inputs,
      recomputations: this.recomputations,
      lastFlushMs: this.lastFlushMs,
      dependencies: 0,
      dependants,
      failing: [],
      contested: [],
    };
  }

  /** Makes `after` the value of the key, which was `before`, and tells everybody. Equal ones should not come here. */
  protected write(key: string, before: V | undefined, after: V | undefined): void {
    if (after !== undefined) this.#entries.set(key, after);
    else if (!this.#entries.delete(key)) return;
    if (this.#sorted !== undefined) this.#noteUnsorted(key);
    this.changeCount += 1;
    if (this.#subscriptions.size > 0) this.changes.push({ key, before, after });
    for (const child of this.children) child.inputChanged(key);
    if (this.#sites.size > 0) this.#sites.get(key)?.markReaders();
    // Once per batch is enough: the readers stay marked until their turn, which is after this node's.
    if (this.changeCount === 1) this.#wholeSite?.markReaders();
  }

  /** Whether the new value is the old one. An `equals` that throws is reported, and the new value counts. */
  protected isSame(key: string, before: V | undefined, after: V | undefined, equals: (a: V, b: V) => boolean): boolean {
    if (before === after) return true;
    if (before === undefined || after === undefined) return false;
    try {
      return equals(before, after);
    } catch (error) {
      this.graph.nodeFailed(this, key, error);
      return false;
    }
  }

  /** When most of it is out of date, nobody looks at the view often, and keys that came and went must not pile up. */
  #noteUnsorted(key: string): void {
    this.#unsorted.add(key);
    if (this.#unsorted.size * 2 <= this.#entries.size + 2) return;
    this.#sorted = undefined;
    this.#unsorted.clear();
  }

  #inOrder(): SortedEntries<V> {
    if (this.#sorted === undefined) {
      this.#sorted = applySorted<V>(NO_ENTRIES, [...this.#entries.keys()].sort(compareKeys), (key) => this.get(key));
    } else if (this.#unsorted.size > 0) {
      const changed = [...this.#unsorted].sort(compareKeys);
      this.#sorted = applySorted(this.#sorted, changed, (key) => this.get(key));
    }
    this.#unsorted.clear();
    return this.#sorted;
  }
}
