/**
 * Receiver session: one per stream on which this side receives responses.
 *
 * A pure state machine like the sender session. It decides what is handed to the applier, in which order, and what is
 * answered; an ACK follows the store's commit, never precedes it. Rules and proofs: SPEC.md.
 */
import { nackMessage, oneLine } from "./nack-message.ts";
import type { ApplyOutcome, ReceivedBatch, Rejection } from "./received-resource.ts";
import { blankReceiverType, type OwnReceiverType, RECEIVER_AT_REST } from "./receiver-at-rest.ts";
import type {
  ReceivedResponse,
  ReceiverContext,
  ReceiverEffect,
  ReceiverEvent,
  ReceiverOptions,
  ReceiverPhase,
  ReceiverState,
} from "./receiver-state.ts";
import type { EndCode } from "./sender-state.ts";
import { NO_ENTRIES, withEntry, withoutEntries } from "./sparse-map.ts";
import { TypeRows } from "./type-rows.ts";

export type {
  ReceivedRejection,
  ReceivedResponse,
  ReceiverContext,
  ReceiverEffect,
  ReceiverEvent,
  ReceiverNote,
  ReceiverOptions,
  ReceiverPhase,
  ReceiverState,
  ReceiverTypeState,
} from "./receiver-state.ts";

/** How long the first type may stay unanswered before the others are subscribed all the same. */
export const FIRST_TYPE_WAIT_MS = 1_000;
/** A correct sender has one response in flight per type; Kuma peers accept more, so some are taken. */
export const QUEUED_PER_TYPE_MAX = 16;
export const QUEUED_BYTES_MAX = 64 * 1024 * 1024;
/** Responses of types that were never asked for, per stream. */
export const REFUSED_MAX = 100;
const REJECTED_MAX = 10_000;

export type ReceiverStimulus = "subscribe" | "response" | "applied" | "storeFailed" | "held";

type OwnReceiver = { -readonly [K in Exclude<keyof ReceiverState, "types">]: ReceiverState[K] } & {
  types: TypeRows<OwnReceiverType>;
};

interface Step {
  readonly state: OwnReceiver;
  readonly now: number;
  readonly effects: ReceiverEffect[];
}
type Stimulus = {
  readonly subscribe: { readonly type: string };
  readonly response: ReceivedResponse;
  readonly applied: { readonly type: string; readonly nonce: string; readonly outcome: ApplyOutcome };
  readonly storeFailed: { readonly type: string; readonly nonce: string; readonly reason: string };
  readonly held: { readonly type: string; readonly holds: readonly string[] };
};
type Transition<S extends ReceiverStimulus> = (record: OwnReceiverType, stimulus: Stimulus[S], step: Step) => void;

export function createReceiver(options: ReceiverOptions): ReceiverState {
  const state: OwnReceiver = {
    zone: options.zone,
    takesHolds: options.takesHolds,
    isClosed: false,
    openedAt: options.openedAt,
    types: new TypeRows(RECEIVER_AT_REST),
    deferred: [],
    firstType: undefined,
    queuedBytes: 0,
    refused: 0,
  };
  return state;
}

export function stepReceiver(
  state: ReceiverState,
  event: ReceiverEvent,
  context: ReceiverContext,
): readonly ReceiverEffect[] {
  const own = state as OwnReceiver;
  const step: Step = { state: own, now: context.now, effects: [] };
  if (own.isClosed) return step.effects;
  switch (event.kind) {
    case "opened":
      onOpened(event.types, event.firstType, step);
      break;
    case "waited":
      onWaited(step);
      break;
    case "response":
    case "applied":
    case "storeFailed":
    case "held":
      dispatch(event.kind, event, step);
      break;
    case "introduced":
      own.takesHolds = event.takesHolds;
      break;
    case "closed":
      own.isClosed = true;
      break;
  }
  return step.effects;
}

/** Every phase knows an answer to every stimulus: a missing cell does not compile. */
const TRANSITIONS: { readonly [P in ReceiverPhase]: { readonly [S in ReceiverStimulus]: Transition<S> } } = {
  unsubscribed: { subscribe, response: refuse, applied: stray, storeFailed: stray, held: ignore },
  subscribed: { subscribe: ignore, response: accept, applied: stray, storeFailed: stray, held: rememberHolds },
  applying: { subscribe: ignore, response: enqueue, applied: finish, storeFailed: fail, held: rememberHolds },
  idle: { subscribe: ignore, response: accept, applied: stray, storeFailed: stray, held: tellHolds },
};

