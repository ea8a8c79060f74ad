/** Where the engine keeps what must outlive the process. One writer, one batch at a time. */
import type { Resource } from "@isthmus/resources";
import { StoreError } from "./errors.ts";
import type { Revision } from "./store.ts";

/** What was read when it was opened. */
export interface LoadedState {
  readonly historyId: string;
  readonly revision: Revision;
  readonly resources: Iterable<Resource>;
}

/** Commits that become durable together. */
export interface WriteBatch {
  readonly previousRevision: Revision;
  readonly revision: Revision;
  /** Final state per key text of what the batch touched; undefined: the row is removed. */
  readonly rows: ReadonlyMap<string, Resource | undefined>;
  /** Everything as of `previousRevision`: what must be there besides, when the disk cannot be trusted to hold just that. */
  readonly visible: () => Iterable<Resource>;
}

/** Thrown by `write` when nothing was even begun, because there is no room for this batch: a smaller one may fit. */
export class BatchRefused extends StoreError {}

export interface Persistence {
  /**
   * All rows and the revision in one transaction; resolves when a `kill -9` cannot undo it. Rejecting means that the
   * batch counts as not made: should the disk hold it all the same, the next `write` must put that right.
   */
  write(batch: WriteBatch): Promise<void>;
  close(): Promise<void>;
}
