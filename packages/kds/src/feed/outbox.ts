/**
 * Outbox: what a sender may send, kept once and shared by all its peers.
 */
import type { Registry, ResourceKey } from "@isthmus/resources";
import type { Revision, Store } from "@isthmus/store";
import type { FeatureSet, Recipient } from "../mapping/audience.ts";

/** One resource as it goes over the wire. Immutable: a change of content makes a new one. Shared by all peers. */
export interface EncodedResource {
  readonly wireName: string;
  /** Lowercase hex SHA-256 of the KumaResource bytes. */
  readonly version: string;
  /** One encoded `resources` element of DeltaDiscoveryResponse, tag and length included: responses concatenate them. */
  readonly chunk: Uint8Array;
}

/** How far a peer has been told about one type. Opaque to sessions but for `revision`. */
export interface Cursor {
  /** Everything up to this revision was told, or nothing of it concerned the peer. */
  readonly revision: Revision;
  /** Place in the change log; ahead of `revision` only while a large delta is told in parts. */
  readonly position: number;
}

export interface Delta {
  readonly upserts: readonly EncodedResource[];
  /** Wire names. */
  readonly removals: readonly string[];
  /** Why rows vanish, `zone/<name>` or `mesh/<name>`; distinct. */
  readonly intents: readonly string[];
  /** Where the peer stands once it has this. */
  readonly next: Cursor;
  /** False when more follows (the byte budget was reached). Never false for a full delta. */
  readonly isComplete: boolean;
  /** Sum of the chunk lengths. */
  readonly bytes: number;
  /** Wall clock, ms, of the oldest commit told here; undefined when nothing is told. */
  readonly oldestChangeAt: number | undefined;
}

export type DeltaResult =
  | ({ readonly kind: "delta" } & Delta)
  /** It does not fit one message: a full response of this size, or a single resource in an increment. */
  | { readonly kind: "oversize"; readonly bytes: number }
  /** The cursor is older than what the outbox remembers: the peer has to start over with a new stream. */
  | { readonly kind: "tooOld" };

export interface Pending {
  readonly count: number;
  readonly oldestChangeAt: number | undefined;
}

/** What sessions and the ledger read. All reads are of one moment: `revision`. */
export interface OutboxView {
  readonly revision: Revision;
  /** Whether this side provides the type at all. */
  provides(type: string): boolean;
  types(): readonly string[];
  /** Revision of the latest change of the type, and its time (ms); 0 when it never had any. */
  head(type: string): { readonly revision: Revision; readonly at: number };
  /** Number of resources of the type that the recipient is entitled to. */
  count(type: string, recipient: Recipient): number;
  /** Everything the recipient is entitled to; `cursor` undefined, or what changed for it since `cursor`. */
  delta(type: string, recipient: Recipient, cursor: Cursor | undefined, maxBytes: number): DeltaResult;
  /** How many changes after the cursor concern the recipient. */
  pending(type: string, recipient: Recipient, cursor: Cursor): Pending;
  /** The encoded resource of that name if the recipient is entitled to it. */
  lookup(type: string, recipient: Recipient, wireName: string): EncodedResource | undefined;
}

/** One commit, told once to every session. */
export interface OutboxChange {
  /** Types in which something changed for some peer. */
  readonly types: ReadonlySet<string>;
  readonly revision: Revision;
  /** Wall clock of the commit, ms. */
  readonly committedAt: number;
}

/** A resource that cannot be sent and was left out. */
export interface OutboxFailure {
  readonly key: ResourceKey;
  readonly reason: string;
}

export interface OutboxOptions {
  readonly registry: Registry;
  readonly store: Pick<Store, "revision" | "list" | "get" | "subscribe">;
  /** A global sends towards zones, the zone of that name towards its global. */
  readonly role: { readonly kind: "global" } | { readonly kind: "zone"; readonly zone: string };
  /** Labels with such a prefix are not synced (`...kds.labels.skipPrefixes`). */
  readonly skipLabelPrefixes?: readonly string[];
  /** False for zones whose node lacks `hash-suffix`. Towards the global names are always hashed. */
  readonly isHashed?: boolean;
  /** Called once per resource and content that cannot be sent. */
  readonly onFailure?: (failure: OutboxFailure) => void;
  /** A single resource above this is left out and reported. */
  readonly maxResourceBytes?: number;
}

export declare class Outbox implements OutboxView {
  constructor(options: OutboxOptions);
  /** Loads the store and follows its commits. Synchronous: afterwards the view is exact. */
  start(): void;
  stop(): void;
  /** Called after each commit that changed something for some peer. Returns the unsubscribe function. */
  subscribe(listener: (change: OutboxChange) => void): () => void;
  /**
   * Registers a reader: `lowestCursor` is asked for the lowest revision it still compares with (Infinity when it has
   * none) before tombstones are dropped. Returns the release function.
   */
  register(lowestCursor: () => Revision): () => void;

  readonly revision: Revision;
  provides(type: string): boolean;
  types(): readonly string[];
  head(type: string): { readonly revision: Revision; readonly at: number };
  count(type: string, recipient: Recipient): number;
  delta(type: string, recipient: Recipient, cursor: Cursor | undefined, maxBytes: number): DeltaResult;
  pending(type: string, recipient: Recipient, cursor: Cursor): Pending;
  lookup(type: string, recipient: Recipient, wireName: string): EncodedResource | undefined;
}

/** The two variants of one role: hashed names, and plain ones made on first need. */
export declare class OutboxPair {
  constructor(options: Omit<OutboxOptions, "isHashed">);
  start(): void;
  stop(): void;
  /** The variant for a peer that announced these features. */
  forFeatures(features: FeatureSet): Outbox;
}
