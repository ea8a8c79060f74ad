/**
 * The `Read` that derivations get: looks up values and keeps the edges of the running task up to date.
 *
 * A derivation usually reads the same things in the same order as last time, so each read is first compared with the
 * one at the same position of the last run: as long as they agree nothing is added, removed or allocated.
 */
import type { Collection, Index, Read, Singleton } from "./collection.ts";
import { SINGLETON_KEY } from "./collection.ts";
import { CollectionNode } from "./collection-node.ts";
import { type Site, Task, type TaskOwner } from "./edges.ts";
import { ReactorError } from "./errors.ts";

const NO_SITES: readonly Site[] = [];
const NOTHING: readonly never[] = [];

/** The collection whose derivations read. */
export interface Reader extends TaskOwner {
  readonly name: string;
  readonly order: number;
}

export class Tracker implements Read {
  readonly #graph: object;
  #reader: Reader | undefined;
  #previous: readonly Site[] = NO_SITES;
  /** How many reads agreed with the last run, while `#next` is absent. */
  #matched = 0;
  #next: Site[] | undefined;
  #run = 0;

  constructor(graph: object) {
    this.#graph = graph;
  }

  get isRunning(): boolean {
    return this.#reader !== undefined;
  }

  begin(reader: Reader, task: Task | undefined): void {
    this.#reader = reader;
    this.#previous = task ? task.sites : NO_SITES;
    this.#matched = 0;
    this.#next = undefined;
    this.#run += 1;
  }

  /** Returns the task with its edges as of this run, or nothing when it read nothing. */
  end(task: Task | undefined, key: string): Task | undefined {
    const reader = this.#reader;
    const previous = this.#previous;
    const next = this.#next;
    this.#reader = undefined;
    this.#previous = NO_SITES;
    this.#next = undefined;
    if (reader === undefined) return task;
    if (next === undefined && this.#matched === previous.length) return task;
    const current = task ?? new Task(reader, key);
    // `slice` also gives back the room that growing left over.
    current.sites = next === undefined ? previous.slice(0, this.#matched) : next.slice();
    for (let i = this.#matched; i < current.sites.length; i += 1) current.sites[i]?.add(current);
    for (let i = this.#matched; i < previous.length; i += 1) {
      const site = previous[i];
      if (site !== undefined && site.lastRun !== this.#run) site.remove(current);
    }
    return current.sites.length === 0 ? undefined : current;
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
    if (this.#next !== undefined) this.#next.push(site);
    else if (this.#previous[this.#matched] === site) this.#matched += 1;
    else {
      this.#next = this.#previous.slice(0, this.#matched);
      this.#next.push(site);
    }
  }
}
