/**
 * Receiver session: one per stream on which this side receives responses. Pure, like the sender session; the rules and
 * their proofs: SPEC.md. An ACK is sent only after the applier has committed.
 */
import type { ApplyOutcome, ReceivedBatch, ReceivedResource, Rejection } from "./received-resource.ts";
import type { EndCode } from "./sender.ts";

export type ReceiverEvent =
  /** The stream is open. `firstType` (a zone: `Config`) is subscribed alone until it is applied or `waited` comes. */
  | { readonly kind: "opened"; readonly types: readonly string[]; readonly firstType?: string }
  /** The time asked for by the `wait` effect is over. */
  | { readonly kind: "waited" }
  | {
      readonly kind: "response";
      readonly type: string;
      readonly nonce: string;
      readonly upserts: readonly ReceivedResource[];
      readonly removed: readonly string[];
      readonly invalid: readonly Rejection[];
      readonly intents: readonly string[];
      /** Size of the message. */
      readonly bytes: number;
    }
  | { readonly kind: "applied"; readonly type: string; readonly nonce: string; readonly outcome: ApplyOutcome }
  /** The store refused the commit: nothing of the batch is stored. */
  | { readonly kind: "storeFailed"; readonly type: string; readonly nonce: string; readonly reason: string }
  /** Holds that concern the type opened, changed or ended outside of a batch. */
  | { readonly kind: "held"; readonly type: string; readonly holds: readonly string[] }
  | { readonly kind: "closed" };

export type ReceiverEffect =
  /** Wildcard subscription with full node metadata. */
  | { readonly kind: "subscribe"; readonly type: string }
  /** Report `waited` after this time. */
  | { readonly kind: "wait"; readonly ms: number }
  | { readonly kind: "apply"; readonly batch: ReceivedBatch }
  /** `held` is set only towards peers that take holds, and only when it is to be told. */
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

export type ReceiverNote =
  | { readonly note: "applied"; readonly type: string; readonly outcome: ApplyOutcome }
  | { readonly note: "rejected"; readonly type: string; readonly rejections: readonly Rejection[] }
  /** A response of a type that was never subscribed or that the peer does not provide. */
  | { readonly note: "refusedType"; readonly type: string }
  | { readonly note: "lateResult"; readonly type: string; readonly nonce: string };

export interface ReceiverContext {
  /** Wall clock, ms. */
  readonly now: number;
}

export interface ReceiverOptions {
  /** The zone of the stream: on a zone itself, on the global the peer. */
  readonly zone: string;
  /** The peer announced `holds` in `isthmus-features`. */
  readonly takesHolds: boolean;
  readonly openedAt: number;
}

export interface ReceivedRejection extends Rejection {
  readonly version: string;
  readonly since: number;
}

/** `subscribed`: no response yet; `idle`: at least one was applied, none under way. */
export type ReceiverPhase = "unsubscribed" | "subscribed" | "idle" | "applying";

export interface ReceiverTypeState {
  readonly type: string;
  readonly phase: ReceiverPhase;
  /** The first response was answered: later ones are increments. */
  readonly isInitialDone: boolean;
  readonly applying: { readonly nonce: string; readonly since: number; readonly count: number } | undefined;
  readonly queued: number;
  readonly received: number;
  readonly acks: number;
  readonly nacks: number;
  readonly bytes: number;
  readonly subscribedAt: number;
  readonly lastReceivedAt: number | undefined;
  readonly lastAppliedAt: number | undefined;
  readonly lastNack: { readonly at: number; readonly message: string } | undefined;
  /** By wire name; cleared when the source sends or removes it again. */
  readonly rejected: ReadonlyMap<string, ReceivedRejection>;
  readonly holds: readonly string[];
}

export interface ReceiverState {
  readonly zone: string;
  readonly isClosed: boolean;
  readonly openedAt: number;
  readonly types: ReadonlyMap<string, ReceiverTypeState>;
}

export declare function createReceiver(options: ReceiverOptions): ReceiverState;

/** Changes `state` and returns what the shell has to do, in order. */
export declare function stepReceiver(
  state: ReceiverState,
  event: ReceiverEvent,
  context: ReceiverContext,
): readonly ReceiverEffect[];
