/**
 * Labels that a generated MeshService takes over from its Dataplanes, and how they are told from labels that others set.
 * Source: kuma v2.14.3: pkg/core/resources/apis/meshservice/generate/labels.go.
 */
import { createHash } from "node:crypto";
import { isReservedLabel, type Labels, labelValueErrors, qualifiedNameErrors } from "@isthmus/resources";
import { creationKey } from "../model/creation-order.ts";
import type { Proxy } from "../model/proxy.ts";

export interface LabelPropagation {
  readonly isEnabled: boolean;
  /** Empty: all keys. */
  readonly allowedKeys: readonly string[];
}

/** `invalid`: no valid label; `inbound_conflict`: inbounds of one Dataplane disagree. Values of Kuma's metric. */
export type DropReason = "invalid" | "inbound_conflict";

export interface DroppedLabel {
  readonly dataplane: string;
  readonly key: string;
  readonly reason: DropReason;
}

export interface PropagatedLabels {
  readonly labels: Labels;
  readonly dropped: readonly DroppedLabel[];
}

/** Marks a key as propagated: the prefix and a hash of the key, since a key may hold what no label key may. */
const TRACKING_PREFIX = "kuma.io/pkey-";
const TRACKING_HASH_LENGTH = 16;
/** Ours are facts about one resource, never about another. */
const OWN_PREFIX = "isthmus.io/";

/** For each key the value most Dataplanes have; then the one of the youngest Dataplane; then the smaller text. */
export function propagatedLabels(
  proxies: readonly Proxy[],
  tagsOf: (proxy: Proxy) => readonly Labels[],
  propagation: LabelPropagation,
): PropagatedLabels {
  if (!propagation.isEnabled) return { labels: {}, dropped: [] };
  const votes = new Map<string, Map<string, Votes>>();
  const dropped: DroppedLabel[] = [];
  for (const proxy of proxies) {
    const youngest = creationKey(proxy.resource.creationTime);
    for (const [key, value] of contribution(proxy, tagsOf(proxy), propagation, dropped)) {
      const values = votes.get(key) ?? new Map<string, Votes>();
      votes.set(key, values);
      const before = values.get(value);
      const later = before === undefined || before.youngest < youngest ? youngest : before.youngest;
      values.set(value, { count: (before?.count ?? 0) + 1, youngest: later });
    }
  }
  return { labels: Object.fromEntries([...votes].map(([key, values]) => [key, winner(values)])), dropped };
}

export function trackingLabels(labels: Labels): Labels {
  return Object.fromEntries(Object.keys(labels).map((key) => [trackingKey(key), ""]));
}

/**
 * What stays of the labels of an existing MeshService beside those it should have: with propagation neither reserved keys
 * nor keys that were propagated before, without it everything.
 */
export function foreignLabels(existing: Labels, propagation: LabelPropagation): Labels {
  if (!propagation.isEnabled) return existing;
  const named = new Set(
    Object.entries(existing).flatMap(([key, value]) =>
      key.startsWith(TRACKING_PREFIX) && value !== "" ? [value] : [],
    ),
  );
  const isForeign = (key: string): boolean =>
    !isReservedLabel(key) && existing[trackingKey(key)] !== "" && !named.has(key);
  return Object.fromEntries(Object.entries(existing).filter(([key]) => isForeign(key)));
}

interface Votes {
  readonly count: number;
  readonly youngest: string;
}

/** Tags on which the inbounds agree, then the labels of the Dataplane. */
function contribution(
  proxy: Proxy,
  tagSets: readonly Labels[],
  { allowedKeys }: LabelPropagation,
  dropped: DroppedLabel[],
): ReadonlyMap<string, string> {
  const accepted = new Map<string, string>();
  const drop = (key: string, reason: DropReason): void => {
    dropped.push({ dataplane: proxy.name, key, reason });
  };
  const accept = (key: string, value: string): void => {
    if (allowedKeys.length > 0 && !allowedKeys.includes(key)) return;
    if (qualifiedNameErrors(key).length > 0 || labelValueErrors(value).length > 0) drop(key, "invalid");
    else accepted.set(key, value);
  };
  const values = new Map<string, Set<string>>();
  for (const [key, value] of tagSets.flatMap((tags) => Object.entries(tags))) {
    if (isOfControlPlane(key)) continue;
    const known = values.get(key);
    if (known === undefined) values.set(key, new Set([value]));
    else known.add(value);
  }
  for (const [key, [value = "", ...others]] of values) {
    if (others.length > 0) drop(key, "inbound_conflict");
    else accept(key, value);
  }
  for (const [key, value] of Object.entries(proxy.labels)) if (!isOfControlPlane(key)) accept(key, value);
  return accepted;
}

function winner(values: ReadonlyMap<string, Votes>): string {
  const [first] = [...values].sort(
    ([a, left], [b, right]) => right.count - left.count || compare(right.youngest, left.youngest) || compare(a, b),
  );
  return first?.[0] ?? "";
}

function isOfControlPlane(key: string): boolean {
  return isReservedLabel(key) || key.startsWith(OWN_PREFIX);
}

function trackingKey(key: string): string {
  return TRACKING_PREFIX + createHash("sha256").update(key).digest("hex").slice(0, TRACKING_HASH_LENGTH);
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
