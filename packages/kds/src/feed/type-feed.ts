/**
 * The feed of one type: its rows by wire name, and a log of the rows in order of their last change.
 *
 * What a peer lacks could be found by comparing everything with a list of what it was sent, as Kuma does once per second:
 * memory and time per zone and resource. Here a peer is one cursor. The log gives the rows changed since, a row's past
 * audiences tell what the peer was entitled to then, and both together say exactly what to send: cost O(changes), no memory
 * per zone and resource.
 */
import type { Resource } from "@isthmus/resources";
import type { Revision } from "@isthmus/store";
import { type Audience, isEntitled, NOBODY, type Recipient } from "../mapping/audience.ts";
import { type FeedRow, isEntitledNow, newRow, wasEntitledAt, wasEntitledSince } from "./feed-row.ts";
import type { Cursor, DeltaResult, EncodedResource, Pending, PendingOptions } from "./outbox-view.ts";

/** Gone rows are looked through when there are this many, and again when their number has doubled. */
const TOMBSTONES_MIN = 64;
/** More gone rows than this are not kept for a peer that stays behind: it has to start over. */
export const TOMBSTONES_MAX = 50_000;
/** Past audiences kept per row; a row that flaps more often makes peers behind it start over. */
const TRANSITIONS_MAX = 64;
const TRANSITIONS_TRIM = 8;
/** Rough size of a removed name in a message. */
const REMOVAL_OVERHEAD_BYTES = 4;

export interface FeedChange {
  readonly revision: Revision;
  /** Wall clock of the commit, ms. */
  readonly at: number;
  readonly intent: string | undefined;
}

export interface FeedOptions {
  /** Undefined, and `failure` set, when the content cannot be sent. */
  readonly encode: (row: FeedRow) => EncodedResource | undefined;
  readonly isSameOnWire: (before: Resource, after: Resource) => boolean;
  /** Lowest revision that some reader compares this type with. */
  readonly lowestCursor: () => Revision;
}

export class TypeFeed {
  readonly #options: FeedOptions;
  readonly #rows = new Map<string, FeedRow>();
  /** Slots in order of change; a slot is stale when its row has moved on to a later one. */
  #log: FeedRow[] = [];
  #positions: number[] = [];
  #position = 0;
  #tombstones = 0;
  #sweepAt = TOMBSTONES_MIN;
  /** Number of rows per audience, so that counting needs no walk. */
  readonly #counts = new Map<Audience, number>();
  #headRevision: Revision = 0;
  #headAt = 0;
  /** Revision of the change before the latest: every peer that is not behind stands there or further. */
  #previousHead: Revision = 0;
  /** `lowestCursor` as of a revision: asked for once per commit. */
  #lowest: { revision: Revision; cursor: Revision } = { revision: -1, cursor: 0 };
  /** Cursors below this revision cannot be compared any more. */
  #horizon: Revision = 0;

  constructor(options: FeedOptions) {
    this.#options = options;
  }

