/**
 * The one decision of a sender session: given where the peer stands and what the outbox holds, what is said now.
 */
import type { Cursor, Delta, DeltaResult, EncodedResource, OutboxView } from "../feed/outbox-view.ts";
import type { Recipient } from "../mapping/audience.ts";
import { type OwnType, SENDER_AT_REST } from "./sender-at-rest.ts";
import type {
  Flight,
  NamedSubscription,
  SenderContext,
  SenderEffect,
  SenderOptions,
  SenderState,
} from "./sender-state.ts";
import { SentVersions } from "./sent-versions.ts";
import { TypeRows } from "./type-rows.ts";

/** Type, nonce, control plane and intents around the resources of a message. */
const HEADER_RESERVE_BYTES = 4_096;

export type OwnSender = { -readonly [K in Exclude<keyof SenderState, "types">]: SenderState[K] } & {
  types: TypeRows<OwnType>;
  pollWindowStart: number;
  pollsInWindow: number;
};

export function ownSender(options: SenderOptions): OwnSender {
  return {
    zone: options.zone,
    features: options.features,
    takesIntents: options.takesIntents,
    isClosed: false,
    isBlocked: false,
    openedAt: options.openedAt,
    responses: 0,
    requests: 0,
    types: new TypeRows(SENDER_AT_REST),
    lastProgressAt: options.openedAt,
    pollWindowStart: options.openedAt,
    pollsInWindow: 0,
  };
}

export function recipientOf(state: SenderState): Recipient {
  return { zone: state.zone, features: state.features };
}

export function earliest(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined) return b;
  return b === undefined ? a : Math.min(a, b);
}

/** Sends what the peer lacks, if there is anything, nothing is in flight and the stream takes it. */
export function tell(record: OwnType, state: OwnSender, context: SenderContext, effects: SenderEffect[]): void {
  // One response in flight per type; only a request without nonce may speak over it.
  if (record.flight !== undefined && !record.owesAnswer) return;
  const outbox = context.outboxFor(state.features);
  const result = difference(record, recipientOf(state), outbox, context.maxMessageBytes - HEADER_RESERVE_BYTES);
  switch (result.kind) {
    case "tooOld":
      state.isClosed = true;
      effects.push({
        kind: "endStream",
        code: "ABORTED",
        message: `fell too far behind with ${record.type}: reconnect for the full state`,
      });
      return;
    case "oversize":
      if (record.oversizeBytes === undefined) {
        const limit = context.maxMessageBytes;
        effects.push({ kind: "note", note: "oversize", type: record.type, bytes: result.bytes, limit });
      }
      if (record.flight === undefined) record.phase = "oversize";
      record.oversizeBytes = result.bytes;
      record.pendingSince ??= context.now;
      return;
    case "delta":
      record.oversizeBytes = undefined;
      say(record, result, state, context, effects);
  }
}

function say(record: OwnType, delta: Delta, state: OwnSender, context: SenderContext, effects: SenderEffect[]): void {
  const isEmpty = delta.upserts.length === 0 && delta.removals.length === 0;
  if (isEmpty && !record.owesAnswer) {
    moveOn(record, delta.next);
    return;
  }
  if (state.isBlocked) {
    if (record.flight === undefined) record.phase = "waiting";
    record.pendingSince = earliest(record.pendingSince, delta.oldestChangeAt);
    return;
  }
  const initial = record.responses === 0;
  state.responses += 1;
  const nonce = String(state.responses);
  // A first list holds old content; what it leaves the peer without counts from the subscription on.
  const oldestChangeAt = isEmpty
    ? undefined
    : initial
      ? record.subscribedAt
      : earliest(record.pendingSince, delta.oldestChangeAt);
  record.flight = merge(record.flight, {
    nonce,
    cursor: delta.next,
    sentAt: context.now,
    oldestChangeAt,
    bytes: delta.bytes,
    upserts: SentVersions.of(delta.upserts),
    removals: delta.removals,
  });
  record.phase = "flying";
  record.cursor = delta.next;
  if (record.named !== undefined) record.named = withTold(record.named, delta);
  record.initialVersions = undefined;
  record.owesAnswer = false;
  record.pendingSince = undefined;
  record.responses += 1;
  record.bytes += delta.bytes;
  effects.push({
    kind: "send",
    type: record.type,
    nonce,
    initial,
    upserts: delta.upserts,
    removals: delta.removals,
    intents: state.takesIntents ? delta.intents : [],
    bytes: delta.bytes,
  });
}