function dispatch<S extends ReceiverStimulus>(kind: S, stimulus: Stimulus[S], step: Step): void {
  const record = step.state.types.get(stimulus.type) ?? blankReceiverType(stimulus.type, step.now);
  TRANSITIONS[record.phase][kind](record, stimulus, step);
  if (record.phase !== "unsubscribed") step.state.types.set(record.type, record);
}

function onOpened(types: readonly string[], firstType: string | undefined, step: Step): void {
  const isTwoPhase = firstType !== undefined && types.includes(firstType);
  if (!isTwoPhase) {
    for (const type of types) dispatch("subscribe", { type }, step);
    return;
  }
  step.state.firstType = firstType;
  step.state.deferred = types.filter((type) => type !== firstType);
  dispatch("subscribe", { type: firstType }, step);
  step.effects.push({ kind: "wait", ms: FIRST_TYPE_WAIT_MS });
}

/** No answer in time: a Kuma sender without anything to send never answers. One being applied is waited for. */
function onWaited(step: Step): void {
  const { firstType, types } = step.state;
  if (firstType !== undefined && types.get(firstType)?.phase === "subscribed") subscribeDeferred(step);
}

function subscribeDeferred(step: Step): void {
  const deferred = step.state.deferred;
  step.state.deferred = [];
  step.state.firstType = undefined;
  for (const type of deferred) dispatch("subscribe", { type }, step);
}

function subscribe(record: OwnReceiverType, _stimulus: Stimulus["subscribe"], step: Step): void {
  record.phase = "subscribed";
  step.effects.push({ kind: "subscribe", type: record.type });
}

/** Kuma stores whatever type a zone sends; we store only what we asked for. Source: measured.md, 1.3. */
function refuse(record: OwnReceiverType, response: Stimulus["response"], step: Step): void {
  step.state.refused += 1;
  if (step.state.refused > REFUSED_MAX) {
    return endStream(step, "INVALID_ARGUMENT", `more than ${REFUSED_MAX} responses of types that were not requested`);
  }
  if (response.nonce === "") return endStream(step, "INVALID_ARGUMENT", withoutNonce(response.type));
  step.effects.push(
    { kind: "note", note: "refusedType", type: response.type },
    {
      kind: "nack",
      type: response.type,
      nonce: response.nonce,
      message: `type ${JSON.stringify(response.type.slice(0, 253))} was not requested and is not stored`,
      held: step.state.takesHolds ? record.holds : undefined,
    },
  );
}

function accept(record: OwnReceiverType, response: Stimulus["response"], step: Step): void {
  // An ACK without a nonce would be taken for a new request and answered at once, for ever.
  if (response.nonce === "") return endStream(step, "INVALID_ARGUMENT", withoutNonce(response.type));
  record.received += 1;
  record.bytes += response.bytes;
  record.lastReceivedAt = step.now;
  start(record, response, step);
}

function enqueue(record: OwnReceiverType, response: Stimulus["response"], step: Step): void {
  if (response.nonce === "") return endStream(step, "INVALID_ARGUMENT", withoutNonce(response.type));
  const { state } = step;
  if (record.queue.length >= QUEUED_PER_TYPE_MAX || state.queuedBytes + response.bytes > QUEUED_BYTES_MAX) {
    return endStream(step, "RESOURCE_EXHAUSTED", `too many unacknowledged responses of type ${response.type}`);
  }
  record.received += 1;
  record.bytes += response.bytes;
  record.lastReceivedAt = step.now;
  record.queue.push(response);
  state.queuedBytes += response.bytes;
}

function start(record: OwnReceiverType, response: ReceivedResponse, step: Step): void {
  const batch: ReceivedBatch = {
    type: response.type,
    nonce: response.nonce,
    initial: !record.isInitialDone,
    upserts: response.upserts,
    removed: response.removed,
    invalid: response.invalid,
    intents: response.intents,
  };
  record.phase = "applying";
  record.applying = batch;
  record.applyingSince = step.now;
  step.effects.push({ kind: "apply", batch });
}