  get head(): { readonly revision: Revision; readonly at: number } {
    return { revision: this.#headRevision, at: this.#headAt };
  }

  get position(): number {
    return this.#position;
  }

  /** Rows, gone ones included: for tests and gauges. */
  get size(): { readonly rows: number; readonly tombstones: number; readonly log: number } {
    return { rows: this.#rows.size, tombstones: this.#tombstones, log: this.#log.length };
  }

  /** A row as found in the store at start; it has no past. */
  load(wireName: string, resource: Resource, audience: Audience, at: number): void {
    const row = newRow(wireName, audience);
    row.resource = resource;
    row.contentRevision = resource.version;
    row.changedRevision = resource.version;
    row.changedAt = at;
    this.#rows.set(wireName, row);
    this.#count(audience, 1);
    this.#headRevision = Math.max(this.#headRevision, resource.version);
    this.#headAt = Math.max(this.#headAt, at);
  }

  get(wireName: string): FeedRow | undefined {
    return this.#rows.get(wireName);
  }

  rows(): IterableIterator<FeedRow> {
    return this.#rows.values();
  }

  /** Sets what is behind a name (undefined: nothing any more). Returns whether any peer could see a difference. */
  put(wireName: string, resource: Resource | undefined, audience: Audience, change: FeedChange): boolean {
    let row = this.#rows.get(wireName);
    if (row === undefined) {
      if (resource === undefined) return false;
      row = newRow(wireName, NOBODY);
      this.#rows.set(wireName, row);
    } else if (row.resource === undefined && resource !== undefined) {
      this.#tombstones -= 1;
    } else if (row.resource !== undefined && resource === undefined) {
      this.#tombstones += 1;
    }
    const before = row.resource;
    const isSame = before !== undefined && resource !== undefined && this.#options.isSameOnWire(before, resource);
    const hadAudience = row.audience;
    row.resource = resource;
    if (!isSame) {
      row.encoded = undefined;
      this.#clearFailure(row);
    }
    if (hadAudience !== audience) this.#transit(row, audience, change);
    // A new audience counts as new content: who lost the resource in between gets it again.
    const isChanged = hadAudience !== audience || (!isSame && audience !== NOBODY);
    if (isChanged) {
      row.contentRevision = change.revision;
      this.#touch(row, change);
    }
    if (this.#tombstones >= this.#sweepAt || this.#log.length > 2 * this.#rows.size + TOMBSTONES_MIN) this.#sweep();
    return isChanged;
  }

  /** `head` is the revision of the whole outbox: where a peer stands that gets all of this. */
  delta(recipient: Recipient, cursor: Cursor | undefined, head: Revision, maxBytes: number): DeltaResult {
    if (cursor === undefined) return this.#full(recipient, head, maxBytes);
    if (cursor.revision < this.#horizon) return { kind: "tooOld" };
    const upserts: EncodedResource[] = [];
    const removals: string[] = [];
    const intents = new Set<string>();
    let bytes = 0;
    let oldestChangeAt: number | undefined;
    let next: Cursor = { revision: head, position: this.#position };
    for (const row of this.#changedAfter(cursor.position)) {
      const encoded = isEntitledNow(row, recipient) ? this.#encoded(row) : undefined;
      const isUpsert = encoded !== undefined && needsContent(row, recipient, cursor);
      if (!isUpsert && (encoded !== undefined || !mayHold(row, recipient, cursor))) continue;
      const size = isUpsert ? encoded.chunk.byteLength : row.wireName.length + REMOVAL_OVERHEAD_BYTES;
      if (bytes + size > maxBytes && bytes > 0) {
        // The rest comes in the next part; until then the peer is compared with where it stood before the first.
        next = { revision: cursor.revision, position: row.position - 1, isPartial: true };
        break;
      }
      bytes += size;
      oldestChangeAt = Math.min(oldestChangeAt ?? row.changedAt, row.changedAt);
      if (isUpsert) {
        upserts.push(encoded);
      } else {
        removals.push(row.wireName);
        const intent = intentAfter(row, cursor.revision);
        if (intent !== undefined) intents.add(intent);
      }
    }
    return { kind: "delta", upserts, removals, intents: [...intents], next, bytes, oldestChangeAt };
  }

  pending(recipient: Recipient, cursor: Cursor, options: PendingOptions = {}): Pending {
    const { limit = Number.POSITIVE_INFINITY, excluding } = options;
    let count = 0;
    let oldestChangeAt: number | undefined;
    for (const row of this.#changedAfter(cursor.position)) {
      const isNow = isEntitledNow(row, recipient);
      if (isNow ? !needsContent(row, recipient, cursor) : !mayHold(row, recipient, cursor)) continue;
      if (excluding?.has(row.wireName) === true) continue;
      count += 1;
      oldestChangeAt = Math.min(oldestChangeAt ?? row.changedAt, row.changedAt);
      if (count >= limit) break;
    }
    return { count, oldestChangeAt };
  }

  count(recipient: Recipient): number {
    let total = 0;
    for (const [audience, count] of this.#counts) if (isEntitled(audience, recipient)) total += count;
    return total;
  }

  lookup(recipient: Recipient, wireName: string): EncodedResource | undefined {
    const row = this.#rows.get(wireName);
    return row !== undefined && isEntitledNow(row, recipient) ? this.#encoded(row) : undefined;
  }

  #full(recipient: Recipient, head: Revision, maxBytes: number): DeltaResult {
    const upserts: EncodedResource[] = [];
    let bytes = 0;
    let oldestChangeAt: number | undefined;
    for (const row of this.#rows.values()) {
      const encoded = isEntitledNow(row, recipient) ? this.#encoded(row) : undefined;
      if (encoded === undefined) continue;
      upserts.push(encoded);
      bytes += encoded.chunk.byteLength;
      oldestChangeAt = Math.min(oldestChangeAt ?? row.changedAt, row.changedAt);
    }
    if (bytes > maxBytes) return { kind: "oversize", bytes };
    const next = { revision: head, position: this.#position };
    return { kind: "delta", upserts, removals: [], intents: [], next, bytes, oldestChangeAt };
  }

  #encoded(row: FeedRow): EncodedResource | undefined {
    if (row.encoded !== undefined || row.failure !== undefined) return row.encoded;
    row.encoded = this.#options.encode(row);
    if (row.failure !== undefined) this.#count(row.audience, -1);
    return row.encoded;
  }

  #clearFailure(row: FeedRow): void {
    if (row.failure === undefined) return;
    row.failure = undefined;
    this.#count(row.audience, 1);
  }

  #transit(row: FeedRow, audience: Audience, change: FeedChange): void {
    if (row.transitions.length >= TRANSITIONS_TRIM) this.#trim(row, this.#lowestCursor(change.revision));
    const last = row.transitions.at(-1);
    // Several changes of one commit are one: only the audience before the commit counts.
    if (last?.revision === change.revision) {
      row.transitions[row.transitions.length - 1] = { ...last, intent: change.intent ?? last.intent };
    } else {
      row.transitions.push({ revision: change.revision, before: row.audience, intent: change.intent });
    }
    if (row.failure === undefined) {
      this.#count(row.audience, -1);
      this.#count(audience, 1);
    }
    row.audience = audience;
    while (row.transitions.length > TRANSITIONS_MAX) {
      this.#horizon = Math.max(this.#horizon, row.transitions.shift()?.revision ?? 0);
    }
  }

  #touch(row: FeedRow, change: FeedChange): void {
    this.#position += 1;
    row.position = this.#position;
    row.changedRevision = change.revision;
    row.changedAt = change.at;
    this.#log.push(row);
    this.#positions.push(this.#position);
    if (change.revision !== this.#headRevision) this.#previousHead = this.#headRevision;
    this.#headRevision = change.revision;
    this.#headAt = change.at;
  }

  #lowestCursor(revision: Revision): Revision {
    if (this.#lowest.revision !== revision) {
      this.#lowest = { revision, cursor: this.#options.lowestCursor() };
    }
    return this.#lowest.cursor;
  }

  *#changedAfter(position: number): IterableIterator<FeedRow> {
    for (let i = upperBound(this.#positions, position); i < this.#log.length; i += 1) {
      const row = this.#log[i];
      if (row !== undefined && row.position === this.#positions[i]) yield row;
    }
  }

  #count(audience: Audience, by: number): void {
    if (audience === NOBODY) return;
    const count = (this.#counts.get(audience) ?? 0) + by;
    if (count === 0) this.#counts.delete(audience);
    else this.#counts.set(audience, count);
  }

  /** Forgets what no peer compares with any more: gone rows, past audiences, stale slots. */
  #sweep(): void {
    let lowest = this.#lowestCursor(this.#headRevision);
    if (this.#tombstones > TOMBSTONES_MAX && lowest < this.#previousHead) {
      lowest = this.#previousHead;
      this.#horizon = Math.max(this.#horizon, lowest);
    }
    for (const row of this.#rows.values()) {
      if (row.resource === undefined && row.changedRevision <= lowest) {
        this.#rows.delete(row.wireName);
        this.#tombstones -= 1;
        row.position = -1;
      } else if (row.transitions.length > 0) {
        this.#trim(row, lowest);
      }
    }
    const log: FeedRow[] = [];
    const positions: number[] = [];
    for (let i = 0; i < this.#log.length; i += 1) {
      const row = this.#log[i];
      const position = this.#positions[i] ?? 0;
      if (row === undefined || row.position !== position) continue;
      log.push(row);
      positions.push(position);
    }
    this.#log = log;
    this.#positions = positions;
    this.#sweepAt = Math.max(TOMBSTONES_MIN, 2 * this.#tombstones);
  }

  #trim(row: FeedRow, lowest: Revision): void {
    if ((row.transitions[0]?.revision ?? Number.POSITIVE_INFINITY) <= lowest) {
      row.transitions = row.transitions.filter((transition) => transition.revision > lowest);
    }
  }
}

/** The recipient is entitled now: does it lack this content? While told in parts it may, so it gets it. */
function needsContent(row: FeedRow, recipient: Recipient, cursor: Cursor): boolean {
  if (cursor.isPartial === true) return true;
  return row.contentRevision > cursor.revision || !wasEntitledAt(row, recipient, cursor.revision);
}

/** The recipient is not entitled now: could it hold the resource? While told in parts a removal too many is harmless. */
function mayHold(row: FeedRow, recipient: Recipient, cursor: Cursor): boolean {
  return cursor.isPartial === true
    ? wasEntitledSince(row, recipient, cursor.revision)
    : wasEntitledAt(row, recipient, cursor.revision);
}

function intentAfter(row: FeedRow, revision: Revision): string | undefined {
  const last = row.transitions.at(-1);
  return last !== undefined && last.revision > revision ? last.intent : undefined;
}

/** Index of the first element greater than `value`. */
function upperBound(sorted: readonly number[], value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? 0) > value) high = middle;
    else low = middle + 1;
  }
  return low;
}
