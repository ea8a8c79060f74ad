/** Events, effects and state of the receiver session (receiver.ts). */
import type { ApplyOutcome, ReceivedBatch, ReceivedResource, Rejection } from "./received-resource.ts";
import type { EndCode } from "./sender-state.ts";
import type { ReadableRows } from "./type-rows.ts";

export type ReceiverEvent =
  /** The stream is open. `firstType` (a zone: `Config`) is subscribed alone until it is applied or `waited` comes. */
  | { readonly kind: "opened"; readonly types: readonly string[]; readonly firstType?: string }
  /** The time asked for by the `wait` effect is over. */
  | { readonly kind: "waited" }
  | ({ readonly kind: "response" } & ReceivedResponse)
  /** The batch is committed: only now it may be acknowledged. */
  | { readonly kind: "applied"; readonly type: string; readonly nonce: string; readonly outcome: ApplyOutcome }
  /** The store refused the commit: nothing of the batch is stored. */
  | { readonly kind: "storeFailed"; readonly type: string; readonly nonce: string; readonly reason: string }
  /** Holds that concern the type opened or ended outside of a batch. */
  | { readonly kind: "held"; readonly type: string; readonly holds: readonly string[] }
  /** The peer's headers came after the stream was opened, as they do on a client: whether it takes `held`. */
  | { readonly kind: "introduced"; readonly takesHolds: boolean }
  | { readonly kind: "closed" };

/** A decoded response (wire/response.ts makes it). */
export interface ReceivedResponse {
  readonly type: string;
  readonly nonce: string;
  readonly upserts: readonly ReceivedResource[];
  readonly removed: readonly string[];
  readonly invalid: readonly Rejection[];
  readonly intents: readonly string[];
  /** Size of the message. */
  readonly bytes: number;
}

export type ReceiverEffect =
  /** Wildcard subscription with full node metadata. */
  | { readonly kind: "subscribe"; readonly type: string }
  /** Report `waited` after this time. */
  | { readonly kind: "wait"; readonly ms: number }
  | { readonly kind: "apply"; readonly batch: ReceivedBatch }
  /** `held` is undefined towards peers that do not take it. */
  | {
      readonly kind: "ack";
      readonly type: string;
      readonly nonce: string;
      readonly held: readonly string[] | undefined;
    }
  | {
      readonly kind: "nack";
      readonly type: string;
      readonly nonce: string;
      readonly message: string;
      readonly held: readonly string[] | undefined;
    }
  | { readonly kind: "endStream"; readonly code: EndCode; readonly message: string }
  | ({ readonly kind: "note" } & ReceiverNote);

/** For counters, metrics and logs. */
export type ReceiverNote =
  | { readonly note: "applied"; readonly type: string; readonly outcome: ApplyOutcome }
  | { readonly note: "rejected"; readonly type: string; readonly rejections: readonly Rejection[] }
  /** A response of a type that was never subscribed or that the peer does not provide. */
  | { readonly note: "refusedType"; readonly type: string }
  /** A result for a batch that the session does not wait for: a bug of the shell, harmless here. */
  | { readonly note: "strayResult"; readonly type: string; readonly nonce: string };

export interface ReceiverContext {
  /** Wall clock, ms. */
  readonly now: number;
}

export interface ReceiverOptions {
  /** The zone of the stream: on a zone itself, on the global the peer. */
  readonly zone: string;
  /** The peer announced `holds` in `isthmus-features`. */
  readonly takesHolds: boolean;
  /** Wall clock, ms. */
  readonly openedAt: number;
}

export interface ReceivedRejection extends Rejection {
  readonly version: string;
  readonly since: number;
}

/**
 * - `subscribed`: no response yet.
 * - `applying`: one batch is with the applier, later ones of the type queue up.
 * - `idle`: everything that came is answered.
 */
export type ReceiverPhase = "unsubscribed" | "subscribed" | "applying" | "idle";

/** State of one subscribed type. Read by the ledger, written by the session only. */
export interface ReceiverTypeState {
  readonly type: string;
  readonly phase: ReceiverPhase;
  /** The first response was answered: later ones are increments. */
  readonly isInitialDone: boolean;
  readonly applying: ReceivedBatch | undefined;
  readonly applyingSince: number | undefined;
  readonly queue: readonly ReceivedResponse[];
  readonly received: number;
  readonly acks: number;
  readonly nacks: number;
  readonly bytes: number;
  readonly subscribedAt: number;
  readonly lastNonce: string;
  readonly lastReceivedAt: number | undefined;
  readonly lastAppliedAt: number | undefined;
  readonly lastNack: { readonly at: number; readonly message: string } | undefined;
  /** By wire name; an entry goes when the source says something else about the resource. */
  readonly rejected: ReadonlyMap<string, ReceivedRejection>;
  readonly holds: readonly string[];
  readonly heldSince: number | undefined;
}

export interface ReceiverState {
  readonly zone: string;
  readonly takesHolds: boolean;
  readonly isClosed: boolean;
  readonly openedAt: number;
  readonly types: ReadableRows<ReceiverTypeState>;
  /** Types held back until `firstType` is applied. */
  readonly deferred: readonly string[];
  readonly firstType: string | undefined;
  readonly queuedBytes: number;
  readonly refused: number;
}
