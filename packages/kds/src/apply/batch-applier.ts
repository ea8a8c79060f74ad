/** What the receiving streams need of the applier: the contract between transport/ and apply/. */
import type { ApplyOutcome, ReceivedBatch } from "../session/received-resource.ts";

/** Who provides the responses of a stream, as far as it can prove it. */
export interface BatchSource {
  /** The zone of the stream: on a zone its own name, on the global the peer. */
  readonly zone: string;
  /** From the header `isthmus-history`: history of the source's store. Undefined: a Kuma peer. */
  readonly historyId: string | undefined;
}

/** Applies the batches of one stream, one after the other per type; of different types in any order. */
export interface BatchApplier {
  /**
   * Resolves when the batch is committed.
   * @throws {StoreError} when the store refuses: nothing of the batch is stored
   */
  apply(batch: ReceivedBatch): Promise<ApplyOutcome>;
  /** The stream is over: what it alone knew is forgotten. Holds stay. */
  close(): void;
}

/** Makes the applier of each stream; on a zone towards its global, on a global towards one zone. */
export type OpenApplier = (source: BatchSource) => BatchApplier;
