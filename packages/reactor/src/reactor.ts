/**
 * Derived collections kept up to date by recomputing what changed, and nothing else.
 *
 * A batch visits the collections once, in order of creation. Since a collection reads only from earlier ones, everything
 * that a derivation sees has already reached its value of this batch, so no value is ever computed from a mix of old and
 * new inputs, and none twice. Computing on demand would need neither order nor batch, but would compute the same value
 * several times per change and could not say what changed.
 */
import { type Clock, errorMessage, systemClock } from "@isthmus/std";
import type {
  Collection,
  CollectionDump,
  DerivationGraph,
  DeriveOptions,
  FlatMapFunction,
  FlushStats,
  Index,
  KeysOf,
  MapFunction,
  ReactorFailure,
  Singleton,
  SingletonFunction,
  Source,
} from "./collection.ts";
import { CollectionNode } from "./collection-node.ts";
import type { DerivingHost } from "./derived-node.ts";
import { ReactorError } from "./errors.ts";
import { FlatMapNode } from "./flat-map-node.ts";
import { IndexNode } from "./index-node.ts";
import { MapNode } from "./map-node.ts";
import { MergeNode } from "./merge-node.ts";
import { notifyListeners } from "./notify.ts";
import { SingletonNode } from "./singleton-node.ts";
import { type SourceHost, SourceNode } from "./source-node.ts";
import { Tracker } from "./tracker.ts";

/** A batch may fail for thousands of keys; the message names the first of them. */
const MAX_NAMED_FAILURES = 10;

export interface ReactorOptions {
  /** Calls `flush` later, once for all that is written until then. Default: `setImmediate`, once per event-loop turn. */
  readonly schedule?: (flush: () => void) => void;
  /**
   * Told of every derivation and listener that threw, after the batch. It must not throw. Without it `flush` throws
   * them as one `AggregateError`, after the batch.
   */
  readonly onError?: (failure: ReactorFailure) => void;
  /** Told of every batch: for metrics. */
  readonly onFlush?: (stats: FlushStats) => void;
  /** For the durations of `dump` and `onFlush`. */
  readonly clock?: Clock;
}

export class Reactor implements DerivationGraph {
  readonly #schedule: (flush: () => void) => void;
  readonly #onError: ((failure: ReactorFailure) => void) | undefined;
  readonly #onFlush: ((stats: FlushStats) => void) | undefined;
  readonly #clock: Clock;
  readonly #host: Host;
  readonly #nodes: CollectionNode<unknown>[] = [];
  readonly #names = new Set<string>();
  #phase: "idle" | "deriving" | "notifying" = "idle";
  #hasWork = false;
  #isScheduled = false;
  #failures: ReactorFailure[] = [];

  constructor({ schedule = setImmediate, onError, onFlush, clock = systemClock }: ReactorOptions = {}) {
    this.#schedule = schedule;
    this.#onError = onError;
    this.#onFlush = onFlush;
    this.#clock = clock;
    const host: SourceHost = {
      nodePending: () => this.#nodePending(),
      nodeFailed: ({ name }, key, error) => this.#failures.push({ collection: name, key, error }),
      checkWritable: (what) => this.#checkWritable(what),
    };
    this.#host = Object.assign(host, { tracker: new Tracker(host) });
  }

  source<V>(name: string, options: DeriveOptions<V> = {}): Source<V> {
    return this.#add(new SourceNode<V>(this.#claim(name), this.#nodes.length, this.#host, options));
  }

  map<In, Out>(
    name: string,
    from: Collection<In>,
    fn: MapFunction<In, Out>,
    options: DeriveOptions<Out> = {},
  ): Collection<Out> {
    const input = this.#own(from);
    return this.#add(new MapNode(this.#claim(name), this.#nodes.length, this.#host, input, fn, options));
  }

  flatMap<In, Out>(
    name: string,
    from: Collection<In>,
    fn: FlatMapFunction<In, Out>,
    options: DeriveOptions<Out> = {},
  ): Collection<Out> {
    const input = this.#own(from);
    return this.#add(new FlatMapNode(this.#claim(name), this.#nodes.length, this.#host, input, fn, options));
  }

