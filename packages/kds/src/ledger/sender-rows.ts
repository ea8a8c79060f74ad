/**
 * Ledger of a sender session: what the peer is known to have stored. Computed from the session's own state, so the
 * ledger cannot disagree with the protocol.
 */
import type { OutboxView } from "../feed/outbox-view.ts";
import type { SenderState, SenderTypeState } from "../session/sender-state.ts";
import { earliest, recipientOf } from "../session/sender-tell.ts";
import type { SyncRejection, SyncRow, SyncState } from "./sync-status.ts";

/** After this time a type that was not asked for is one that the peer does not take, not one that is still to come. */
export const SUBSCRIBE_GRACE_MS = 10_000;
/** Rejections that a row lists; `pendingResources` counts them all. */
export const REJECTIONS_SHOWN_MAX = 100;
const TEXT_SHOWN_MAX = 2_000;

export interface SenderRowsContext {
  /** The variant that the session reads. */
  readonly outbox: OutboxView;
  readonly direction: SyncRow["direction"];
  /** Wall clock, ms. */
  readonly now: number;
}

/** One row per type that this side provides, in order of type. */
export function senderRows(state: SenderState, context: SenderRowsContext): readonly SyncRow[] {
  const rows: SyncRow[] = [];
  for (const type of context.outbox.types().toSorted()) {
    const record = state.types.get(type);
    rows.push(record === undefined ? unsubscribedRow(type, state, context) : subscribedRow(record, state, context));
  }
  return rows;
}

function subscribedRow(record: SenderTypeState, state: SenderState, context: SenderRowsContext): SyncRow {
  const head = context.outbox.head(record.type);
  const unstoredSince = earliest(pendingSince(record), earliest(rejectedSince(record), record.heldSince));
  return {
    zone: state.zone,
    direction: context.direction,
    side: "sender",
    type: record.type,
    state: stateOf(record),
    head: head.revision,
    sent: record.cursor?.revision ?? 0,
    acknowledged: record.acked?.revision ?? 0,
    oldestUnackedSeconds: secondsSince(unstoredSince, context.now),
    pendingResources: pendingResources(record, state, context.outbox),
    resources:
      record.named === undefined ? context.outbox.count(record.type, recipientOf(state)) : record.named.known.size,
    responses: record.responses,
    acks: record.acks,
    nacks: record.nacks,
    bytes: record.bytes,
    held: record.held.length,
    rejected: rejections(record),
    ...(head.at === 0 ? {} : { lastChangeAt: head.at }),
    ...(record.lastAckAt === undefined ? {} : { lastAckAt: record.lastAckAt }),
    ...shownNack(record.lastNack),
  };
}

function unsubscribedRow(type: string, state: SenderState, context: SenderRowsContext): SyncRow {
  const isYoung = context.now - state.openedAt < SUBSCRIBE_GRACE_MS;
  const head = context.outbox.head(type);
  const resources = context.outbox.count(type, recipientOf(state));
  return {
    zone: state.zone,
    direction: context.direction,
    side: "sender",
    type,
    state: isYoung ? "pending" : "unsubscribed",
    head: head.revision,
    sent: 0,
    acknowledged: 0,
    oldestUnackedSeconds: isYoung ? secondsSince(state.openedAt, context.now) : 0,
    pendingResources: isYoung ? resources : 0,
    resources,
    responses: 0,
    acks: 0,
    nacks: 0,
    bytes: 0,
    held: 0,
    rejected: [],
    ...(head.at === 0 ? {} : { lastChangeAt: head.at }),
  };
}

/** What time will heal comes before what a person has to: a waiting reader must not take a rejection for the end. */
function stateOf(record: SenderTypeState): SyncState {
  if (record.oversizeBytes !== undefined) return "oversize";
  if (pendingSince(record) !== undefined) return "pending";
  if (record.rejected.size > 0) return "rejected";
  return record.held.length > 0 ? "held" : "synced";
}

/** An unacknowledged first response counts even if it is empty: it may have deletions to make. */
function pendingSince(record: SenderTypeState): number | undefined {
  const changed = earliest(record.flight?.oldestChangeAt, earliest(record.pendingSince, record.unconfirmedSince));
  return record.acked === undefined ? earliest(changed, record.subscribedAt) : changed;
}

function rejectedSince(record: SenderTypeState): number | undefined {
  let since: number | undefined;
  for (const rejection of record.rejected.values()) since = earliest(since, rejection.changedAt);
  return since;
}

function pendingResources(record: SenderTypeState, state: SenderState, outbox: OutboxView): number {
  const recipient = recipientOf(state);
  const { flight } = record;
  const inFlight = new Set([...(flight?.upserts.names() ?? []), ...(flight?.removals ?? [])]);
  if (record.named !== undefined) return inFlight.size + (record.pendingSince === undefined ? 0 : 1);
  if (record.cursor === undefined) return outbox.count(record.type, recipient);
  // Not simply what changed since `acked`: of what is in flight the peer may already hold something that it has lost since.
  let count = inFlight.size + outbox.pending(record.type, recipient, record.cursor, { excluding: inFlight }).count;
  if (record.unconfirmedSince !== undefined && record.acked !== undefined) {
    count = Math.max(count, outbox.pending(record.type, recipient, record.acked).count);
  }
  for (const [wireName, rejection] of record.rejected) {
    // Rejected content that has changed since is already counted as a change.
    const isStandIn = rejection.version === "";
    if (isStandIn || outbox.lookup(record.type, recipient, wireName)?.version === rejection.version) count += 1;
  }
  return count;
}

/** The start of the text: a NACK of thousands of lines is for the log. */
export function shownNack(lastNack: SenderTypeState["lastNack"]): Pick<SyncRow, "lastNack"> {
  if (lastNack === undefined) return {};
  return { lastNack: { at: lastNack.at, message: lastNack.message.slice(0, TEXT_SHOWN_MAX) } };
}

function rejections(record: SenderTypeState): readonly SyncRejection[] {
  const shown: SyncRejection[] = [];
  for (const [wireName, { version, message, isCertain, since }] of record.rejected) {
    if (shown.length === REJECTIONS_SHOWN_MAX) break;
    shown.push({ wireName, version, reason: message.slice(0, TEXT_SHOWN_MAX), since, isCertain });
  }
  return shown;
}

function secondsSince(at: number | undefined, now: number): number {
  return at === undefined ? 0 : Math.max(0, (now - at) / 1000);
}
