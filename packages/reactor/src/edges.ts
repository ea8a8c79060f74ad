/**
 * Dependency edges: a `Task` (one key of one derived collection) reads `Site`s (one key of a collection, or all of it).
 *
 * The naive form, a map from "collection/key" strings to sets of such strings, costs hundreds of bytes per edge. Here an
 * edge is one pointer in an array of the task and one pointer at the site: nothing but the pointer while a site has one
 * reader, an array up to `MAX_LIST`, a Set from then on. Sites and tasks exist only while there is an edge.
 */

/** Longest list that is searched; a Set of this size takes about three times the memory. */
const MAX_LIST = 8;

/** What the collection that a task belongs to has to offer. */
export interface TaskOwner {
  markDirty(key: string): void;
}

export class Task {
  readonly owner: TaskOwner;
  readonly key: string;
  sites: readonly Site[] = [];

  constructor(owner: TaskOwner, key: string) {
    this.owner = owner;
    this.key = key;
  }

  /** Removes all its edges. */
  release(): void {
    const { sites } = this;
    this.sites = [];
    for (const site of sites) site.remove(this);
  }
}

/** What the collection that a site belongs to has to offer. */
export interface SiteOwner {
  readonly name: string;
  readonly order: number;
  /** The site has no reader any more. */
  dropSite(site: Site): void;
}

export class Site {
  readonly owner: SiteOwner;
  /** Absent: the whole collection. */
  readonly key: string | undefined;
  /** The run that read it last: tells without a search whether the running one has. */
  lastRun = 0;
  #readers: Task | readonly Task[] | Set<Task> | undefined;

  constructor(owner: SiteOwner, key: string | undefined) {
    this.owner = owner;
    this.key = key;
  }

  get readerCount(): number {
    const readers = this.#readers;
    if (readers === undefined) return 0;
    if (readers instanceof Task) return 1;
    return readers instanceof Set ? readers.size : readers.length;
  }

  add(task: Task): void {
    const readers = this.#readers;
    if (readers instanceof Set) readers.add(task);
    else if (readers === undefined) this.#readers = task;
    else if (readers instanceof Task) {
      if (readers !== task) this.#readers = [readers, task];
    } else if (!readers.includes(task)) {
      this.#readers = readers.length < MAX_LIST ? [...readers, task] : new Set([...readers, task]);
    }
  }

  remove(task: Task): void {
    const readers = this.#readers;
    if (readers instanceof Set) readers.delete(task);
    else if (readers === task) this.#readers = undefined;
    else if (readers !== undefined && !(readers instanceof Task)) {
      const rest = readers.filter((reader) => reader !== task);
      this.#readers = rest.length === 1 ? rest[0] : rest;
    }
    if (this.readerCount === 0) this.owner.dropSite(this);
  }

  markReaders(): void {
    const readers = this.#readers;
    if (readers === undefined) return;
    if (readers instanceof Task) readers.owner.markDirty(readers.key);
    else for (const reader of readers) reader.owner.markDirty(reader.key);
  }
}
