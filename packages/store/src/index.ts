export { CatalogStore, DEFAULT_FEED_LIMIT, type StoreOperation, type StoreOptions } from "./engine.ts";
export { isOvertaken, StoreError, type StoreErrorCode } from "./errors.ts";
export { type LmdbStoreOptions, openLmdbStore } from "./lmdb/lmdb-store.ts";
export { createMemoryStore, type MemoryStoreOptions } from "./memory/memory-store.ts";
export type {
  Change,
  Changes,
  CommitEvent,
  CommitResult,
  Op,
  ResourceDraft,
  Revision,
  Store,
} from "./store.ts";
export { StoreWriter, type StoreWriterOptions, type Write, type WriteEvent } from "./store-writer.ts";