function finish(record: OwnReceiverType, result: Stimulus["applied"], step: Step): void {
  const batch = record.applying;
  if (batch === undefined || batch.nonce !== result.nonce) return stray(record, result, step);
  const { outcome } = result;
  record.isInitialDone = true;
  record.applying = undefined;
  record.applyingSince = undefined;
  record.phase = "idle";
  record.lastAppliedAt = step.now;
  record.lastNonce = batch.nonce;
  setHolds(record, outcome.holds, step.now);
  record.toldHolds = outcome.holds;
  step.effects.push({ kind: "note", note: "applied", type: record.type, outcome });
  respond(record, batch, [...batch.invalid, ...outcome.rejected], step);
  if (record.type === step.state.firstType) subscribeDeferred(step);
  const next = record.queue.shift();
  if (next === undefined) return;
  step.state.queuedBytes -= next.bytes;
  start(record, next, step);
}

/** All errors of the batch at once. A NACK is partial success: the rest is stored. */
function respond(record: OwnReceiverType, batch: ReceivedBatch, rejections: readonly Rejection[], step: Step): void {
  rememberRejections(record, batch, rejections, step.now);
  const held = step.state.takesHolds ? record.holds : undefined;
  if (rejections.length === 0) {
    record.acks += 1;
    step.effects.push({ kind: "ack", type: record.type, nonce: batch.nonce, held });
    return;
  }
  const message = nackMessage(rejections);
  record.nacks += 1;
  record.lastNack = { at: step.now, message };
  step.effects.push(
    { kind: "note", note: "rejected", type: record.type, rejections },
    { kind: "nack", type: record.type, nonce: batch.nonce, message, held },
  );
}

/** A rejection lasts until the source says something else about the resource. */
function rememberRejections(
  record: OwnReceiverType,
  batch: ReceivedBatch,
  rejections: readonly Rejection[],
  now: number,
): void {
  const before = record.rejected.size === 0 ? NO_ENTRIES : new Map(record.rejected);
  if (before.size > 0) {
    const { upserts, removed, invalid } = batch;
    const told = [...upserts.map((each) => each.wireName), ...removed, ...invalid.map((each) => each.wireName)];
    record.rejected = batch.initial ? NO_ENTRIES : withoutEntries(record.rejected, told);
  }
  if (rejections.length === 0) return;
  const versions = new Map(batch.upserts.map((upsert) => [upsert.wireName, upsert.version]));
  for (const rejection of rejections) {
    if (record.rejected.size >= REJECTED_MAX) break;
    const version = versions.get(rejection.wireName) ?? "";
    const since = before.get(rejection.wireName)?.since ?? now;
    const received = { ...rejection, reason: oneLine(rejection.reason), version, since };
    record.rejected = withEntry(record.rejected, rejection.wireName, received);
  }
}

/** Nothing is stored, so nothing is acknowledged: the source starts over with a new stream. */
function fail(record: OwnReceiverType, failure: Stimulus["storeFailed"], step: Step): void {
  if (record.applying?.nonce !== failure.nonce) return stray(record, failure, step);
  endStream(step, "INTERNAL", `could not store ${failure.type}: ${failure.reason}`);
}

function rememberHolds(record: OwnReceiverType, stimulus: Stimulus["held"], step: Step): void {
  setHolds(record, stimulus.holds, step.now);
}

function setHolds(record: OwnReceiverType, holds: readonly string[], now: number): void {
  record.holds = holds;
  if (holds.length === 0) record.heldSince = undefined;
  else record.heldSince ??= now;
}

/** Repeats the last nonce: the sender ignores it but for the holds. */
function tellHolds(record: OwnReceiverType, stimulus: Stimulus["held"], step: Step): void {
  setHolds(record, stimulus.holds, step.now);
  const isTold =
    record.toldHolds.length === record.holds.length && record.toldHolds.every((id, i) => id === record.holds[i]);
  if (!step.state.takesHolds || isTold) return;
  record.toldHolds = record.holds;
  step.effects.push({ kind: "ack", type: record.type, nonce: record.lastNonce, held: record.holds });
}

function stray(record: OwnReceiverType, stimulus: { readonly nonce: string }, step: Step): void {
  step.effects.push({ kind: "note", note: "strayResult", type: record.type, nonce: stimulus.nonce });
}

function ignore(): void {}

function withoutNonce(type: string): string {
  return `response of type ${type.slice(0, 253)} without a nonce`;
}

function endStream(step: Step, code: EndCode, message: string): void {
  step.state.isClosed = true;
  step.effects.push({ kind: "endStream", code, message });
}
