/**
 * ADS session: one per stream of a proxy, for both variants of the protocol.
 *
 * A pure state machine: no I/O, clock or randomness; `stepAds` changes the state that it is given and returns what the
 * shell has to do. Every event changes what is known of a type, then one decision, `speak`, says what can be said. Rules and
 * proofs: SPEC.md.
 */
import type { EncodedResource } from "../content/encoded-resource.ts";
import type { ResourceSet } from "../content/resource-set.ts";
import type { TypeUrl } from "../type-urls.ts";
import type {
  AdsContext,
  AdsEffect,
  AdsEvent,
  AdsFlight,
  AdsNote,
  AdsOptions,
  AdsPhase,
  AdsRejection,
  AdsRequest,
  AdsState,
} from "./ads-state.ts";
import { cutMessage, namesIn } from "./nack.ts";
import { forget, NO_ASKED, NO_REJECTED, NO_UNSURE, type OwnAds, type OwnType, speak, targetOf } from "./speak.ts";
import { Subscription, WILDCARD } from "./subscription.ts";

/** Types that one stream may ask for; Envoy knows a dozen. */
export const TYPES_MAX = 32;
/** Names that one subscription may have. */
export const NAMES_MAX = 100_000;
/** A peer that never sets a nonce makes an endless request/response loop; this many such requests in a window end it. */
export const POLL_WINDOW_MS = 10_000;
export const POLLS_PER_WINDOW_MAX = 1_000;
/** Pause after a first NACK before changed content is tried; it doubles with each one in a row up to `nackBackoffMs`. */
export const FIRST_NACK_PAUSE_MS = 100;

/**
 * What can happen to a type. `ask`: a request without nonce. `confirm` and `reject`: ACK and NACK with the nonce of the last
 * response. `stale`: a nonce of an earlier response. `foreign`: a nonce that this stream never issued. `changed`: a new snapshot.
 * `released`: the stream drained, a pause is over, an earlier type was answered.
 */
export type AdsStimulus = "ask" | "confirm" | "reject" | "stale" | "foreign" | "changed" | "released";

interface Step {
  readonly state: OwnAds;
  readonly now: number;
  readonly effects: AdsEffect[];
  /** The request behind a stimulus that has one. */
  readonly request: AdsRequest | undefined;
}

type Transition = (record: OwnType, step: Step) => void;

export function createAds(options: AdsOptions): AdsState {
  const state: OwnAds = {
    variant: options.variant,
    pool: options.pool,
    nackBackoffMs: options.nackBackoffMs,
    isClosed: false,
    isBlocked: false,
    snapshot: undefined,
    types: new Map(),
    responses: 0,
    requests: 0,
    convergedAt: undefined,
    openedAt: options.openedAt,
    wakeAt: undefined,
    pollWindowStart: options.openedAt,
    pollsInWindow: 0,
  };
  return state;
}

export function stepAds(state: AdsState, event: AdsEvent, { now }: AdsContext): readonly AdsEffect[] {
  const own = state as OwnAds;
  const effects: AdsEffect[] = [];
  if (own.isClosed) return effects;
  const step: Step = { state: own, now, effects, request: undefined };
  switch (event.kind) {
    case "request":
      onRequest(event, { ...step, request: event });
      break;
    case "snapshot":
      own.snapshot = event.snapshot;
      stimulateAll("changed", step);
      break;
    case "blocked":
      own.isBlocked = true;
      break;
    case "drained":
      own.isBlocked = false;
      stimulateAll("released", step);
      break;
    case "woken":
      own.wakeAt = undefined;
      stimulateAll("released", step);
      break;
    case "closed":
      own.isClosed = true;
      break;
  }
  speak(own, now, effects);
  return effects;
}

/** Every phase knows an answer to every stimulus: a missing cell does not compile. `speak` follows all of them. */
const TRANSITIONS: { readonly [P in Exclude<AdsPhase, "unsubscribed">]: { readonly [S in AdsStimulus]: Transition } } =
  {
    idle: {
      ask: startOver,
      confirm: keep,
      reject: noteStale,
      stale: noteStale,
      foreign: noteForeign,
      changed: forgetRejected,
      released: keep,
    },
    flying: {
      // The peer had not seen the response when it asked.
      ask: keep,
      confirm: acknowledge,
      reject,
      stale: noteStale,
      foreign: noteForeign,
      changed: forgetRejected,
      released: keep,
    },
    waiting: {
      ask: startOver,
      confirm: keep,
      reject: noteStale,
      stale: noteStale,
      foreign: noteForeign,
      changed: forgetRejected,
      released: keep,
    },
  };

function stimulateAll(stimulus: "changed" | "released", step: Step): void {
  for (const record of step.state.types.values()) stimulate(record, stimulus, step);
}

