/**
 * What the overview page of the GUI counts, over all meshes and zones. Summed up from insights when it is asked for: they are
 * few, and always up to date. Source: kuma v2.14.3: pkg/insights/globalinsight, pkg/api-server/global_insights_endpoints.go.
 */
import type { GlobalInsight, GlobalInsights, StatusCounts } from "@isthmus/api";
import { isInsightOnline, numberOf, objectOf, type Registry, textOf } from "@isthmus/resources";
import { isJsonObject, type JsonObject } from "@isthmus/std";
import type { Store } from "@isthmus/store";

type Counts = { -readonly [Member in keyof StatusCounts]: number };

/** Have numbers of their own. */
const COUNTED_APART = ["Mesh", "Zone", "ZoneIngress", "ZoneEgress"];

/** `createdAt`: RFC 3339. Members in order of name, as Kuma's generated types have them. */
export function globalInsight(
  { store, registry }: { readonly store: Store; readonly registry: Registry },
  createdAt: string,
): GlobalInsight {
  const meshInsights = store.list("MeshInsight").map(({ spec }) => spec);
  const byType = (type: string): StatusCounts =>
    sumOf(meshInsights.map((insight) => objectOf(objectOf(insight, "dataplanesByType"), type)));
  return {
    createdAt,
    dataplanes: {
      gatewayBuiltin: byType("gatewayBuiltin"),
      gatewayDelegated: byType("gatewayDelegated"),
      standard: byType("standard"),
    },
    // Those that no insight was made for yet do not count.
    meshes: { total: meshInsights.length },
    policies: { total: meshInsights.reduce((sum, insight) => sum + totalOf(objectOf(insight, "policies")), 0) },
    resources: resourceTotals(meshInsights, store, registry),
    services: serviceCounts(store),
    zones: {
      controlPlanes: onlineCounts(store, "ZoneInsight"),
      zoneEgresses: onlineCounts(store, "ZoneEgressInsight"),
      zoneIngresses: onlineCounts(store, "ZoneIngressInsight"),
    },
  };
}

/** The older answer of this kind: every global-scoped type, also those of which there are none. */
export function globalInsights(
  { store, registry }: { readonly store: Store; readonly registry: Registry },
  creationTime: string,
): GlobalInsights {
  const types = registry.all().filter(({ name, scope }) => scope === "Global" && name !== "Config" && !isInsight(name));
  const resources = types.map(({ name }) => [name, { total: store.count(name) }] as const);
  return { type: "GlobalInsights", creationTime, resources: Object.fromEntries(sorted(resources)) };
}

const isInsight = (type: string): boolean => type.endsWith("Insight");

function sumOf(stats: readonly JsonObject[]): StatusCounts {
  const sum = (member: keyof StatusCounts): number => stats.reduce((total, stat) => total + numberOf(stat, member), 0);
  return {
    offline: sum("offline"),
    online: sum("online"),
    partiallyDegraded: sum("partiallyDegraded"),
    total: sum("total"),
  };
}

/** Of a map from names to `{total}`. */
function totalOf(stats: JsonObject): number {
  return Object.values(stats).reduce<number>(
    (sum, stat) => sum + (isJsonObject(stat) ? numberOf(stat, "total") : 0),
    0,
  );
}

function resourceTotals(
  meshInsights: readonly JsonObject[],
  store: Store,
  registry: Registry,
): GlobalInsight["resources"] {
  const totals = new Map<string, number>();
  for (const insight of meshInsights) {
    for (const [type, stat] of Object.entries(objectOf(insight, "resources"))) {
      if (isJsonObject(stat)) totals.set(type, (totals.get(type) ?? 0) + numberOf(stat, "total"));
    }
  }
  for (const { name, scope, path, isAdminOnly } of registry.all()) {
    if (scope !== "Global" || path === undefined || isAdminOnly || isInsight(name) || COUNTED_APART.includes(name))
      continue;
    if (store.count(name) > 0) totals.set(name, store.count(name));
  }
  return Object.fromEntries(sorted([...totals].map(([type, total]) => [type, { total }] as const)));
}

function sorted<V>(entries: readonly (readonly [string, V])[]): readonly (readonly [string, V])[] {
  return [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
}

function serviceCounts(store: Store): GlobalInsight["services"] {
  const none = (): Counts => ({ offline: 0, online: 0, partiallyDegraded: 0, total: 0 });
  const counts = { internal: none(), external: none(), gateway_builtin: none(), gateway_delegated: none() };
  for (const { spec } of store.list("ServiceInsight")) {
    for (const service of Object.values(objectOf(spec, "services"))) {
      if (!isJsonObject(service)) continue;
      const kind = textOf(service, "serviceType") || "internal";
      const count = Object.hasOwn(counts, kind) ? counts[kind as keyof typeof counts] : none();
      count.total += 1;
      const status = textOf(service, "status");
      if (status === "online") count.online += 1;
      else if (status === "offline") count.offline += 1;
      else if (status === "partially_degraded") count.partiallyDegraded += 1;
    }
  }
  return {
    external: { total: counts.external.total },
    gatewayBuiltin: counts.gateway_builtin,
    gatewayDelegated: counts.gateway_delegated,
    internal: counts.internal,
  };
}

/** Of insights, not of what they belong to: a zone that never connected does not count. */
function onlineCounts(store: Store, type: string): { readonly online: number; readonly total: number } {
  const all = store.list(type);
  const online = all.filter(({ spec }) => isInsightOnline(spec));
  return { online: online.length, total: all.length };
}
