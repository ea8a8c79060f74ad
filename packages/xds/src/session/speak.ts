/**
 * The one decision of an ADS session: given what the peer was told and what it should have, what is said now.
 *
 * Everything is a comparison of sets. `told` is what the peer has or is about to have; `wanted` what it should have: the
 * snapshot, cut down to the subscription, without what it rejected, and with clusters that cannot be withdrawn yet. To
 * have something sent again, take it out of `told`.
 */
import type { EncodedResource } from "../content/encoded-resource.ts";
import type { ResourcePool } from "../content/resource-pool.ts";
import type { ResourceSet, SetDifference } from "../content/resource-set.ts";
import {
  CLUSTER_TYPE,
  CLUSTER_USERS,
  ENDPOINT_TYPE,
  isFullStateType,
  ORDERED_TYPES,
  type TypeUrl,
} from "../type-urls.ts";
import type { AdsEffect, AdsFlight, AdsRejection, AdsSend, AdsState, AdsTypeState } from "./ads-state.ts";

/** The session's own, writable view of a type. */
export type OwnType = { -readonly [K in keyof AdsTypeState]: AdsTypeState[K] };

/** What nearly every type of every proxy has. */
export const NO_REJECTED: ReadonlyMap<string, AdsRejection> = new Map();
export const NO_UNSURE: ReadonlyMap<string, EncodedResource | undefined> = new Map();
export const NO_ASKED: ReadonlySet<string> = new Set();

export type OwnAds = { -readonly [K in Exclude<keyof AdsState, "types">]: AdsState[K] } & {
  readonly pool: ResourcePool;
  readonly nackBackoffMs: number;
  types: Map<TypeUrl, OwnType>;
  wakeAt: number | undefined;
  pollWindowStart: number;
  pollsInWindow: number;
};

/** Says whatever can be said now, in make-before-break order, and notices when the peer has everything. */
export function speak(state: OwnAds, now: number, effects: AdsEffect[]): void {
  if (state.isClosed) return;
  // Envoy acknowledges clusters when they are warm, and warms them with the endpoints that follow: these wait for nothing. Who counts
  // on clusters waits until clusters and endpoints are acknowledged.
  let isBehind = areClustersRefused(state);
  for (const typeUrl of ORDERED_TYPES) {
    const record = state.types.get(typeUrl);
    if (record === undefined) continue;
    tell(record, state, now, isBehind && CLUSTER_USERS.includes(typeUrl), effects);
    isBehind ||= record.phase !== "idle";
  }
  for (const record of state.types.values()) {
    if (!ORDERED_TYPES.includes(record.typeUrl)) tell(record, state, now, false, effects);
  }
  noteConverged(state, effects);
}

/** What the peer should have of a type now. Undefined before the first snapshot. */
export function wantedOf(record: OwnType, state: OwnAds): ResourceSet | undefined {
  const target = targetOf(record, state);
  if (target === undefined) return undefined;
  const accepted = withLastGood(record, record.subscription.select(target), state);
  if (record.typeUrl === CLUSTER_TYPE) {
    return areClusterUsersBehind(state) ? withRetained(record, accepted, state, () => true) : accepted;
  }
  if (record.typeUrl === ENDPOINT_TYPE) {
    const told = state.types.get(CLUSTER_TYPE)?.told;
    const clusters = state.snapshot?.resources.get(CLUSTER_TYPE);
    const isLeaving = (name: string): boolean => told?.has(name) === true && clusters?.has(name) !== true;
    return withRetained(record, accepted, state, isLeaving);
  }
  return accepted;
}

/**
 * What the snapshot has of a type. Of endpoints also those that vanished from it while Envoy warms their clusters: it would wait for
 * them for 15 s, and for nothing.
 */
