/**
 * Which keys changed after a revision: the latest change of each key only, oldest first, the newest `limit` of them.
 *
 * An array in order of revision, so that a reader who is nearly up to date (all of them, on every commit) pays for what
 * is new and not for a walk over the whole feed. An entry that a later change of its key superseded stays as a hole
 * until holes outnumber entries.
 */
import { keyOf, type ResourceKey } from "@isthmus/resources";
import type { Changes, Revision } from "./store.ts";

const COMPACT_AT_LEAST = 64;

interface Entry {
  readonly revision: Revision;
  readonly key: ResourceKey;
  readonly text: string;
  isSuperseded: boolean;
}

export class ChangeFeed {
  readonly #limit: number;
  #entries: Entry[] = [];
  readonly #latest = new Map<string, Entry>();
  /** Cursors below this cannot be served. */
  #floor: Revision;
  /** Everything before this index was evicted or superseded. */
  #head = 0;

  constructor(startRevision: Revision, limit: number) {
    this.#floor = startRevision;
    this.#limit = limit;
  }

  /** Number of keys held. */
  get size(): number {
    return this.#latest.size;
  }

  push(revision: Revision, key: ResourceKey): void {
    const text = keyOf(key);
    const previous = this.#latest.get(text);
    if (previous) previous.isSuperseded = true;
    // The one object for a key, however often it changes: what is superseded stays for a while.
    const same = previous ?? { key, text };
    const entry: Entry = { revision, key: same.key, text: same.text, isSuperseded: false };
    this.#latest.set(same.text, entry);
    this.#entries.push(entry);
    while (this.#latest.size > this.#limit) this.#evictOldest();
    if (this.#entries.length > COMPACT_AT_LEAST && this.#entries.length > 2 * this.#latest.size) this.#compact();
  }

  /** `current` is the revision of the store. */
  after(cursor: Revision, current: Revision, types?: ReadonlySet<string>): Changes {
    const isReachable = cursor >= this.#floor && cursor <= current;
    if (!isReachable) return { kind: "reset", revision: current };
    const keys: ResourceKey[] = [];
    for (let i = this.#firstAfter(cursor); i < this.#entries.length; i += 1) {
      const entry = this.#entries[i];
      if (entry && !entry.isSuperseded && (!types || types.has(entry.key.type))) keys.push(entry.key);
    }
    return { kind: "changes", revision: current, keys };
  }

  #firstAfter(cursor: Revision): number {
    let low = this.#head;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const entry = this.#entries[middle];
      if (entry && entry.revision <= cursor) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #evictOldest(): void {
    for (; this.#head < this.#entries.length; this.#head += 1) {
      const entry = this.#entries[this.#head];
      if (!entry || entry.isSuperseded) continue;
      entry.isSuperseded = true;
      this.#latest.delete(entry.text);
      this.#floor = entry.revision;
      return;
    }
  }

  #compact(): void {
    this.#entries = this.#entries.filter((entry) => !entry.isSuperseded);
    this.#head = 0;
  }
}
