/** What a receiver session hands to the applier, and what the applier answers. Pure data. */
import type { ResourceKey } from "@isthmus/resources";
import type { ResourceDraft } from "@isthmus/store";

/** One decoded and validated resource of a response, before the receiving side's own rules (attribution, names). */
export interface ReceivedResource {
  /** `<name>.<mesh>`, as the sender names it in removals. */
  readonly wireName: string;
  /** Opaque; changes when the content changes. */
  readonly version: string;
  /** Name, mesh, labels, canonical spec and status exactly as received. */
  readonly resource: ResourceDraft;
}

/**
 * - `undecodable`: the bytes are no resource of the type.
 * - `invalid`: decoded, but breaks the type's rules.
 * - `conflict`: the name is taken by a local row (Kuma's "user error").
 * - `refused`: the peer may not say this (a type it does not provide, a row of another zone).
 */
export type RejectionKind = "undecodable" | "invalid" | "conflict" | "refused";

/** One resource that was not stored. It is quarantined: the rest of its batch applies, and a NACK names it. */
export interface Rejection {
  readonly wireName: string;
  readonly kind: RejectionKind;
  readonly reason: string;
}

/** One response of one type, ready to be applied in one store commit. */
export interface ReceivedBatch {
  readonly type: string;
  readonly nonce: string;
  /** First response of the type on this stream: the full state, rows that it lacks are gone at the source. */
  readonly initial: boolean;
  readonly upserts: readonly ReceivedResource[];
  /** Wire names. */
  readonly removed: readonly string[];
  /** Already rejected while decoding; an invalid update leaves the stored copy in place. */
  readonly invalid: readonly Rejection[];
  /** From Isthmus senders: why rows were removed, `zone/<name>` or `mesh/<name>`. */
  readonly intents: readonly string[];
}

export interface ApplyOutcome {
  /** Rejected by the applier, in addition to the batch's `invalid`. */
  readonly rejected: readonly Rejection[];
  /** Rows of this batch that the brake keeps back. */
  readonly held: number;
  /** Ids of all open holds that concern the type after this batch. */
  readonly holds: readonly string[];
  readonly created: number;
  readonly updated: number;
  readonly deleted: number;
  /** Resources in which a forged zone attribution was overwritten. */
  readonly rewrites: number;
  readonly durationMs: number;
}

/** `<name>.<mesh>`; global-scoped resources end with a dot. Source: kuma v2.14.3: pkg/kds/v2/cache/snapshot.go. */
export function wireNameOf(key: { readonly name: string; readonly mesh: string }): string {
  return `${key.name}.${key.mesh}`;
}

/**
 * Splits at the last dot; a name without any dot is a global-scoped one.
 * Source: kuma v2.14.3: pkg/kds/v2/client/stream.go (mapRemovedResources).
 */
export function keyOfWireName(type: string, wireName: string): ResourceKey {
  const dot = wireName.lastIndexOf(".");
  if (dot === -1) return { type, mesh: "", name: wireName };
  return { type, mesh: wireName.slice(dot + 1), name: wireName.slice(0, dot) };
}
