/**
 * The `Read` that derivations get: looks up values and keeps the edges of the running task up to date.
 *
 * A derivation usually reads the same things in the same order as last time, so each read is first compared with the
 * one at the same position of the last run: as long as they agree nothing is added, removed or allocated.
 */
import type { Collection, Index, Read, Singleton } from "./collection.ts";
import { SINGLETON_KEY } from "./collection.ts";
import { CollectionNode } from "./collection-node.ts";
import { Edge, removeEdges, type Site, Task, type TaskOwner } from "./edges.ts";
import { ReactorError } from "./errors.ts";

const NOTHING: readonly never[] = [];

/** The collection whose derivations read. */
export interface Reader extends TaskOwner {
  readonly name: string;
  readonly order: number;
}

export class Tracker implements Read {
  readonly #graph: object;
  #reader: Reader | undefined;
  #key = "";
  #task: Task | undefined;
  /** The last edge of this run so far, and the one that followed it in the last run. */
  #last: Edge | undefined;
  #expected: Edge | undefined;
  /** Edges of the last run that this one has not confirmed, once it read something else. */
  #unconfirmed: Edge | undefined;
  #run = 0;

  constructor(graph: object) {
    this.#graph = graph;
  }

  begin(reader: Reader, key: string, task: Task | undefined): void {
    this.#reader = reader;
    this.#key = key;
    this.#task = task;
    this.#last = undefined;
    this.#expected = task?.firstRead;
    this.#unconfirmed = undefined;
    this.#run += 1;
  }

  /** Returns the task with its edges as of this run, or nothing when it read nothing. */
  end(): Task | undefined {
    const task = this.#task;
    if (this.#expected !== undefined) this.#cut();
    removeEdges(this.#unconfirmed);
    this.#reader = undefined;
    this.#task = undefined;
    this.#last = undefined;
    this.#unconfirmed = undefined;
    return task?.firstRead === undefined ? undefined : task;
  }

  get<V>(collection: Collection<V>, key: string): V | undefined {
    const node = this.#node(collection);
    this.#record(node.siteOf(key));
    return node.get(key);
  }

  lookup<V>(index: Index<V>, indexKey: string): readonly V[] {
    return this.get(index, indexKey) ?? NOTHING;
  }

  value<V>(singleton: Singleton<V>): V | undefined {
    return this.get(singleton, SINGLETON_KEY);
  }

  all<V>(collection: Collection<V>): readonly V[] {
    const node = this.#node(collection);
    this.#record(node.wholeSite());
    return node.values();
  }

  entries<V>(collection: Collection<V>): IterableIterator<[string, V]> {
    const node = this.#node(collection);
    this.#record(node.wholeSite());
    return node.entries();
  }

  #node<V>(collection: Collection<V>): CollectionNode<V> {
    const reader = this.#reader;
    if (reader === undefined) {
      throw new ReactorError("READ_OUTSIDE", `"${collection.name}" read after the derivation had returned`);
    }
    if (!(collection instanceof CollectionNode) || collection.graph !== this.#graph) {
      throw new ReactorError("FOREIGN", `"${reader.name}" reads "${collection.name}" of another reactor`);
    }
    if (collection.order >= reader.order) {
      const text = `"${reader.name}" reads "${collection.name}", which was created after it`;
      throw new ReactorError("READS_LATER", collection.order === reader.order ? `"${reader.name}" reads itself` : text);
    }
    return collection as CollectionNode<V>;
  }

  #record(site: Site): void {
    if (site.lastRun === this.#run) return;
    site.lastRun = this.#run;
    const expected = this.#expected;
    if (expected?.site === site) {
      this.#last = expected;
      this.#expected = expected.nextRead;
      return;
    }
    if (expected !== undefined) this.#cut();
    if (this.#reader === undefined) return;
    this.#task ??= new Task(this.#reader, this.#key);
    const edge = new Edge(this.#task, site);
    if (this.#last === undefined) this.#task.firstRead = edge;
    else this.#last.nextRead = edge;
    this.#last = edge;
  }

  /** Sets aside what is left of the last run. Removed only in the end: this run may read the same sites in another order. */
  #cut(): void {
    this.#unconfirmed = this.#expected;
    this.#expected = undefined;
    if (this.#last !== undefined) this.#last.nextRead = undefined;
    else if (this.#task !== undefined) this.#task.firstRead = undefined;
  }
}
