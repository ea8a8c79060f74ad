/** What sessions and the ledger read of an outbox, and the immutable values it gives them. */
import type { Revision } from "@isthmus/store";
import type { Recipient } from "../mapping/audience.ts";

/** One resource as it goes over the wire. Immutable: a change of content makes a new one. Shared by all peers. */
export interface EncodedResource {
  readonly wireName: string;
  /** Lowercase hex SHA-256 of the KumaResource bytes. */
  readonly version: string;
  /** One encoded `resources` element of DeltaDiscoveryResponse, tag and length included: responses concatenate them. */
  readonly chunk: Uint8Array;
}

/** How far a peer has been told about one type. */
export interface Cursor {
  /** Everything up to this revision was told, or nothing of it concerned the peer. */
  readonly revision: Revision;
  /** Place in the change log of the type. */
  readonly position: number;
  /** A large delta is being told in parts: `position` is ahead of `revision`. */
  readonly isPartial?: true;
}

export interface Delta {
  readonly upserts: readonly EncodedResource[];
  /** Wire names. */
  readonly removals: readonly string[];
  /** Why rows vanish, `zone/<name>` or `mesh/<name>`; distinct. */
  readonly intents: readonly string[];
  /** Where the peer stands once it has this. */
  readonly next: Cursor;
  /** Sum of the chunk lengths. */
  readonly bytes: number;
  /** Wall clock, ms, of the oldest commit told here; undefined when nothing is told. */
  readonly oldestChangeAt: number | undefined;
}

export type DeltaResult =
  | ({ readonly kind: "delta" } & Delta)
  /** A full list that does not fit one message. Increments are told in parts instead. */
  | { readonly kind: "oversize"; readonly bytes: number }
  /** The cursor is older than what the outbox remembers: the peer has to start over with a new stream. */
  | { readonly kind: "tooOld" };

export interface Pending {
  readonly count: number;
  readonly oldestChangeAt: number | undefined;
}

export interface PendingOptions {
  /** Stops counting there. */
  readonly limit?: number;
  /** Names that are left out. */
  readonly excluding?: ReadonlySet<string>;
}

/** All reads are of one moment: `revision`. Unknown types are empty. */
export interface OutboxView {
  readonly revision: Revision;
  /** Whether this side provides the type at all. */
  provides(type: string): boolean;
  types(): readonly string[];
  /** Revision of the latest change of the type, and its time (ms); 0 when it never had any. */
  head(type: string): { readonly revision: Revision; readonly at: number };
  /** The cursor of a peer that was told everything. */
  end(type: string): Cursor;
  /** Number of resources of the type that the recipient is entitled to. */
  count(type: string, recipient: Recipient): number;
  /** Everything the recipient is entitled to if `cursor` is undefined, else what changed for it since. */
  delta(type: string, recipient: Recipient, cursor: Cursor | undefined, maxBytes: number): DeltaResult;
  /** Changes after the cursor that concern the recipient. */
  pending(type: string, recipient: Recipient, cursor: Cursor, options?: PendingOptions): Pending;
  /** The encoded resource of that name if the recipient is entitled to it. */
  lookup(type: string, recipient: Recipient, wireName: string): EncodedResource | undefined;
}