export function targetOf({ typeUrl }: OwnType, { snapshot, pool, types }: OwnAds): ResourceSet | undefined {
  if (snapshot === undefined) return undefined;
  const target = snapshot.resources.get(typeUrl) ?? pool.emptySet;
  const warming = typeUrl === ENDPOINT_TYPE ? types.get(CLUSTER_TYPE)?.flight?.endpoints : undefined;
  if (warming === undefined || warming === target) return target;
  return target.with(target.since(warming).removals.flatMap((name) => warming.get(name) ?? []));
}

function tell(record: OwnType, state: OwnAds, now: number, isHeldUp: boolean, effects: AdsEffect[]): void {
  if (record.flight !== undefined) {
    record.phase = "flying";
    return;
  }
  const wanted = wantedOf(record, state);
  if (wanted === undefined) {
    record.phase = "waiting";
    return;
  }
  const content = contentFor(record, wanted, state);
  if (content === undefined) {
    record.told = wanted;
    record.owesAnswer = false;
    record.phase = "idle";
    return;
  }
  const target = targetOf(record, state) ?? state.pool.emptySet;
  const isPaused = now < record.notBefore && target !== record.pausedContent;
  if (isHeldUp || state.isBlocked || isPaused) {
    record.phase = "waiting";
    if (isPaused) wakeAt(state, record.notBefore, effects);
    return;
  }
  state.responses += 1;
  const nonce = String(state.responses);
  record.flight = {
    nonce,
    before: record.told,
    wanted,
    target,
    endpoints: endpointsFor(record, state),
    sentAt: now,
    forgotten: [],
  };
  record.told = wanted;
  record.lastNonce = nonce;
  record.owesAnswer = false;
  record.asked = NO_ASKED;
  record.responses += 1;
  record.phase = "flying";
  if (record.typeUrl === CLUSTER_TYPE) forgetEndpoints(record.flight, state);
  effects.push({ kind: "send", typeUrl: record.typeUrl, nonce, version: wanted.version, content });
}

function endpointsFor({ typeUrl }: OwnType, { snapshot }: OwnAds): ResourceSet | undefined {
  return typeUrl === CLUSTER_TYPE ? snapshot?.resources.get(ENDPOINT_TYPE) : undefined;
}

/**
 * Envoy warms a changed cluster anew and waits for its endpoints, although it has them and nothing in its requests tells that it
 * does: they are told again, after the clusters. Source: xDS protocol, "Resource warming"; Envoy 1.40 waits for 15 s otherwise.
 */
function forgetEndpoints({ wanted, before }: AdsFlight, state: OwnAds): void {
  const endpoints = state.types.get(ENDPOINT_TYPE);
  if (endpoints === undefined) return;
  forget(
    endpoints,
    wanted.since(before).upserts.map(({ name }) => name),
  );
}

/** As if the peer had never been told: it is told again if it is wanted. */
export function forget(record: OwnType, names: readonly string[]): void {
  record.told = record.told.without(names);
  const { flight } = record;
  if (flight !== undefined) record.flight = { ...flight, forgotten: [...flight.forgotten, ...names] };
}

/** Undefined: nothing to say. */
function contentFor(record: OwnType, wanted: ResourceSet, state: OwnAds): AdsSend["content"] | undefined {
  // All of it: many proxies are told that at their beginning, and it is the same bytes for all of them.
  const isAll = state.variant === "state" && record.told.size === 0 && wanted.size > 0;
  if (isAll) return { form: "whole", resources: wanted };
  const { upserts, removals } = wanted.since(record.told);
  if (state.variant === "delta") return deltaContent(record, wanted, { upserts, removals });

  if (isFullStateType(record.typeUrl) || record.subscription.isWildcard) {
    const isSilent = upserts.length === 0 && removals.length === 0 && !record.owesAnswer;
    return isSilent ? undefined : { form: "whole", resources: wanted };
  }
  // Nobody can be told by this variant that something named is gone, and nothing is no answer.
  return upserts.length === 0 ? undefined : { form: "part", upserts, removals: [] };
}

