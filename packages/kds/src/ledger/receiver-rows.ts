/**
 * Ledger of a receiver session: whether everything that came is stored. How far behind the source this side is only the
 * source can tell.
 */
import type { ReceiverState, ReceiverTypeState } from "../session/receiver-state.ts";
import { earliest } from "../session/sender-tell.ts";
import { REJECTIONS_SHOWN_MAX, shownNack } from "./sender-rows.ts";
import type { SyncRow, SyncState } from "./sync-status.ts";

/** A Kuma zone that has nothing at all never answers; after this time its silence counts as "nothing to say". */
export const ANSWER_GRACE_MS = 10_000;

export interface ReceiverRowsContext {
  readonly direction: SyncRow["direction"];
  /** Wall clock, ms. */
  readonly now: number;
}

/** One row per type that was or will be subscribed, in order of type. */
export function receiverRows(state: ReceiverState, context: ReceiverRowsContext): readonly SyncRow[] {
  const rows: SyncRow[] = [];
  for (const record of state.types.values()) rows.push(rowOf(record, state, context));
  for (const type of state.deferred) if (!state.types.has(type)) rows.push(deferredRow(type, state, context));
  return rows.sort((a, b) => (a.type < b.type ? -1 : 1));
}

function rowOf(record: ReceiverTypeState, state: ReceiverState, context: ReceiverRowsContext): SyncRow {
  const since = earliest(pendingSince(record, context.now), earliest(rejectedSince(record), record.heldSince));
  return {
    ...emptyRow(record.type, state, context),
    state: stateOf(record, context.now),
    oldestUnackedSeconds: since === undefined ? 0 : Math.max(0, (context.now - since) / 1000),
    pendingResources: pendingResources(record),
    responses: record.received,
    acks: record.acks,
    nacks: record.nacks,
    bytes: record.bytes,
    held: record.holds.length,
    rejected: [...record.rejected.values()]
      .slice(0, REJECTIONS_SHOWN_MAX)
      .map(({ wireName, version, reason, since: at }) => ({ wireName, version, reason, since: at, isCertain: true })),
    ...(record.lastReceivedAt === undefined ? {} : { lastChangeAt: record.lastReceivedAt }),
    ...(record.lastAppliedAt === undefined ? {} : { lastAckAt: record.lastAppliedAt }),
    ...shownNack(record.lastNack),
  };
}

function deferredRow(type: string, state: ReceiverState, context: ReceiverRowsContext): SyncRow {
  return { ...emptyRow(type, state, context), oldestUnackedSeconds: (context.now - state.openedAt) / 1000 };
}

function emptyRow(type: string, state: ReceiverState, context: ReceiverRowsContext): SyncRow {
  return {
    zone: state.zone,
    direction: context.direction,
    side: "receiver",
    type,
    state: "pending",
    head: 0,
    sent: 0,
    acknowledged: 0,
    oldestUnackedSeconds: 0,
    pendingResources: 0,
    resources: 0,
    responses: 0,
    acks: 0,
    nacks: 0,
    bytes: 0,
    held: 0,
    rejected: [],
  };
}

function stateOf(record: ReceiverTypeState, now: number): SyncState {
  if (pendingSince(record, now) !== undefined) return "pending";
  if (record.rejected.size > 0) return "rejected";
  return record.holds.length > 0 ? "held" : "synced";
}

function pendingSince(record: ReceiverTypeState, now: number): number | undefined {
  if (record.phase === "applying") return record.applyingSince;
  if (record.phase === "subscribed" && now - record.subscribedAt < ANSWER_GRACE_MS) return record.subscribedAt;
  return undefined;
}

function rejectedSince(record: ReceiverTypeState): number | undefined {
  let since: number | undefined;
  for (const rejection of record.rejected.values()) since = earliest(since, rejection.since);
  return since;
}

function pendingResources(record: ReceiverTypeState): number {
  let count = record.rejected.size;
  const waiting = record.applying === undefined ? record.queue : [record.applying, ...record.queue];
  for (const batch of waiting) count += batch.upserts.length + batch.removed.length + batch.invalid.length;
  return count;
}
