/**
 * Dependency edges: a `Task` (one key of one derived collection) reads `Site`s (one key of a collection, or all of it).
 *
 * The naive form, a map from "collection/key" strings to sets of such strings, costs hundreds of bytes per edge and a
 * hash per read. Here an edge is one small object that is in two lists at once, the task's (in order of reading) and
 * the site's, so that adding and removing cost the same few assignments however many readers a site has. Sites and tasks
 * exist only while they have edges.
 */

/** What the collection that a task belongs to has to offer. */
export interface TaskOwner {
  markDirty(key: string): void;
}

/** What the collection that a site belongs to has to offer. */
export interface SiteOwner {
  readonly name: string;
  /** The site has no reader any more. */
  dropSite(site: Site): void;
}

export class Edge {
  readonly task: Task;
  readonly site: Site;
  /** The read after this one, of the same task. */
  nextRead: Edge | undefined = undefined;
  nextReader: Edge | undefined;
  previousReader: Edge | undefined = undefined;

  constructor(task: Task, site: Site) {
    this.task = task;
    this.site = site;
    this.nextReader = site.firstReader;
    if (site.firstReader !== undefined) site.firstReader.previousReader = this;
    site.firstReader = this;
  }
}

export class Task {
  readonly owner: TaskOwner;
  readonly key: string;
  firstRead: Edge | undefined = undefined;

  constructor(owner: TaskOwner, key: string) {
    this.owner = owner;
    this.key = key;
  }

  *sites(): IterableIterator<Site> {
    for (let edge = this.firstRead; edge !== undefined; edge = edge.nextRead) yield edge.site;
  }
}

export class Site {
  readonly owner: SiteOwner;
  /** Absent: the whole collection. */
  readonly key: string | undefined;
  /** The run that read it last: tells without a search whether the running one has. */
  lastRun = 0;
  firstReader: Edge | undefined = undefined;

  constructor(owner: SiteOwner, key: string | undefined) {
    this.owner = owner;
    this.key = key;
  }

  /** Walks the list: for diagnostics. */
  get readerCount(): number {
    let count = 0;
    for (let edge = this.firstReader; edge !== undefined; edge = edge.nextReader) count += 1;
    return count;
  }

  markReaders(): void {
    for (let edge = this.firstReader; edge !== undefined; edge = edge.nextReader) {
      edge.task.owner.markDirty(edge.task.key);
    }
  }
}

/** Takes this edge and those after it in the order of reading out of their sites. The caller ends the task's list. */
export function removeEdges(first: Edge | undefined): void {
  for (let edge = first; edge !== undefined; edge = edge.nextRead) {
    const { site, nextReader, previousReader } = edge;
    if (nextReader !== undefined) nextReader.previousReader = previousReader;
    if (previousReader !== undefined) previousReader.nextReader = nextReader;
    else site.firstReader = nextReader;
    if (site.firstReader === undefined) site.owner.dropSite(site);
  }
}
