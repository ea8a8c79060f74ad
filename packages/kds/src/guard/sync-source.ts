/**
 * Who this control plane was last fully in sync with. Kept in a Config of its own that never leaves the store: losing it
 * with the store is right, for then there is nothing to protect either.
 */
import { describeKey, KDS_SYNC_LABEL, ORIGIN_LABEL, type ResourceKey } from "@isthmus/resources";
import { isJsonObject, parseJson } from "@isthmus/std";
import type { Op, Store } from "@isthmus/store";
import type { ReceivingSide } from "../apply/receiving-side.ts";

export const CONFIG_TYPE = "Config";
export const CLUSTER_ID_CONFIG = "kuma-cluster-id";
/** On a zone. On a global there is one per zone, with the zone's name behind a dot. */
export const SYNC_SOURCE_CONFIG = "isthmus-sync-source";

export interface SourceIdentity {
  /** Config `kuma-cluster-id` of a global; undefined where the source is a zone. */
  readonly clusterId: string | undefined;
  /** History of the source's store; undefined for Kuma peers. */
  readonly historyId: string | undefined;
}

/** What the source of a stream shows. `clusterId`: "unseen" until its Configs came, undefined when it has none. */
export interface PresentedIdentity {
  readonly clusterId: { readonly kind: "unseen" } | { readonly kind: "seen"; readonly id: string | undefined };
  readonly historyId: string | undefined;
}

export type SourceVerdict =
  /** Nothing is known of an earlier source, or nothing that could be compared. */
  | { readonly kind: "new" }
  | { readonly kind: "same"; readonly isHistoryProven: boolean }
  /** There was a source with a cluster id, and this one has not yet shown its own. */
  | { readonly kind: "unproven" }
  | { readonly kind: "other"; readonly reason: string };

export function judgeSource(known: SourceIdentity | undefined, presented: PresentedIdentity): SourceVerdict {
  if (known === undefined) return { kind: "new" };
  const { clusterId, historyId } = presented;
  const isHistoryComparable = known.historyId !== undefined && historyId !== undefined;
  if (isHistoryComparable && known.historyId !== historyId) {
    return { kind: "other", reason: `the source's store has history ${historyId}, before it was ${known.historyId}` };
  }
  if (known.clusterId === undefined) {
    return isHistoryComparable ? { kind: "same", isHistoryProven: true } : { kind: "new" };
  }
  if (clusterId.kind === "unseen") {
    return isHistoryComparable ? { kind: "same", isHistoryProven: true } : { kind: "unproven" };
  }
  if (clusterId.id === known.clusterId) return { kind: "same", isHistoryProven: isHistoryComparable };
  const shown = clusterId.id === undefined ? "no cluster id" : `cluster id ${clusterId.id}`;
  return { kind: "other", reason: `the source has ${shown}, before it was ${known.clusterId}` };
}

export function syncSourceKey(side: ReceivingSide): ResourceKey {
  const name = side.kind === "zone" ? SYNC_SOURCE_CONFIG : `${SYNC_SOURCE_CONFIG}.${side.zone}`;
  return { type: CONFIG_TYPE, mesh: "", name };
}

/** Names that no source may write. */
export function isSyncSourceConfig(key: ResourceKey): boolean {
  return key.type === CONFIG_TYPE && (key.name === SYNC_SOURCE_CONFIG || key.name.startsWith(`${SYNC_SOURCE_CONFIG}.`));
}

/** The recorded source; before the first record a zone knows at least the cluster id that it got. */
export function readSyncSource(store: Pick<Store, "get">, side: ReceivingSide): SourceIdentity | undefined {
  const row = store.get(syncSourceKey(side));
  const recorded = typeof row?.spec.config === "string" ? parseIdentity(row.spec.config) : undefined;
  if (recorded !== undefined || side.kind === "global") return recorded;
  const cluster = store.get({ type: CONFIG_TYPE, mesh: "", name: CLUSTER_ID_CONFIG });
  if (cluster === undefined || cluster.labels[ORIGIN_LABEL] !== "global") return undefined;
  const { config } = cluster.spec;
  return typeof config === "string" ? { clusterId: config, historyId: undefined } : undefined;
}

/** Undefined when the record says so already, or cannot be made (the Zone is gone). */
export function recordSyncSource(
  store: Pick<Store, "get">,
  side: ReceivingSide,
  identity: SourceIdentity,
): Op | undefined {
  const key = syncSourceKey(side);
  const config = JSON.stringify({ clusterId: identity.clusterId, historyId: identity.historyId });
  if (config === "{}" || store.get(key)?.spec.config === config) return undefined;
  const labels = { [ORIGIN_LABEL]: side.kind, [KDS_SYNC_LABEL]: "disabled" };
  const resource = { ...key, labels, spec: { config } };
  if (side.kind === "zone") return { kind: "put", resource };
  const owner = { type: "Zone", mesh: "", name: side.zone };
  return store.get(owner) === undefined ? undefined : { kind: "put", resource: { ...resource, owner } };
}

/** Message for a source that tries to write one. */
export function reservedReason(key: ResourceKey): string {
  return `reserved for this control plane: ${describeKey(key)}`;
}

function parseIdentity(text: string): SourceIdentity | undefined {
  const parsed = parseJson(text);
  if (!parsed.ok || !isJsonObject(parsed.value)) return undefined;
  const { clusterId, historyId } = parsed.value;
  return {
    clusterId: typeof clusterId === "string" ? clusterId : undefined,
    historyId: typeof historyId === "string" ? historyId : undefined,
  };
}
