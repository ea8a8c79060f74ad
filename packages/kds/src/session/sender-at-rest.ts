/** How a type of a sender session is kept while there is nothing to tell, nothing in flight and nothing refused. */
import type { SenderTypeState } from "./sender-state.ts";
import { NO_ENTRIES } from "./sparse-map.ts";
import { numberOf, type RestingForm, valueOf } from "./type-rows.ts";

/** The session's own, writable view of a type. */
export type OwnType = { -readonly [K in keyof SenderTypeState]: SenderTypeState[K] } & {
  /** From the first request, until it is answered. */
  initialVersions: ReadonlyMap<string, string> | undefined;
};

const NO_HOLDS: readonly string[] = [];

export const SENDER_AT_REST: RestingForm<OwnType> = {
  width: 8,
  isAtRest: (row) =>
    row.phase === "idle" &&
    row.named === undefined &&
    row.initialVersions === undefined &&
    row.cursor !== undefined &&
    row.cursor.isPartial === undefined &&
    row.cursor.revision === row.acked?.revision &&
    row.cursor.position === row.acked.position &&
    row.flight === undefined &&
    !row.owesAnswer &&
    row.pendingSince === undefined &&
    row.unconfirmedSince === undefined &&
    row.rejected.size === 0 &&
    row.held.length === 0 &&
    row.heldSince === undefined &&
    row.oversizeBytes === undefined &&
    row.lastNack === undefined,
  rest: ({ cursor, subscribedAt, responses, acks, nacks, bytes, lastAckAt }) => [
    numberOf(cursor?.revision),
    numberOf(cursor?.position),
    subscribedAt,
    responses,
    acks,
    nacks,
    bytes,
    numberOf(lastAckAt),
  ],
  wake(type, at) {
    const cursor = { revision: at(0), position: at(1) };
    return {
      ...blankSenderType(type, at(2)),
      phase: "idle",
      cursor,
      acked: cursor,
      responses: at(3),
      acks: at(4),
      nacks: at(5),
      bytes: at(6),
      lastAckAt: valueOf(at(7)),
    };
  },
};

/** A type that was just asked for. */
export function blankSenderType(type: string, subscribedAt: number): OwnType {
  return {
    type,
    phase: "unsubscribed",
    named: undefined,
    initialVersions: undefined,
    cursor: undefined,
    acked: undefined,
    flight: undefined,
    owesAnswer: false,
    pendingSince: undefined,
    unconfirmedSince: undefined,
    subscribedAt,
    rejected: NO_ENTRIES,
    held: NO_HOLDS,
    heldSince: undefined,
    oversizeBytes: undefined,
    responses: 0,
    acks: 0,
    nacks: 0,
    bytes: 0,
    lastAckAt: undefined,
    lastNack: undefined,
  };
}