  merge<V>(name: string, from: readonly Collection<V>[], options: DeriveOptions<V> = {}): Collection<V> {
    const inputs = from.map((one) => this.#own(one));
    return this.#add(new MergeNode(this.#claim(name), this.#nodes.length, this.#host, inputs, options));
  }

  index<V>(name: string, from: Collection<V>, keysOf: KeysOf<V>): Index<V> {
    const input = this.#own(from);
    return this.#add(new IndexNode(this.#claim(name), this.#nodes.length, this.#host, input, keysOf));
  }

  singleton<Out>(name: string, fn: SingletonFunction<Out>, options: DeriveOptions<Out> = {}): Singleton<Out> {
    return this.#add(new SingletonNode(this.#claim(name), this.#nodes.length, this.#host, fn, options));
  }

  /** Runs the batch now, if there is anything to do. Everything that listeners write goes to the next one. */
  flush(): void {
    if (this.#phase !== "idle") throw new ReactorError("REENTRANT_FLUSH", "flush called while a batch is running");
    if (!this.#hasWork) return;
    this.#hasWork = false;
    const start = this.#clock.monotonic();
    const touched: CollectionNode<unknown>[] = [];
    let recomputations = 0;
    try {
      this.#phase = "deriving";
      for (const node of this.#nodes) if (node.isPending) recomputations += this.#run(node, touched);
      this.#phase = "notifying";
      const ms = this.#clock.monotonic() - start;
      const changes = touched.reduce((sum, node) => sum + node.changeCount, 0);
      notifyListeners(touched, (failure) => this.#failures.push(failure));
      this.#onFlush?.({ ms, recomputations, changes });
    } finally {
      this.#phase = "idle";
      for (const node of touched) {
        node.changes = [];
        node.changeCount = 0;
      }
    }
    this.#report();
  }

  /** Every collection, in order of creation. Counts edges one by one: for diagnostics, not for hot paths. */
  dump(): readonly CollectionDump[] {
    return this.#nodes.map((node) => node.dump());
  }

  #run(node: CollectionNode<unknown>, touched: CollectionNode<unknown>[]): number {
    const start = this.#clock.monotonic();
    const before = node.recomputations;
    node.isPending = false;
    touched.push(node);
    node.run();
    node.lastFlushMs = this.#clock.monotonic() - start;
    return node.recomputations - before;
  }

  #report(): void {
    const failures = this.#failures;
    if (failures.length === 0) return;
    this.#failures = [];
    if (this.#onError) for (const failure of failures) this.#onError(failure);
    else {
      const texts = failures.map(({ collection, key, error }) => {
        const where = key === undefined ? "listener" : `key "${key}"`;
        return `"${collection}" ${where}: ${errorMessage(error)}`;
      });
      const errors = failures.map(({ error }) => error);
      throw new AggregateError(errors, `${failures.length} failed: ${texts.slice(0, MAX_NAMED_FAILURES).join("; ")}`);
    }
  }

  #nodePending(): void {
    // What is marked while deriving is part of the running batch.
    if (this.#phase === "deriving") return;
    this.#hasWork = true;
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#schedule(() => {
      this.#isScheduled = false;
      this.flush();
    });
  }

  #checkWritable(what: string): void {
    if (this.#phase === "deriving") {
      throw new ReactorError("WRITE_WHILE_DERIVING", `cannot ${what} while deriving: derivations are pure`);
    }
  }

  #claim(name: string): string {
    this.#checkWritable(`create "${name}"`);
    if (this.#names.has(name)) throw new ReactorError("DUPLICATE_NAME", `there is already a collection "${name}"`);
    this.#names.add(name);
    return name;
  }

  #own<V>(collection: Collection<V>): CollectionNode<V> {
    if (collection instanceof CollectionNode && collection.graph === this.#host) return collection;
    throw new ReactorError("FOREIGN", `"${collection.name}" is not a collection of this reactor`);
  }

  #add<N extends CollectionNode<unknown>>(node: N): N {
    this.#nodes.push(node);
    return node;
  }
}

interface Host extends SourceHost, DerivingHost {}
