/** Rows of the catalog in one LMDB file. Every batch is one transaction that also carries the new revision. */
import { rmSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { keyOf, type Resource } from "@isthmus/resources";
import { errorMessage } from "@isthmus/std";
import { StoreError } from "../errors.ts";
import { BatchRefused, type LoadedState, type Persistence, type WriteBatch } from "../persistence.ts";
import type { Revision } from "../store.ts";
import { DataFileDamage, readDataFile } from "./data-file.ts";
import { Environment, filesOf, type Transaction } from "./environment.ts";
import type { FolderLock } from "./folder-lock.ts";
import { inspectFolder, MARKER_FILE, writeMarker } from "./folder-marker.ts";
import {
  decodeHeader,
  decodeResource,
  decodeRow,
  type EncodedRow,
  encodeHeader,
  encodeResource,
  HEADER_ROW,
  type Header,
  rowKey,
} from "./row.ts";

export const DATA_FILE = "data.mdb";
/** Less than this and the message says so. */
const SPACE_LOW_BYTES = 1_048_576;

/** Where a resource is, and what it adds to the digest. */
interface Slot {
  readonly id: number;
  readonly checksum: number;
}

/** The rows of the file, by key text. */
interface Index {
  readonly slots: Map<string, Slot>;
  digest: number;
  nextId: number;
}

interface Plan {
  readonly removed: Buffer[];
  readonly written: EncodedRow[];
  readonly slots: Map<string, Slot | undefined>;
  digest: number;
  rows: number;
  nextId: number;
}

export interface OpenedFolder {
  readonly persistence: Persistence;
  readonly state: LoadedState;
}

/** `lock` must be that of the folder; it is released by `close`. Throws what a folder, a file or lmdb can throw. */
export async function openPersistence(
  folder: string,
  lock: FolderLock,
  newHistoryId: () => string,
): Promise<OpenedFolder> {
  const marker = inspectFolder(folder);
  if (marker?.state === "ready") return load(folder, lock, marker.historyId);
  return create(folder, lock, newHistoryId());
}

async function create(folder: string, lock: FolderLock, historyId: string): Promise<OpenedFolder> {
  try {
    writeMarker(folder, { state: "creating", historyId });
    removeData(folder);
    const environment = new Environment(join(folder, DATA_FILE));
    try {
      const header = encodeHeader({ historyId, revision: 0, rows: 0, digest: 0 });
      const first = { clear: false, removed: [], written: [header] };
      environment.reserve(first);
      await environment.write(first);
      writeMarker(folder, { state: "ready", historyId });
    } catch (error) {
      await environment.close();
      throw error;
    }
    const index: Index = { slots: new Map(), digest: 0, nextId: HEADER_ROW + 1 };
    const persistence = new LmdbPersistence(folder, lock, { environment, historyId, revision: 0, index });
    return { persistence, state: { historyId, revision: 0, resources: [] } };
  } catch (error) {
    // As if it had never been tried; where that fails too, the marker still says that nothing of it counts.
    removeData(folder);
    rmSync(join(folder, MARKER_FILE), { force: true });
    throw error;
  }
}

function removeData(folder: string): void {
  for (const file of filesOf(join(folder, DATA_FILE))) rmSync(file, { force: true });
}

async function load(folder: string, lock: FolderLock, historyId: string): Promise<OpenedFolder> {
  const path = join(folder, DATA_FILE);
  const resources: Resource[] = [];
  const index: Index = { slots: new Map(), digest: 0, nextId: HEADER_ROW + 1 };
  let header: Header | undefined;
  try {
    for (const entry of readDataFile(path)) {
      const row = decodeRow(entry);
      if (row.id === HEADER_ROW) {
        header = decodeHeader(row);
        continue;
      }
      const resource = decodeResource(row);
      const text = keyOf(resource);
      if (index.slots.has(text)) throw new DataFileDamage(`row ${row.id} repeats another resource`);
      index.slots.set(text, { id: row.id, checksum: row.checksum });
      index.digest = add(index.digest, row.checksum);
      index.nextId = Math.max(index.nextId, row.id + 1);
      resources.push(resource);
    }
    verify(header, index, historyId);
  } catch (error) {
    throw asDamage(path, error);
  }
  const { revision } = header;
  const environment = new Environment(path);
  try {
    if (!environment.get(rowKey(HEADER_ROW))?.equals(encodeHeader(header).value)) {
      throw asDamage(path, new DataFileDamage("lmdb reads another header than the file holds"));
    }
  } catch (error) {
    await environment.close();
    throw error;
  }
  const persistence = new LmdbPersistence(folder, lock, { environment, historyId, revision, index });
  return { persistence, state: { historyId, revision, resources } };
}

function verify(header: Header | undefined, index: Index, historyId: string): asserts header is Header {
  if (!header) throw new DataFileDamage("the header row is missing");
  if (header.historyId !== historyId) throw new DataFileDamage(`it belongs to another history (${header.historyId})`);
  if (header.rows !== index.slots.size)
    throw new DataFileDamage(`it holds ${index.slots.size} rows instead of ${header.rows}`);
  if (header.digest !== index.digest) throw new DataFileDamage("its rows are not those of its last transaction");
}

/** A missing file counts: the marker says that there was one. */
function asDamage(path: string, error: unknown): unknown {
  const isMissing = error instanceof Error && "code" in error && error.code === "ENOENT";
  if (isMissing) return new StoreError("DAMAGED", `${path} is missing`, { cause: error });
  if (!(error instanceof DataFileDamage)) return error;
  return new StoreError("DAMAGED", `${path} is damaged: ${error.message}`, { cause: error });
}

class LmdbPersistence implements Persistence {
  readonly #folder: string;
  readonly #lock: FolderLock;
  readonly #historyId: string;
  /** undefined after a failed write, until the next one opens the file anew. */
  #environment: Environment | undefined;
  /** What the file holds. */
  #revision: Revision;
  #index: Index;

  constructor(
    folder: string,
    lock: FolderLock,
    opened: { environment: Environment; historyId: string; revision: Revision; index: Index },
  ) {
    this.#folder = folder;
    this.#lock = lock;
    this.#historyId = opened.historyId;
    this.#environment = opened.environment;
    this.#revision = opened.revision;
    this.#index = opened.index;
  }

  async write(batch: WriteBatch): Promise<void> {
    try {
      await this.#write(batch);
    } catch (error) {
      if (error instanceof BatchRefused) throw error;
      // Whether the disk holds the transaction is unknown, and lmdb's handle may be unusable.
      await this.#abandon();
      throw new StoreError("IO", this.#describe(error), { cause: error });
    }
  }

  async close(): Promise<void> {
    try {
      await this.#environment?.close();
    } finally {
      this.#environment = undefined;
      await this.#lock.release();
    }
  }

  async #write(batch: WriteBatch): Promise<void> {
    this.#requireLock();
    const environment = this.#environment ?? this.#reopen();
    // The file can be ahead by a transaction whose end we never learnt. Its readers were told that it failed, so all of
    // it is replaced, in the same transaction, by what they see.
    const isDiverged = this.#revision !== batch.previousRevision;
    const { plan, transaction } = this.#prepare(environment, batch, isDiverged);
    await environment.write(transaction);
    // Else it was written into a file that nobody will find again, or into one that another process rewrites.
    if (!environment.isInPlace()) throw new Error(`${DATA_FILE} was removed or replaced`);
    this.#requireLock();
    this.#adopt(plan, isDiverged);
    this.#revision = batch.revision;
  }

  /** Everything that can fail before anything is written. */
  #prepare(environment: Environment, batch: WriteBatch, isDiverged: boolean): { plan: Plan; transaction: Transaction } {
    try {
      const plan = isDiverged ? this.#planAll(batch) : this.#plan(this.#index, batch.rows);
      const { rows, digest, removed, written } = plan;
      const header = encodeHeader({ historyId: this.#historyId, revision: batch.revision, rows, digest });
      const transaction = { clear: isDiverged, removed, written: [...written, header] };
      environment.reserve(transaction);
      return { plan, transaction };
    } catch (error) {
      throw new BatchRefused("IO", this.#describe(error), { cause: error });
    }
  }

  #requireLock(): void {
    if (!this.#lock.isHeld()) throw new Error("its lock was removed, another process may be using the folder");
  }

  #plan(index: Index, rows: Iterable<readonly [string, Resource | undefined]>): Plan {
    const plan: Plan = {
      removed: [],
      written: [],
      slots: new Map(),
      digest: index.digest,
      rows: index.slots.size,
      nextId: index.nextId,
    };
    for (const [text, resource] of rows) {
      const old = index.slots.get(text);
      if (old) {
        plan.digest = add(plan.digest, -old.checksum);
        plan.rows -= 1;
      }
      if (resource) {
        const id = old?.id ?? plan.nextId;
        if (!old) plan.nextId += 1;
        const row = encodeResource(id, resource);
        plan.written.push(row);
        plan.slots.set(text, { id, checksum: row.checksum });
        plan.digest = add(plan.digest, row.checksum);
        plan.rows += 1;
      } else if (old) {
        plan.removed.push(rowKey(old.id));
        plan.slots.set(text, undefined);
      }
    }
    return plan;
  }

  #planAll(batch: WriteBatch): Plan {
    const rows = new Map<string, Resource | undefined>();
    for (const resource of batch.visible()) rows.set(keyOf(resource), resource);
    for (const [text, resource] of batch.rows) rows.set(text, resource);
    return this.#plan({ slots: new Map(), digest: 0, nextId: HEADER_ROW + 1 }, rows);
  }

  #adopt(plan: Plan, isDiverged: boolean): void {
    if (isDiverged) this.#index.slots.clear();
    for (const [text, slot] of plan.slots) {
      if (slot) this.#index.slots.set(text, slot);
      else this.#index.slots.delete(text);
    }
    this.#index.digest = plan.digest;
    this.#index.nextId = plan.nextId;
  }

  /** After a failure. Throws while the file is out of reach. */
  #reopen(): Environment {
    const path = join(this.#folder, DATA_FILE);
    const header = readHeader(path);
    if (header.historyId !== this.#historyId) throw new Error(`${path} belongs to another history`);
    const environment = new Environment(path);
    this.#environment = environment;
    this.#revision = header.revision;
    return environment;
  }

  async #abandon(): Promise<void> {
    const environment = this.#environment;
    this.#environment = undefined;
    // Its file may be gone, which is why it is abandoned.
    await environment?.close().catch(() => {});
  }

  #describe(error: unknown): string {
    return `the store in ${this.#folder} could not write: ${errorMessage(error)}${spaceHint(this.#folder)}`;
  }
}

/** Also makes sure, page by page, that lmdb may be let at the file again. */
function readHeader(path: string): Header {
  let header: Header | undefined;
  for (const entry of readDataFile(path)) {
    const row = decodeRow(entry);
    if (row.id === HEADER_ROW) header = decodeHeader(row);
  }
  if (!header) throw new DataFileDamage("the header row is missing");
  return header;
}

/** lmdb reports a full disk as an input/output error. */
function spaceHint(folder: string): string {
  try {
    const { bavail, bsize } = statfsSync(folder);
    const free = bavail * bsize;
    return free < SPACE_LOW_BYTES ? ` (the file system is full: ${free} bytes free)` : "";
  } catch {
    return "";
  }
}

const add = (a: number, b: number): number => (a + b) >>> 0;
