/** How a type of a receiver session is kept while everything that came is stored and answered. */
import type { ReceivedResponse, ReceiverTypeState } from "./receiver-state.ts";
import { NO_ENTRIES } from "./sparse-map.ts";
import { numberOf, type RestingForm, valueOf } from "./type-rows.ts";

/** The session's own, writable view of a type. */
export type OwnReceiverType = {
  -readonly [K in Exclude<keyof ReceiverTypeState, "queue">]: ReceiverTypeState[K];
} & {
  queue: ReceivedResponse[];
  toldHolds: readonly string[];
};

const NO_HOLDS: readonly string[] = [];
/** As all known senders make them. */
const COUNTED_NONCE = /^(?:[1-9]\d{0,14})?$/;

export const RECEIVER_AT_REST: RestingForm<OwnReceiverType> = {
  width: 9,
  isAtRest: (row) =>
    (row.phase === "idle" || row.phase === "subscribed") &&
    row.isInitialDone === (row.phase === "idle") &&
    row.applying === undefined &&
    row.applyingSince === undefined &&
    row.queue.length === 0 &&
    row.lastNack === undefined &&
    row.rejected.size === 0 &&
    row.holds.length === 0 &&
    row.heldSince === undefined &&
    row.toldHolds.length === 0 &&
    COUNTED_NONCE.test(row.lastNonce),
  rest: ({ phase, received, acks, bytes, subscribedAt, lastNonce, lastReceivedAt, lastAppliedAt, nacks }) => [
    phase === "idle" ? 1 : 0,
    subscribedAt,
    received,
    acks,
    nacks,
    bytes,
    Number(lastNonce),
    numberOf(lastReceivedAt),
    numberOf(lastAppliedAt),
  ],
  wake(type, at) {
    const isIdle = at(0) === 1;
    return {
      ...blankReceiverType(type, at(1)),
      phase: isIdle ? "idle" : "subscribed",
      isInitialDone: isIdle,
      received: at(2),
      acks: at(3),
      nacks: at(4),
      bytes: at(5),
      lastNonce: at(6) === 0 ? "" : String(at(6)),
      lastReceivedAt: valueOf(at(7)),
      lastAppliedAt: valueOf(at(8)),
    };
  },
};

/** A type before it is subscribed. */
export function blankReceiverType(type: string, subscribedAt: number): OwnReceiverType {
  return {
    type,
    phase: "unsubscribed",
    isInitialDone: false,
    applying: undefined,
    applyingSince: undefined,
    queue: [],
    received: 0,
    acks: 0,
    nacks: 0,
    bytes: 0,
    subscribedAt,
    lastNonce: "",
    lastReceivedAt: undefined,
    lastAppliedAt: undefined,
    lastNack: undefined,
    rejected: NO_ENTRIES,
    holds: NO_HOLDS,
    heldSince: undefined,
    toldHolds: NO_HOLDS,
  };
}
