/**
 * A collection whose entries are computed by a function of the caller: dirty keys, edges of what was read, failures.
 *
 * A function that throws has a defect; bad input is for it to report in its value. Its key keeps the last good value:
 * a defect that one change brings to light must not take away endpoints that worked. The failure is reported, shown by
 * `dump` until the key succeeds or goes, and tried again when anything that it read up to the throw changes.
 */
import { errorMessage } from "@isthmus/std";
import type { CollectionDump, Read } from "./collection.ts";
import { CollectionNode, type NodeHost } from "./collection-node.ts";
import { removeEdges, type Task } from "./edges.ts";
import type { Tracker } from "./tracker.ts";

/** Stands for the value of a function that threw. */
export const FAILED: unique symbol = Symbol("failed");

export interface DerivingHost extends NodeHost {
  readonly tracker: Tracker;
}

export abstract class DerivedNode<V> extends CollectionNode<V> {
  readonly #tracker: Tracker;
  readonly #tasks = new Map<string, Task>();
  readonly #failures = new Map<string, unknown>();
  #dirty = new Set<string>();

  constructor(name: string, order: number, host: DerivingHost) {
    super(name, order, host);
    this.#tracker = host.tracker;
  }

  /** Brings what this input key contributes up to date. */
  protected abstract update(key: string): void;
  /** What it is derived from, beyond what its functions read. */
  protected abstract from(): readonly CollectionNode<unknown>[];

  /** After all dirty keys were updated. */
  protected finish(): void {}

  markDirty(key: string): void {
    this.#dirty.add(key);
    this.markPending();
  }

  inputChanged(key: string): void {
    this.markDirty(key);
  }

  override run(): void {
    const dirty = this.#dirty;
    this.#dirty = new Set();
    for (const key of dirty) this.update(key);
    this.finish();
  }

  /** Calls the function with a `Read` that records for this key; `FAILED` when it threw. */
  protected derive<Out>(key: string, fn: (read: Read) => Out): Out | typeof FAILED {
    const before = this.#tasks.get(key);
    this.recomputations += 1;
    this.#tracker.begin(this, key, before);
    let result: Out | typeof FAILED;
    try {
      result = fn(this.#tracker);
      if (this.#failures.size > 0) this.#failures.delete(key);
    } catch (error) {
      result = FAILED;
      this.#failures.set(key, error);
      this.graph.nodeFailed(this, key, error);
    }
    const after = this.#tracker.end();
    if (after === undefined) {
      if (before !== undefined) this.#tasks.delete(key);
    } else if (after !== before) this.#tasks.set(key, after);
    return result;
  }

  /** To be told of every change of `from`, and of what it already holds. */
  protected follow(from: CollectionNode<unknown>): void {
    from.children.push(this);
    for (const key of from.currentKeys()) this.markDirty(key);
  }

  /** The input key is gone. */
  protected forget(key: string): void {
    this.#failures.delete(key);
    const task = this.#tasks.get(key);
    if (task === undefined) return;
    this.#tasks.delete(key);
    removeEdges(task.firstRead);
  }

  override inputs(): readonly CollectionNode<unknown>[] {
    const inputs = new Set(this.from());
    for (const task of this.#tasks.values()) {
      for (const { owner } of task.sites()) if (owner instanceof CollectionNode) inputs.add(owner);
    }
    return [...inputs];
  }

  override dump(): CollectionDump {
    let dependencies = 0;
    for (const task of this.#tasks.values()) dependencies += [...task.sites()].length;
    const failing = [...this.#failures].map(([key, error]) => ({ key, message: errorMessage(error) }));
    return { ...super.dump(), dependencies, failing: failing.sort((a, b) => (a.key < b.key ? -1 : 1)) };
  }
}
