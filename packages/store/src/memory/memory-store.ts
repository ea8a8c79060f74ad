/** The store without a disk: for tests, simulation and demonstrations. Its history ends with the process. */
import { randomUUID } from "node:crypto";
import { CatalogStore, type StoreOptions } from "../engine.ts";
import type { Persistence } from "../persistence.ts";

export interface MemoryStoreOptions extends StoreOptions {
  /** For simulations that must replay exactly. Default: a random UUID. */
  readonly historyId?: string;
}

/** Ready at once; `start` and `stop` are there because every store is a service. */
export function createMemoryStore(options: MemoryStoreOptions): CatalogStore {
  const empty = { historyId: options.historyId ?? randomUUID(), revision: 0, resources: [] };
  return new CatalogStore("memory", nowhere, empty, options);
}

const nowhere: Persistence = {
  write: () => Promise.resolve(),
  close: () => Promise.resolve(),
};
