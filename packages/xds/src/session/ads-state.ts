/** Events, effects and state of an ADS session (ads-session.ts). */
import type { EncodedResource } from "../content/encoded-resource.ts";
import type { ResourcePool } from "../content/resource-pool.ts";
import type { ResourceSet } from "../content/resource-set.ts";
import type { ProxySnapshot } from "../proxy-snapshot.ts";
import type { TypeUrl } from "../type-urls.ts";
import type { Subscription } from "./subscription.ts";

/** `state`: StreamAggregatedResources, state of the world. `delta`: DeltaAggregatedResources. */
export type AdsVariant = "state" | "delta";

export interface AdsRequest {
  readonly typeUrl: TypeUrl;
  /** "" when absent. */
  readonly nonce: string;
  /** Present: this is a NACK. */
  readonly error: string | undefined;
  readonly interest: StateInterest | DeltaInterest;
}

export interface StateInterest {
  readonly variant: "state";
  /** Undefined: the same as in the request before. */
  readonly names: readonly string[] | undefined;
}

export interface DeltaInterest {
  readonly variant: "delta";
  readonly subscribe: readonly string[];
  readonly unsubscribe: readonly string[];
  /** Name -> version that the peer has from an earlier stream. Honoured in the first request of a type. */
  readonly initialVersions: Readonly<Record<string, string>>;
}

export type AdsEvent =
  | ({ readonly kind: "request" } & AdsRequest)
  | { readonly kind: "snapshot"; readonly snapshot: ProxySnapshot }
  /** The stream takes no more for now; nothing is sent until `drained`. */
  | { readonly kind: "blocked" }
  | { readonly kind: "drained" }
  /** The time that a `wakeAt` asked for has come. */
  | { readonly kind: "woken" }
  | { readonly kind: "closed" };

export type AdsEffect =
  | AdsSend
  /** `woken` is wanted at this time, and no earlier one that was asked for before. */
  | { readonly kind: "wakeAt"; readonly at: number }
  | {
      readonly kind: "endStream";
      readonly code: "INVALID_ARGUMENT" | "RESOURCE_EXHAUSTED";
      readonly message: string;
    }
  | ({ readonly kind: "note" } & AdsNote);

export interface AdsSend {
  readonly kind: "send";
  readonly typeUrl: TypeUrl;
  readonly nonce: string;
  /** Of everything that the peer has after this response. */
  readonly version: string;
  readonly content: WholeContent | PartialContent;
}

/** State of the world: what is not in it is gone. Of types that are told in parts: all that there is, to a peer that has nothing. */
export interface WholeContent {
  readonly form: "whole";
  readonly resources: ResourceSet;
}

export interface PartialContent {
  readonly form: "part";
  readonly upserts: readonly EncodedResource[];
  /** Empty in the state-of-the-world variant. */
  readonly removals: readonly string[];
}

/** For counters, insights, metrics and logs. */
export type AdsNote =
  | { readonly note: "acked"; readonly typeUrl: TypeUrl; readonly nonce: string; readonly sentAt: number }
  | {
      readonly note: "nacked";
      readonly typeUrl: TypeUrl;
      readonly nonce: string;
      readonly version: string;
      readonly message: string;
      /** Resources that the message names; empty: it names none, and everything that was new is suspect. */
      readonly resources: readonly string[];
    }
  /** Nonce of a response that is no longer in flight. */
  | { readonly note: "staleNonce"; readonly typeUrl: TypeUrl; readonly nonce: string }
  /** Nonce that this stream never issued. */
  | { readonly note: "foreignNonce"; readonly typeUrl: TypeUrl; readonly nonce: string }
  /** The peer has acknowledged everything of a snapshot, except for what it rejected. */
  | {
      readonly note: "converged";
      readonly revision: number;
      readonly changedAt: number | undefined;
      readonly isRejecting: boolean;
    };

export interface AdsContext {
  /** Wall clock, ms. */
  readonly now: number;
}

export interface AdsOptions {
  readonly variant: AdsVariant;
  readonly pool: ResourcePool;
  /** Longest pause between a NACK and the next content of the type, ms. */
  readonly nackBackoffMs: number;
  /** Wall clock, ms. */
  readonly openedAt: number;
}

/**
 * - `idle`: told everything that is wanted and acceptable; nothing in flight.
 * - `flying`: one response waits for its ACK or NACK.
 * - `waiting`: there is something to tell or to answer, but there is no snapshot yet, the stream is blocked, an earlier type has to go
 *   first, or the content changed too soon after a NACK.
 */
export type AdsPhase = "unsubscribed" | "idle" | "flying" | "waiting";

export interface AdsFlight {
  readonly nonce: string;
  /** What the peer was told before. */
  readonly before: ResourceSet;
  /** What it has when it acknowledges. */
  readonly wanted: ResourceSet;
  /** The part of the snapshot that it was made from. */
  readonly target: ResourceSet;
  /** Of clusters: the endpoints of the same snapshot, with which Envoy warms them. */
  readonly endpoints: ResourceSet | undefined;
  readonly sentAt: number;
  /** Names that are to be told again whatever becomes of the flight. */
  readonly forgotten: readonly string[];
}

/** Content that the peer rejected: not told again until it changes. */
export interface AdsRejection {
  readonly version: string;
  readonly message: string;
  readonly since: number;
  /** What the peer had before, and keeps. */
  readonly lastGood: EncodedResource | undefined;
  /** Set when the message named no resource: this one is only suspect, as long as the type has this content. */
  readonly content: ResourceSet | undefined;
}

export interface AdsTypeState {
  readonly typeUrl: TypeUrl;
  readonly phase: AdsPhase;
  readonly subscription: Subscription;
  /** What the peer was told on this stream, the flight included. */
  readonly told: ResourceSet;
  readonly flight: AdsFlight | undefined;
  /** Of the last response; "" before the first. */
  readonly lastNonce: string;
  /** A response is owed even if it is empty. */
  readonly owesAnswer: boolean;
  /** Delta: names to be answered, with `removed` if they do not exist. */
  readonly asked: ReadonlySet<string>;
  /** By name; nearly always empty. */
  readonly rejected: ReadonlyMap<string, AdsRejection>;
  /** Names of which nobody knows whether the peer took the content of a rejected response, and what it had before. */
  readonly unsure: ReadonlyMap<string, EncodedResource | undefined>;
  readonly nacksInRow: number;
  /** Content other than this one is not sent before `notBefore`, ms. */
  readonly pausedContent: ResourceSet | undefined;
  readonly notBefore: number;
  readonly responses: number;
  readonly acks: number;
  readonly nacks: number;
  readonly lastNack: { readonly at: number; readonly message: string } | undefined;
}

export interface AdsState {
  readonly variant: AdsVariant;
  readonly isClosed: boolean;
  readonly isBlocked: boolean;
  readonly snapshot: ProxySnapshot | undefined;
  readonly types: ReadonlyMap<TypeUrl, AdsTypeState>;
  /** Number of responses sent on the stream; the last nonce. */
  readonly responses: number;
  readonly requests: number;
  /** Revision of the last snapshot that the peer has completely. */
  readonly convergedAt: number | undefined;
  readonly openedAt: number;
}
