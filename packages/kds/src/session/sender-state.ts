/** Events, effects and state of the sender session (sender.ts). */
import type { Cursor, EncodedResource, OutboxView } from "../feed/outbox-view.ts";
import type { FeatureSet } from "../mapping/features.ts";
import type { SentVersions } from "./sent-versions.ts";
import type { ReadableRows } from "./type-rows.ts";

export interface SenderRequest {
  readonly type: string;
  /** "" when absent. */
  readonly nonce: string;
  readonly subscribe: readonly string[];
  readonly unsubscribe: readonly string[];
  /** Wire name -> version that the receiver says it has. Honoured on the first request of a type. */
  readonly initialVersions: ReadonlyMap<string, string>;
  /** Present: this is a NACK. */
  readonly error: string | undefined;
  /** Node features, when the request carries node metadata; only the first request of the stream counts. */
  readonly features: FeatureSet | undefined;
  /** Ids of the holds that keep parts of this type back; undefined from peers that do not tell. */
  readonly held: readonly string[] | undefined;
}

export type SenderEvent =
  | ({ readonly kind: "request" } & SenderRequest)
  /** The outbox moved on; told once per commit. */
  | {
      readonly kind: "changed";
      readonly types: ReadonlySet<string>;
      readonly revision: number;
      readonly committedAt: number;
    }
  /** The stream takes no more for now; nothing is sent until `drained`. */
  | { readonly kind: "blocked" }
  | { readonly kind: "drained" }
  | { readonly kind: "closed" };

/** gRPC status names that a session ends a stream with. */
export type EndCode = "INVALID_ARGUMENT" | "RESOURCE_EXHAUSTED" | "ABORTED" | "INTERNAL" | "UNAVAILABLE";

export type SenderEffect =
  | {
      readonly kind: "send";
      readonly type: string;
      readonly nonce: string;
      /** First response of the type on this stream. */
      readonly initial: boolean;
      readonly upserts: readonly EncodedResource[];
      readonly removals: readonly string[];
      /** Empty unless the peer takes intents. */
      readonly intents: readonly string[];
      /** Sum of the chunk lengths. */
      readonly bytes: number;
    }
  | { readonly kind: "endStream"; readonly code: EndCode; readonly message: string }
  | ({ readonly kind: "note" } & SenderNote);

/** For counters, metrics and logs. */
export type SenderNote =
  | {
      readonly note: "acked";
      readonly type: string;
      readonly nonce: string;
      /** Age of the oldest change that is now known to be stored, ms; undefined for an empty response. */
      readonly changeToStoredMs: number | undefined;
    }
  | { readonly note: "nacked"; readonly type: string; readonly nonce: string; readonly message: string }
  /** A nonce of a response that is no longer in flight: ignored. */
  | { readonly note: "staleNonce"; readonly type: string; readonly nonce: string }
  /** A nonce that was never issued: releases the flight, confirms nothing. */
  | { readonly note: "foreignNonce"; readonly type: string; readonly nonce: string }
  | { readonly note: "unknownType"; readonly type: string }
  | { readonly note: "oversize"; readonly type: string; readonly bytes: number; readonly limit: number };

export interface SenderContext {
  /** The outbox variant for a peer that announced these features. */
  readonly outboxFor: (features: FeatureSet) => OutboxView;
  readonly maxMessageBytes: number;
  /** Wall clock, ms. */
  readonly now: number;
}

export interface SenderOptions {
  /** The peer: zone name of the stream (`client-id`), also on the zone's own sender. */
  readonly zone: string;
  /** Assumed when the first request carries no node metadata. */
  readonly features: FeatureSet;
  /** The peer announced `intent` in `isthmus-features`. */
  readonly takesIntents: boolean;
  /** Wall clock, ms. */
  readonly openedAt: number;
}

export interface Flight {
  readonly nonce: string;
  /** Where the peer stands once this is acknowledged. */
  readonly cursor: Cursor;
  readonly sentAt: number;
  readonly oldestChangeAt: number | undefined;
  readonly bytes: number;
  readonly upserts: SentVersions;
  readonly removals: readonly string[];
}

/** Content that the receiver rejected: not sent again until it changes. */
export interface SentRejection {
  readonly version: string;
  readonly message: string;
  /** False when the NACK did not name the resource, and others of the same response are as suspect. */
  readonly isCertain: boolean;
  readonly since: number;
  /** Commit time of the oldest change of the rejected response. */
  readonly changedAt: number;
}

/**
 * - `idle`: told everything, nothing in flight.
 * - `flying`: one response waits for its ACK or NACK.
 * - `waiting`: there is something to tell, but the stream takes no more.
 * - `oversize`: what there is to tell does not fit one message.
 */
export type SenderPhase = "unsubscribed" | "idle" | "flying" | "waiting" | "oversize";

/** A subscription to some names instead of all; what a peer was told is remembered per name. */
export interface NamedSubscription {
  readonly names: ReadonlySet<string>;
  /** Wire name -> version sent. */
  readonly known: ReadonlyMap<string, string>;
}

/** State of one subscribed type. Read by the ledger, written by the session only. */
export interface SenderTypeState {
  readonly type: string;
  readonly phase: SenderPhase;
  /** Undefined: wildcard, as every Kuma and Isthmus peer subscribes. */
  readonly named: NamedSubscription | undefined;
  /** Told up to here; undefined before the first response. */
  readonly cursor: Cursor | undefined;
  /** Stored by the receiver up to here, but for `rejected` and `held`. */
  readonly acked: Cursor | undefined;
  readonly flight: Flight | undefined;
  /** A response is owed even if it is empty. */
  readonly owesAnswer: boolean;
  /** Commit time of the first change that concerns the peer and is in no response yet. */
  readonly pendingSince: number | undefined;
  /** Oldest change of a response that was released without a valid ACK. */
  readonly unconfirmedSince: number | undefined;
  readonly subscribedAt: number;
  /** By wire name; `""` stands for the type as a whole, `"*"` for more than are listed. */
  readonly rejected: ReadonlyMap<string, SentRejection>;
  readonly held: readonly string[];
  /** Commit time of the oldest change of the response that was held, or when the hold was told. */
  readonly heldSince: number | undefined;
  readonly oversizeBytes: number | undefined;
  readonly responses: number;
  readonly acks: number;
  readonly nacks: number;
  readonly bytes: number;
  readonly lastAckAt: number | undefined;
  readonly lastNack: { readonly at: number; readonly message: string } | undefined;
}

export interface SenderState {
  readonly zone: string;
  readonly features: FeatureSet;
  readonly takesIntents: boolean;
  readonly isClosed: boolean;
  readonly isBlocked: boolean;
  readonly openedAt: number;
  /** Number of responses sent on the stream; the last nonce. */
  readonly responses: number;
  readonly requests: number;
  readonly types: ReadableRows<SenderTypeState>;
  /** When the peer last confirmed or rejected something: what the stuck-stream watchdog looks at. */
  readonly lastProgressAt: number;
}
