/**
 * The one place that talks to lmdb: a file, one transaction at a time, errors as errors.
 *
 * Durability: with `overlappingSync` off a transaction is awaited through LMDB's classic protocol, data pages synced,
 * then the meta page written through a synchronous descriptor. So what was awaited survives `kill -9` and, as far as the
 * disk keeps its promise, a loss of power; on this path that costs no more than lmdb's default, which resolves before
 * the sync. `batch` keeps its operations in one transaction whatever their number.
 */
import { closeSync, openSync, rmSync, statSync, writeFileSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import { open, type RootDatabase } from "lmdb";
import { ReservedSpace } from "./reserved-space.ts";

const OWNER_ONLY = 0o600;
/** LMDB's table of readers, for its default of 126 of them; it takes a larger file as room for more. */
const LOCK_FILE_BYTES = 12_288;
const DISK_BLOCK_BYTES = 512;
/** More than a new data file and its first transaction take. */
const NEW_FILE_BYTES = 65_536;
/** lmdb opens the data file twice and the other once; the rest is for what it may need besides. */
const DESCRIPTORS_NEEDED = 8;

export interface Transaction {
  /** Removes everything first. */
  readonly clear: boolean;
  readonly removed: readonly Buffer[];
  readonly written: readonly { readonly key: Buffer; readonly value: Buffer }[];
}

export class Environment {
  readonly #path: string;
  readonly #database: RootDatabase<Buffer, Buffer>;
  readonly #inode: number;
  readonly #space: ReservedSpace;

  /** Throws what lmdb throws. The file must have been checked: see data-file.ts. */
  constructor(path: string) {
    this.#path = path;
    requireWhatOpeningNeeds(path);
    this.#database = open<Buffer, Buffer>({
      path,
      noSubdir: true,
      encoding: "binary",
      keyEncoding: "binary",
      overlappingSync: false,
      eventTurnBatching: false,
      // It holds secrets and the keys of authorities.
      permissionsMode: OWNER_ONLY,
    } as Parameters<typeof open>[0]);
    this.#inode = statSync(path).ino;
    this.#space = new ReservedSpace(path);
  }

  /** False when the file was removed or replaced: what is written then goes nowhere. */
  isInPlace(): boolean {
    return statSync(this.#path, { throwIfNoEntry: false })?.ino === this.#inode;
  }

  get(key: Buffer): Buffer | undefined {
    return this.#database.get(key);
  }

  /** To be called before `write`. Throws when there is no room for it; nothing has happened then. */
  reserve(transaction: Transaction): void {
    this.#space.reserve(transaction);
  }

  /** Resolves when on disk. After a rejection only `close` may be called: lmdb would hang or crash. */
  async write({ clear, removed, written }: Transaction): Promise<void> {
    try {
      // What the calls return is settled with the batch.
      await this.#database.batch(() => {
        if (clear) void this.#database.clearAsync();
        for (const key of removed) void this.#database.remove(key);
        for (const { key, value } of written) void this.#database.put(key, value);
      });
      this.#space.giveBack();
    } catch (error) {
      throw await causeOf(error);
    }
  }

  async close(): Promise<void> {
    this.#space.close();
    await this.#database.close();
  }
}

/** What belongs to a data file, whether it is there or not. */
export function filesOf(path: string): readonly string[] {
  return [path, lockFileOf(path), scratchOf(path)];
}

/** LMDB's table of readers. */
const lockFileOf = (path: string): string => `${path}-lock`;
const scratchOf = (path: string): string => `${path}-space`;

/**
 * lmdb must not fail to open: cleaning up, it uses memory that it has freed (lmdb 3.5.6: src/env.cpp, openEnv), which
 * often ends the process. So what it would fail for is tried here first: permissions, descriptors, space.
 */
function requireWhatOpeningNeeds(path: string): void {
  const lockFile = lockFileOf(path);
  allocateLockFile(lockFile);
  const isNew = statSync(path, { throwIfNoEntry: false }) === undefined;
  if (isNew) requireSpace(path);
  const descriptors: number[] = [];
  try {
    if (!isNew) descriptors.push(openSync(path, "r+"));
    while (descriptors.length < DESCRIPTORS_NEEDED) descriptors.push(openSync(lockFile, "r+"));
  } finally {
    for (const descriptor of descriptors) closeSync(descriptor);
  }
}

/**
 * LMDB makes this file by setting its length and then writes to it through memory: on a full disk that is a bus error and
 * the end of the process (seen with lmdb 3.5.6). Written before, the same shortage is an error that can be reported.
 * Whatever the file held was of processes that are gone: the folder is ours alone.
 */
function allocateLockFile(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found && found.size > 0 && found.blocks * DISK_BLOCK_BYTES >= found.size) return;
  writeOrRemove(path, LOCK_FILE_BYTES);
}

function requireSpace(path: string): void {
  const scratch = scratchOf(path);
  writeOrRemove(scratch, NEW_FILE_BYTES);
  rmSync(scratch);
}

function writeOrRemove(path: string, bytes: number): void {
  try {
    writeFileSync(path, Buffer.alloc(bytes), { mode: OWNER_ONLY, flush: true });
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  }
}

/** lmdb's rejection says only that there was a failure; the failure itself rejects a promise beside it, or never comes. */
async function causeOf(rejection: unknown): Promise<unknown> {
  const commitError: unknown =
    rejection instanceof Error && "commitError" in rejection ? rejection.commitError : undefined;
  if (!(commitError instanceof Promise)) return rejection;
  try {
    await Promise.race([commitError, nextTurn()]);
    return rejection;
  } catch (cause) {
    return cause;
  }
}
