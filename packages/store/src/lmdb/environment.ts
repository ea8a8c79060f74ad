/**
 * The one place that talks to lmdb: a file, one transaction at a time, errors as errors.
 *
 * Durability: with `overlappingSync` off a transaction is awaited through LMDB's classic protocol, data pages synced,
 * then the meta page written through a synchronous descriptor. So what was awaited survives `kill -9` and, as far as the
 * disk keeps its promise, a loss of power; on this path that costs no more than lmdb's default, which resolves before
 * the sync. `batch` keeps its operations in one transaction whatever their number.
 */
import { statSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import { open, type RootDatabase } from "lmdb";

const OWNER_ONLY = 0o600;

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

  /** Throws what lmdb throws. The file must have been checked: see data-file.ts. */
  constructor(path: string) {
    this.#path = path;
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
  }

  /** False when the file was removed or replaced: what is written then goes nowhere. */
  isInPlace(): boolean {
    return statSync(this.#path, { throwIfNoEntry: false })?.ino === this.#inode;
  }

  get(key: Buffer): Buffer | undefined {
    return this.#database.get(key);
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
    } catch (error) {
      throw await causeOf(error);
    }
  }

  close(): Promise<void> {
    return this.#database.close();
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
