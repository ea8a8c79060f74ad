/**
 * Sender session: one per stream on which this side sends responses.
 *
 * A pure state machine: no I/O, clock or randomness; `stepSender` changes the state that it is given and returns what
 * the shell has to do. Per type the session keeps a cursor into the outbox that all sessions share, never a copy of
 * what the peer holds. Every event leads to one decision, `tell` (sender-tell.ts). Rules and proofs: SPEC.md.
 */
import { FEATURE_HASH_SUFFIX, hasFeatures } from "../mapping/features.ts";
import { attributeNack } from "./nack-attribution.ts";
import { cutNack } from "./nack-message.ts";
import { blankSenderType, type OwnType } from "./sender-at-rest.ts";
import type {
  EndCode,
  Flight,
  SenderContext,
  SenderEffect,
  SenderEvent,
  SenderNote,
  SenderOptions,
  SenderPhase,
  SenderRequest,
  SenderState,
} from "./sender-state.ts";
import { earliest, type OwnSender, ownSender, recipientOf, tell } from "./sender-tell.ts";
import { withEntry, withoutEntries } from "./sparse-map.ts";
import { applyNames, checkRequest, namedSubscriptionOf } from "./subscription.ts";

export type {
  EndCode,
  Flight,
  NamedSubscription,
  SenderContext,
  SenderEffect,
  SenderEvent,
  SenderNote,
  SenderOptions,
  SenderPhase,
  SenderRequest,
  SenderState,
  SenderTypeState,
  SentRejection,
} from "./sender-state.ts";

/** A peer that never sets a nonce makes an endless request/response loop; this many polls in a window end it. */
export const POLL_WINDOW_MS = 10_000;
export const POLLS_PER_WINDOW_MAX = 1_000;
/** Types that one stream may ask for; Kuma 2.14.3 knows 45. */
export const TYPES_MAX = 256;

/**
 * What can happen to a type. `poll`: a request without nonce. `confirm` and `reject`: ACK and NACK with a nonce that
 * this stream has issued. `foreign`: a nonce it has not.
 */
export type SenderStimulus = "poll" | "confirm" | "reject" | "foreign" | "changed" | "drained";

interface Step {
  readonly state: OwnSender;
  readonly context: SenderContext;
  readonly effects: SenderEffect[];
  /** The request behind a stimulus that has one. */
  readonly request: SenderRequest | undefined;
}

type Transition = (record: OwnType, step: Step) => void;

export function createSender(options: SenderOptions): SenderState {
  return ownSender(options);
}

export function stepSender(state: SenderState, event: SenderEvent, context: SenderContext): readonly SenderEffect[] {
  const own = state as OwnSender;
  const effects: SenderEffect[] = [];
  if (own.isClosed) return effects;
  const step: Step = { state: own, context, effects, request: undefined };
  switch (event.kind) {
    case "request":
      onRequest(event, { ...step, request: event });
      break;
    case "changed":
      for (const type of event.types) {
        const record = own.types.get(type);
        if (record === undefined) continue;
        TRANSITIONS[record.phase].changed(record, step);
        own.types.set(type, record);
      }
      break;
    case "blocked":
      own.isBlocked = true;
      break;
    case "drained":
      own.isBlocked = false;
      for (const record of own.types.awake()) {
        TRANSITIONS[record.phase].drained(record, step);
        own.types.set(record.type, record);
      }
      break;
    case "closed":
      own.isClosed = true;
      break;
  }
  return effects;
}

/**
 * Lowest revision with which the session still compares the type; Infinity when it does not. A type waiting for its
 * first response compares with nothing.
 */
export function lowestCursor(state: SenderState, type: string): number {
  if (state.isClosed) return Number.POSITIVE_INFINITY;
  const record = state.types.get(type);
  return record?.named === undefined
    ? (record?.cursor?.revision ?? Number.POSITIVE_INFINITY)
    : Number.POSITIVE_INFINITY;
}

/** Which variant of the names the peer gets. Source: kuma v2.14.3: pkg/kds/context/context.go (HashSuffixMapper). */
export function takesHashedNames(state: SenderState): boolean {
  return hasFeatures(state.features, FEATURE_HASH_SUFFIX);
}