/** Nothing concerned the peer: it stands further on without a word, and so does what it has stored. */
function moveOn(record: OwnType, next: Cursor): void {
  const { acked, cursor } = record;
  const wasAllStored = acked?.revision === cursor?.revision && acked?.position === cursor?.position;
  if (wasAllStored) record.acked = next;
  record.cursor = next;
  record.pendingSince = undefined;
  record.phase = "idle";
}

/** A response said over another one: its ACK also confirms the older one, which the peer handled before. */
function merge(older: Flight | undefined, newer: Flight): Flight {
  if (older === undefined) return newer;
  return {
    ...newer,
    sentAt: older.sentAt,
    oldestChangeAt: earliest(older.oldestChangeAt, newer.oldestChangeAt),
    bytes: older.bytes + newer.bytes,
    upserts: older.upserts.followedBy(newer.upserts),
    removals: [...older.removals, ...newer.removals],
  };
}

function difference(record: OwnType, recipient: Recipient, outbox: OutboxView, maxBytes: number): DeltaResult {
  if (record.named !== undefined) return namedDifference(record, record.named, recipient, outbox, maxBytes);
  const initial = record.cursor === undefined ? record.initialVersions : undefined;
  if (initial === undefined) return outbox.delta(record.type, recipient, record.cursor, maxBytes);
  const full = outbox.delta(record.type, recipient, undefined, Number.POSITIVE_INFINITY);
  return full.kind === "delta" ? withoutKnown(full, initial, maxBytes) : full;
}

/** `initial_resource_versions`: only differences, and removals of superfluous names. */
function withoutKnown(full: Delta, initial: ReadonlyMap<string, string>, maxBytes: number): DeltaResult {
  const superfluous = new Set(initial.keys());
  const upserts: EncodedResource[] = [];
  for (const resource of full.upserts) {
    superfluous.delete(resource.wireName);
    if (initial.get(resource.wireName) !== resource.version) upserts.push(resource);
  }
  return sized({ ...full, upserts, removals: [...superfluous] }, maxBytes);
}

function namedDifference(
  record: OwnType,
  named: NamedSubscription,
  recipient: Recipient,
  outbox: OutboxView,
  maxBytes: number,
): DeltaResult {
  const upserts: EncodedResource[] = [];
  const removals: string[] = [];
  for (const wireName of named.names) {
    const resource = outbox.lookup(record.type, recipient, wireName);
    const known =
      named.known.get(wireName) ?? (record.responses === 0 ? record.initialVersions?.get(wireName) : undefined);
    if (resource === undefined) {
      if (known !== undefined) removals.push(wireName);
    } else if (resource.version !== known) {
      upserts.push(resource);
    }
  }
  const oldestChangeAt =
    record.pendingSince ?? (upserts.length + removals.length > 0 ? outbox.head(record.type).at : undefined);
  return sized({ upserts, removals, intents: [], next: outbox.end(record.type), bytes: 0, oldestChangeAt }, maxBytes);
}

function withTold(named: NamedSubscription, delta: Delta): NamedSubscription {
  const known = new Map(named.known);
  for (const upsert of delta.upserts) known.set(upsert.wireName, upsert.version);
  for (const wireName of delta.removals) known.delete(wireName);
  return { names: named.names, known };
}

function sized(delta: Delta, maxBytes: number): DeltaResult {
  let bytes = 0;
  for (const upsert of delta.upserts) bytes += upsert.chunk.byteLength;
  for (const wireName of delta.removals) bytes += wireName.length + 4;
  return bytes > maxBytes ? { kind: "oversize", bytes } : { kind: "delta", ...delta, bytes };
}
