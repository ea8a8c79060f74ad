/** The store on disk: the default of every program. One folder, one process, no server. */
import { randomUUID } from "node:crypto";
import { mkdirSync, rmdirSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { errorMessage } from "@isthmus/std";
import { CatalogStore, type StoreOptions } from "../engine.ts";
import { StoreError } from "../errors.ts";
import { lockFolder } from "./folder-lock.ts";
import { inspectFolder } from "./folder-marker.ts";
import { openPersistence } from "./lmdb-persistence.ts";

const OWNER_ONLY = 0o700;

export interface LmdbStoreOptions extends StoreOptions {
  /** Created when missing; must be empty or a store, and on a disk of this machine. */
  readonly folder: string;
  /** Used once, when the store is created. Default: a random UUID. */
  readonly newHistoryId?: () => string;
}

/**
 * Opens and loads. Rejects with a StoreError: LOCKED (another process has it), FOREIGN (holds something else, or a newer
 * format), DAMAGED (says what), IO (cannot be created, read or written). In each of these cases the files of the folder
 * are left as they were.
 */
export async function openLmdbStore(options: LmdbStoreOptions): Promise<CatalogStore> {
  const folder = resolve(options.folder);
  let firstMade: string | undefined;
  try {
    firstMade = mkdirSync(folder, { recursive: true, mode: OWNER_ONLY });
    inspectFolder(folder);
    const lock = await lockFolder(folder);
    try {
      const { persistence, state } = await openPersistence(folder, lock, options.newHistoryId ?? randomUUID);
      return new CatalogStore("lmdb", persistence, state, options);
    } catch (error) {
      await lock.release();
      throw error;
    }
  } catch (error) {
    if (firstMade !== undefined) removeFolders(folder, firstMade);
    if (error instanceof StoreError) throw error;
    throw new StoreError("IO", `cannot open the store in ${folder}: ${errorMessage(error)}`, { cause: error });
  }
}

/** Those that were made for the store, from `folder` up to `first`. */
function removeFolders(folder: string, first: string): void {
  try {
    for (let path = folder; path.length >= first.length; path = dirname(path)) rmdirSync(path);
  } catch {
    // Somebody else uses it by now.
  }
}