/** Every phase knows an answer to every stimulus: a missing cell does not compile. */
const TRANSITIONS: { readonly [P in SenderPhase]: { readonly [S in SenderStimulus]: Transition } } = {
  // The first request of a type is a subscription whatever its nonce says, and is always answered.
  unsubscribed: {
    poll: subscribe,
    confirm: subscribe,
    reject: subscribe,
    foreign: subscribe,
    changed: ignore,
    drained: ignore,
  },
  idle: {
    poll: answer,
    confirm: noteStale,
    reject: noteStale,
    foreign: noteForeign,
    changed: tellNow,
    drained: ignore,
  },
  flying: {
    poll: answer,
    confirm: acknowledge,
    reject: reject,
    foreign: release,
    changed: rememberPending,
    drained: answerOwed,
  },
  waiting: {
    poll: answer,
    confirm: noteStale,
    reject: noteStale,
    foreign: noteForeign,
    changed: rememberPending,
    drained: tellNow,
  },
  oversize: {
    poll: answer,
    confirm: noteStale,
    reject: noteStale,
    foreign: noteForeign,
    changed: tellNow,
    drained: ignore,
  },
};

function onRequest(request: SenderRequest, step: Step): void {
  const { state, context } = step;
  state.requests += 1;
  const violation = checkRequest(request);
  if (violation !== undefined) return endStream(step, "INVALID_ARGUMENT", violation);
  // Source: kuma v2.14.3: pkg/kds/v2/server/components.go: features come from the first request of the stream.
  if (state.requests === 1 && request.features !== undefined) state.features = request.features;
  if (request.nonce === "" && !spendPoll(state, context.now)) {
    return endStream(step, "RESOURCE_EXHAUSTED", "too many requests without a nonce: acknowledge with the nonce");
  }

  let record = state.types.get(request.type);
  let isResubscribed = false;
  if (record === undefined) {
    if (state.types.size >= TYPES_MAX) {
      return endStream(step, "INVALID_ARGUMENT", `more than ${TYPES_MAX} types requested`);
    }
    record = newType(request, step);
  } else if (request.subscribe.length > 0 || request.unsubscribe.length > 0) {
    const named = applyNames(record.named, request);
    isResubscribed = named !== record.named;
    if (isResubscribed) changeSubscription(record, named);
  }
  if (request.held !== undefined) rememberHeld(record, request.held, context.now);
  TRANSITIONS[record.phase][stimulusOf(request, state)](record, step);
  if (isResubscribed) tellNow(record, step);
  state.types.set(record.type, record);
}

function stimulusOf(request: SenderRequest, state: OwnSender): SenderStimulus {
  if (request.nonce === "") return "poll";
  const number = /^[1-9]\d{0,15}$/.test(request.nonce) ? Number(request.nonce) : Number.POSITIVE_INFINITY;
  if (number > state.responses) return "foreign";
  return request.error === undefined ? "confirm" : "reject";
}

function newType(request: SenderRequest, step: Step): OwnType {
  const outbox = step.context.outboxFor(step.state.features);
  // The outbox's own string: that of the request would be kept once per zone.
  const known = outbox.types().find((type) => type === request.type);
  if (known === undefined) note(step, { note: "unknownType", type: request.type });
  return {
    ...blankSenderType(known ?? request.type, step.context.now),
    named: namedSubscriptionOf(request),
    initialVersions: request.initialVersions.size > 0 ? request.initialVersions : undefined,
  };
}

function rememberHeld(record: OwnType, held: readonly string[], now: number): void {
  record.held = held;
  if (held.length === 0) record.heldSince = undefined;
  else record.heldSince ??= record.flight?.oldestChangeAt ?? now;
}

/** A wildcard that becomes a list of names, or the reverse, starts over: what was sent by the other rule is unknown. */
function changeSubscription(record: OwnType, named: OwnType["named"]): void {
  if (record.named !== undefined && named === undefined) record.cursor = undefined;
  record.named = named;
}

function subscribe(record: OwnType, step: Step): void {
  record.owesAnswer = true;
  tell(record, step.state, step.context, step.effects);
}

/** A request without nonce is answered at once, also over a response in flight. Source: go-control-plane simple.go. */
function answer(record: OwnType, step: Step): void {
  record.owesAnswer = true;
  tell(record, step.state, step.context, step.effects);
}

function answerOwed(record: OwnType, step: Step): void {
  if (record.owesAnswer) tell(record, step.state, step.context, step.effects);
}