function stimulate(record: OwnType, stimulus: AdsStimulus, step: Step): void {
  if (record.phase !== "unsubscribed") TRANSITIONS[record.phase][stimulus](record, step);
}

function onRequest(request: AdsRequest, step: Step): void {
  const { state, now } = step;
  state.requests += 1;
  if (request.typeUrl === "") return endStream(step, "INVALID_ARGUMENT", "type URL is required for ADS");
  if (request.nonce === "" && !spendPoll(state, now)) {
    return endStream(step, "RESOURCE_EXHAUSTED", "too many requests without a nonce: acknowledge with the nonce");
  }
  const record = state.types.get(request.typeUrl);
  if (record === undefined) {
    // The first request of a type is a subscription whatever its nonce says.
    if (state.types.size >= TYPES_MAX)
      return endStream(step, "INVALID_ARGUMENT", `more than ${TYPES_MAX} types requested`);
    const subscribed = subscribe(request, step);
    if (checkNames(subscribed, step)) state.types.set(request.typeUrl, subscribed);
    return;
  }
  // Requests come in order, so what one says about names counts whether or not its nonce is still of interest.
  changeInterest(record, request);
  if (checkNames(record, step)) stimulate(record, stimulusOf(request, record, state), step);
}

function stimulusOf(request: AdsRequest, record: OwnType, state: OwnAds): AdsStimulus {
  const { nonce } = request;
  if (nonce === "") return "ask";
  if (nonce === record.lastNonce) return request.error === undefined ? "confirm" : "reject";
  return /^[1-9]\d{0,15}$/.test(nonce) && Number(nonce) <= state.responses ? "stale" : "foreign";
}

function subscribe({ typeUrl, interest }: AdsRequest, { state }: Step): OwnType {
  const { pool } = state;
  const names = interest.variant === "state" ? (interest.names ?? []) : interest.subscribe;
  const subscription = Subscription.first(pool, typeUrl, names);
  const initial = interest.variant === "delta" ? Object.entries(interest.initialVersions) : [];
  return {
    typeUrl,
    phase: "waiting",
    subscription,
    told: pool.set(initial.map(([name, version]) => pool.claimed(typeUrl, name, version))),
    flight: undefined,
    lastNonce: "",
    owesAnswer: state.variant === "state" || subscription.isWildcard,
    asked: interest.variant === "delta" ? new Set(names.filter((name) => name !== WILDCARD)) : NO_ASKED,
    rejected: NO_REJECTED,
    unsure: NO_UNSURE,
    nacksInRow: 0,
    notBefore: 0,
    pausedContent: undefined,
    responses: 0,
    acks: 0,
    nacks: 0,
    lastNack: undefined,
  };
}

function changeInterest(record: OwnType, { interest }: AdsRequest): void {
  const before = record.subscription;
  if (interest.variant === "state") {
    if (interest.names === undefined) return;
    record.subscription = before.replaced(interest.names);
  } else {
    const { subscribe: added, unsubscribe: removed } = interest;
    if (added.length === 0 && removed.length === 0) return;
    record.subscription = before.changed(added, removed);
    const names = added.filter((name) => name !== WILDCARD);
    const gone = new Set(removed);
    record.asked = new Set([...record.asked, ...names].filter((name) => !gone.has(name)));
    // "A client may subscribe to a resource that it is subscribed to already; the server must send it again", and one that leaves
    // the names but not the wildcard must be sent once more as well.
    forget(record, [...names, ...removed.filter((name) => name !== WILDCARD)]);
    if (!before.isWildcard && record.subscription.isWildcard) record.owesAnswer = true;
  }
  // What is no longer wanted is dropped by the peer on its own.
  const { subscription } = record;
  const dropped = [];
  for (const { name } of record.told) if (!subscription.wants(name)) dropped.push(name);
  if (dropped.length > 0) forget(record, dropped);
}

/** In the delta variant a request without nonce is how a subscription changes, and asks for nothing else. */
function startOver(record: OwnType, { state }: Step): void {
  if (state.variant === "delta") return;
  record.told = state.pool.emptySet;
  record.owesAnswer = true;
}

function acknowledge(record: OwnType, step: Step): void {
  const { flight } = record;
  if (flight === undefined) return;
  record.flight = undefined;
  record.acks += 1;
  record.nacksInRow = 0;
  record.unsure = NO_UNSURE;
  if (record.rejected.size > 0) {
    const rejected = [...record.rejected].map(
      ([name, rejection]) => [name, { ...rejection, lastGood: flight.wanted.get(name) }] as const,
    );
    record.rejected = new Map(rejected);
  }
  record.notBefore = 0;
  note(step, { note: "acked", typeUrl: record.typeUrl, nonce: flight.nonce, sentAt: flight.sentAt });
}