function deltaContent(record: OwnType, wanted: ResourceSet, difference: SetDifference): AdsSend["content"] | undefined {
  // What the peer brought from an earlier stream, and may not lose yet, it has; its content is not here.
  const hasForeign = difference.upserts.some(({ isForeign }) => isForeign);
  // Not copied: what many are told is known by its list, see `differenceBytes`.
  const upserts = hasForeign ? difference.upserts.filter(({ isForeign }) => !isForeign) : difference.upserts;
  const absent = [...record.asked].filter((name) => !wanted.has(name) && !difference.removals.includes(name));
  const removals = absent.length === 0 ? difference.removals : [...difference.removals, ...absent];
  return upserts.length + removals.length === 0 && !record.owesAnswer ? undefined : { form: "part", upserts, removals };
}

/**
 * What was rejected is replaced by what the peer had before, so that it never sees the same mistake twice. Content in doubt, of an
 * earlier response that was refused for another name, is left to it: something may count on it.
 */
function withLastGood(record: OwnType, wanted: ResourceSet, { variant }: OwnAds): ResourceSet {
  if (record.rejected.size === 0) return wanted;
  const upserts = [];
  const removals = [];
  for (const [name, { version, lastGood, content }] of record.rejected) {
    if (wanted.get(name)?.version !== version) continue;
    const canStay = variant === "delta" && content === undefined;
    const kept = lastGood ?? (canStay ? record.told.get(name) : undefined);
    if (kept === undefined) removals.push(name);
    else upserts.push(kept);
  }
  return wanted.with(upserts, removals);
}

/** Resources that the peer has, still subscribes to, and may not lose yet: a cluster in use, endpoints of such a cluster. */
function withRetained(
  record: OwnType,
  wanted: ResourceSet,
  state: OwnAds,
  isRetained: (name: string) => boolean,
): ResourceSet {
  const retained = [];
  for (const name of wanted.since(record.told).removals) {
    const resource = record.told.get(name);
    // A whole state cannot hold what is not here.
    if (resource === undefined || (resource.isForeign && state.variant === "state")) continue;
    if (record.subscription.wants(name) && isRetained(name)) retained.push(resource);
  }
  return retained.length === 0 ? wanted : wanted.with(retained);
}

/**
 * Nobody knows which clusters of the content are to blame, so all new ones are kept out, and listeners that count on them with
 * them: the last good configuration stays as a whole. Where the culprit is known the rest goes on.
 */
function areClustersRefused(state: OwnAds): boolean {
  for (const { content } of state.types.get(CLUSTER_TYPE)?.rejected.values() ?? []) {
    if (content !== undefined) return true;
  }
  return false;
}

/** A listener that was rejected, or that is not told yet, still uses the clusters of before. */
function areClusterUsersBehind(state: OwnAds): boolean {
  return CLUSTER_USERS.some((typeUrl) => {
    const record = state.types.get(typeUrl);
    return record !== undefined && (record.rejected.size > 0 || !isSettled(record, state));
  });
}

function isSettled(record: OwnType, state: OwnAds): boolean {
  if (record.flight !== undefined) return false;
  return record.told === wantedOf(record, state);
}

function noteConverged(state: OwnAds, effects: AdsEffect[]): void {
  const { snapshot } = state;
  if (snapshot === undefined || state.convergedAt === snapshot.revision) return;
  // Envoy asks for listeners when its clusters are warm; until then it has not got everything.
  for (const [typeUrl, resources] of snapshot.resources) {
    if (isFullStateType(typeUrl) && resources.size > 0 && !state.types.has(typeUrl)) return;
  }
  let isRejecting = false;
  for (const record of state.types.values()) {
    if (!isSettled(record, state)) return;
    isRejecting ||= record.rejected.size > 0;
  }
  state.convergedAt = snapshot.revision;
  const { revision, changedAt } = snapshot;
  effects.push({ kind: "note", note: "converged", revision, changedAt, isRejecting });
}

function wakeAt(state: OwnAds, at: number, effects: AdsEffect[]): void {
  if (state.wakeAt !== undefined && state.wakeAt <= at) return;
  state.wakeAt = at;
  effects.push({ kind: "wakeAt", at });
}
