/**
 * The mass-change brake: may a source delete this much at once? A source that lost its store, was restored from an old copy
 * or is another one altogether looks exactly like one whose operator deleted everything. Pure; counts are per type and
 * origin, so that a large type cannot hide a small one that vanishes.
 */
import { CONFIG_TYPE, type SourceVerdict } from "./sync-source.ts";

/** Of a first response: it is destructive by protocol, whatever is missing in it is gone. */
export const INITIAL_DELETIONS_MIN = 2;
/** Of a later response, which names what it deletes. */
export const LATER_DELETIONS_MIN = 20;
export const DELETIONS_MIN_PERCENT = 30;

export interface BrakeQuestion {
  readonly type: string;
  readonly origin: string;
  /** First response of the type on the stream. */
  readonly isInitial: boolean;
  /** Rows that would be gone after this response, those already kept back included. */
  readonly deletions: number;
  /** Rows of the type and origin that are stored now. */
  readonly total: number;
  readonly source: SourceVerdict;
}

/**
 * - `bulk`: too much at once.
 * - `identity`: the source is not, or not yet, known to be the one that provided the rows.
 * - `mesh`: the deletion of a mesh that takes much with it (mesh-weight.ts).
 */
export type HoldCause = "bulk" | "identity" | "mesh";

export type BrakeDecision =
  | { readonly kind: "allow" }
  | { readonly kind: "hold"; readonly cause: HoldCause; readonly reason: string };

export function decideDeletions(question: BrakeQuestion): BrakeDecision {
  const { type, isInitial, deletions, total, source } = question;
  if (deletions === 0) return { kind: "allow" };
  // The cluster id is what tells sources apart: another source does not delete it bit by bit either.
  if ((isInitial || type === CONFIG_TYPE) && source.kind === "other") {
    return { kind: "hold", cause: "identity", reason: source.reason };
  }
  if (isBulk(isInitial, deletions, total)) {
    const what = isInitial ? "the first response lacks" : "one response removes";
    return { kind: "hold", cause: "bulk", reason: `${what} ${deletions} of ${total}` };
  }
  if (isInitial && source.kind === "unproven") {
    return { kind: "hold", cause: "identity", reason: "the source has not shown its cluster id" };
  }
  return { kind: "allow" };
}

export function isBulk(isInitial: boolean, deletions: number, total: number): boolean {
  const min = isInitial ? INITIAL_DELETIONS_MIN : LATER_DELETIONS_MIN;
  return deletions >= min && deletions * 100 >= DELETIONS_MIN_PERCENT * total;
}