function reject(record: OwnType, step: Step): void {
  const { state, now } = step;
  const { flight } = record;
  if (flight === undefined) return;
  record.flight = undefined;
  const message = cutMessage(step.request?.error ?? "");
  const brought = namesOf(flight.wanted, flight.before);
  const named = namesIn(message, brought);
  // A message that names nothing puts the blame on everything that was new, until the content changes in any way.
  const content = named.length === 0 ? flight.target : undefined;
  const unsure = brought.filter((name) => !named.includes(name));
  unsure.push(...flight.wanted.since(flight.before).removals);
  const rejected = new Map(record.rejected);
  for (const name of content === undefined ? named : brought) {
    const version = flight.wanted.get(name)?.version;
    if (version === undefined) continue;
    const lastGood = lastGoodOf(record, flight, name, content !== undefined, state);
    rejected.set(name, { version, message, since: now, lastGood, content });
  }
  record.rejected = rejected;
  // What the message names was refused. Whether the rest was applied is unknown: it is told again, or withdrawn.
  record.unsure = new Map([...unsure.map((name) => [name, flight.before.get(name)] as const), ...record.unsure]);
  // To a removal alone nobody can object.
  if (brought.length > 0) {
    const doubts = unsure.map((name) => doubtOf(record, name, state));
    record.told = flight.before.without(flight.forgotten).with(doubts);
  }
  record.nacks += 1;
  record.lastNack = { at: now, message };
  record.notBefore = now + Math.min(state.nackBackoffMs, FIRST_NACK_PAUSE_MS * 2 ** Math.min(record.nacksInRow, 20));
  record.nacksInRow += 1;
  record.pausedContent = flight.target;
  forgetRejected(record, step);
  const { nonce, wanted } = flight;
  note(step, { note: "nacked", typeUrl: record.typeUrl, nonce, version: wanted.version, message, resources: named });
}

/** What the peer has of a name if it took the last content that it acknowledged. */
function lastGoodOf(
  record: OwnType,
  flight: AdsFlight,
  name: string,
  isUnsure: boolean,
  state: OwnAds,
): EncodedResource | undefined {
  const lastGood = record.unsure.has(name) ? record.unsure.get(name) : flight.before.get(name);
  // Content of an earlier stream cannot be restored, so the doubt stays until something else is told.
  return isUnsure && lastGood?.isForeign === true ? doubtOf(record, name, state) : lastGood;
}

/** Stands for "who knows what": differs from every content, so that the name is told again or withdrawn. */
function doubtOf(record: OwnType, name: string, state: OwnAds): EncodedResource {
  return state.pool.claimed(record.typeUrl, name, "");
}

function namesOf(newer: ResourceSet, older: ResourceSet): readonly string[] {
  return newer.since(older).upserts.map(({ name }) => name);
}

/** A rejection stands for one content; another one deserves to be tried. */
function forgetRejected(record: OwnType, { state }: Step): void {
  if (record.rejected.size === 0) return;
  const target = targetOf(record, state);
  const isSame = ([name, { version, content }]: readonly [string, AdsRejection]): boolean =>
    target?.get(name)?.version === version && (content === undefined || content === target);
  const rejected = [...record.rejected].filter(isSame);
  record.rejected = rejected.length > 0 ? new Map(rejected) : NO_REJECTED;
}

function keep(): void {
  // `speak` finds out whether there is something to say.
}

function noteStale(record: OwnType, step: Step): void {
  note(step, { note: "staleNonce", typeUrl: record.typeUrl, nonce: step.request?.nonce ?? "" });
}

function noteForeign(record: OwnType, step: Step): void {
  note(step, { note: "foreignNonce", typeUrl: record.typeUrl, nonce: step.request?.nonce ?? "" });
}

function note(step: Step, each: AdsNote): void {
  step.effects.push({ kind: "note", ...each });
}

function checkNames(record: OwnType, step: Step): boolean {
  if (record.subscription.names.size <= NAMES_MAX) return true;
  endStream(step, "INVALID_ARGUMENT", `more than ${NAMES_MAX} names of ${shortType(record.typeUrl)} requested`);
  return false;
}

function spendPoll(state: OwnAds, now: number): boolean {
  if (now - state.pollWindowStart >= POLL_WINDOW_MS) {
    state.pollWindowStart = now;
    state.pollsInWindow = 0;
  }
  state.pollsInWindow += 1;
  return state.pollsInWindow <= POLLS_PER_WINDOW_MAX;
}

function endStream(step: Step, code: "INVALID_ARGUMENT" | "RESOURCE_EXHAUSTED", message: string): void {
  step.state.isClosed = true;
  step.effects.push({ kind: "endStream", code, message });
}

function shortType(typeUrl: TypeUrl): string {
  return typeUrl.slice(typeUrl.lastIndexOf(".") + 1);
}