function tellNow(record: OwnType, step: Step): void {
  tell(record, step.state, step.context, step.effects);
}

/** Coalescing: what changes during a flight is remembered as one fact, the cursor finds the rest later. */
function rememberPending(record: OwnType, step: Step): void {
  if (record.pendingSince !== undefined) return;
  if (record.named !== undefined || record.cursor === undefined) {
    record.pendingSince = step.context.now;
    return;
  }
  const outbox = step.context.outboxFor(step.state.features);
  record.pendingSince = outbox.pending(record.type, recipientOf(step.state), record.cursor, {
    limit: 1,
  }).oldestChangeAt;
}

function acknowledge(record: OwnType, step: Step): void {
  const flight = landed(record, step);
  if (flight === undefined) return;
  const { now } = step.context;
  record.acks += 1;
  record.lastAckAt = now;
  record.unconfirmedSince = undefined;
  clearRejections(record, flight);
  record.rejected = withoutEntries(record.rejected, [""]);
  note(step, {
    note: "acked",
    type: record.type,
    nonce: flight.nonce,
    changeToStoredMs: flight.oldestChangeAt === undefined ? undefined : now - flight.oldestChangeAt,
  });
  tell(record, step.state, step.context, step.effects);
}

/** The receiver stored the response but for the resources that it names; those wait for other content. */
function reject(record: OwnType, step: Step): void {
  const flight = landed(record, step);
  if (flight === undefined) return;
  const { now } = step.context;
  const message = cutNack(step.request?.error ?? "");
  record.nacks += 1;
  record.lastNack = { at: now, message };
  record.unconfirmedSince = undefined;
  clearRejections(record, flight);
  for (const suspect of attributeNack(flight.upserts.toMap(), message)) {
    const changedAt = flight.oldestChangeAt ?? now;
    const { wireName, version, isCertain } = suspect;
    const rejection = { version, message: suspect.message, isCertain, since: now, changedAt };
    record.rejected = withEntry(record.rejected, wireName, rejection);
  }
  note(step, { note: "nacked", type: record.type, nonce: flight.nonce, message });
  tell(record, step.state, step.context, step.effects);
}

/**
 * Kuma asks only whether a nonce is there at all, so an invented one makes the type speak again. It proves nothing
 * about what is stored, so the ledger goes on counting the response as unacknowledged.
 */
function release(record: OwnType, step: Step): void {
  const flight = record.flight;
  record.flight = undefined;
  record.phase = "idle";
  record.unconfirmedSince = earliest(record.unconfirmedSince, flight?.oldestChangeAt);
  noteForeign(record, step);
  tell(record, step.state, step.context, step.effects);
}

/** Takes the flight off the record if the request answers it. */
function landed(record: OwnType, step: Step): Flight | undefined {
  const flight = record.flight;
  if (flight === undefined || flight.nonce !== step.request?.nonce) {
    noteStale(record, step);
    return undefined;
  }
  record.flight = undefined;
  record.phase = "idle";
  record.acked = flight.cursor;
  step.state.lastProgressAt = step.context.now;
  return flight;
}

function clearRejections(record: OwnType, flight: Flight): void {
  if (record.rejected.size === 0) return;
  record.rejected = withoutEntries(record.rejected, flight.upserts.names());
  record.rejected = withoutEntries(record.rejected, flight.removals);
}

function noteStale(record: OwnType, step: Step): void {
  note(step, { note: "staleNonce", type: record.type, nonce: step.request?.nonce ?? "" });
}

function noteForeign(record: OwnType, step: Step): void {
  if (step.request?.error !== undefined) {
    record.lastNack = { at: step.context.now, message: cutNack(step.request.error) };
  }
  note(step, { note: "foreignNonce", type: record.type, nonce: step.request?.nonce ?? "" });
}

function ignore(): void {}

function spendPoll(state: OwnSender, now: number): boolean {
  if (now - state.pollWindowStart >= POLL_WINDOW_MS) {
    state.pollWindowStart = now;
    state.pollsInWindow = 0;
  }
  state.pollsInWindow += 1;
  return state.pollsInWindow <= POLLS_PER_WINDOW_MAX;
}

function note(step: Step, content: SenderNote): void {
  step.effects.push({ kind: "note", ...content });
}

function endStream(step: Step, code: EndCode, message: string): void {
  step.state.isClosed = true;
  step.effects.push({ kind: "endStream", code, message });
}
