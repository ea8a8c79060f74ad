/**
 * What a running proxy says of itself, and what it would be given. The program hands in how to ask: a zone its proxies, a global
 * the zones. Source: kuma v2.14.3: pkg/envoy/admin/client.go, pkg/intercp/envoyadmin/forwarding_kds_client.go.
 */
import { listOf, type Resource, textOf } from "@isthmus/resources";
import { err, isJsonObject, type JsonObject, type Result } from "@isthmus/std";
import type { Store } from "@isthmus/store";
import { type Failure, notFound } from "../failure.ts";
import { zoneOf } from "./zone-of.ts";

export type OutputFormat = "text" | "json";

/** `proxy`: a Dataplane, ZoneIngress or ZoneEgress. Answers are what Envoy printed. */
export interface ProxyInspector {
  configDump(proxy: Resource, options: { readonly includeEds: boolean }): Promise<Result<string, InspectFailure>>;
  clusters(proxy: Resource, options: { readonly format: OutputFormat }): Promise<Result<string, InspectFailure>>;
  stats(
    proxy: Resource,
    options: { readonly format: OutputFormat; readonly usedOnly: boolean },
  ): Promise<Result<string, InspectFailure>>;
  /** What the zone gives the Dataplane, resources by type URL and name; asked of zones only. */
  config(dataplane: Resource, options: { readonly isShadow: boolean }): Promise<Result<JsonObject, InspectFailure>>;
}

export type InspectFailure =
  /** A global has never heard of the zone. */
  | { readonly kind: "unknown-zone" }
  | { readonly kind: "zone-offline" }
  /** The zone is connected, but not (yet) for such questions. */
  | { readonly kind: "stream-not-connected" }
  /** The zone answered that it cannot. */
  | { readonly kind: "refused"; readonly reason: string }
  /** The proxy does not answer, or nothing here asks proxies. */
  | { readonly kind: "unreachable"; readonly reason: string };

export type Operation = "xds" | "stats" | "clusters";

/** How Kuma names operations: to people, and on the wire. */
const RPC_NAMES: Readonly<Record<Operation, string>> = {
  xds: "XDS Config Dump",
  stats: "Stats",
  clusters: "Clusters",
};
const REQUEST_TYPES: Readonly<Record<Operation, string>> = {
  xds: "XDSConfigRequest",
  stats: "StatsRequest",
  clusters: "ClustersRequest",
};

export function failureOfInspection(failure: InspectFailure, operation: Operation, title: string): Failure {
  switch (failure.kind) {
    case "unknown-zone":
      return notFound(title);
    case "zone-offline":
      return { status: 400, title, detail: `couldn't execute ${RPC_NAMES[operation]} operation, zone is offline` };
    case "stream-not-connected":
      return {
        status: 400,
        title: "Bad Request",
        detail: `stream to execute ${RPC_NAMES[operation]} operations is not yet connected`,
      };
    case "refused":
      return { status: 400, title, detail: `could not send ${REQUEST_TYPES[operation]}: ${failure.reason}` };
    case "unreachable":
      return { status: 503, title, detail: failure.reason };
  }
}

/** Where no program asks proxies: a global says what it knows of the zone, a zone that nothing reaches them. */
export function unconnectedInspector(store: Store, mode: "global" | "zone"): ProxyInspector {
  const fail = async (proxy: Resource) => err(mode === "zone" ? NOBODY_ASKS : zoneFailure(store, proxy));
  return { configDump: fail, clusters: fail, stats: fail, config: fail };
}

const NOBODY_ASKS: InspectFailure = { kind: "unreachable", reason: "this control plane has no connection to proxies" };

function zoneFailure(store: Store, proxy: Resource): InspectFailure {
  const insight = store.get({ type: "ZoneInsight", mesh: "", name: zoneOf(proxy) });
  if (insight === undefined) return { kind: "unknown-zone" };
  const isOnline = listOf(insight.spec, "subscriptions").some(
    (each) => isJsonObject(each) && textOf(each, "connectTime") !== "" && textOf(each, "disconnectTime") === "",
  );
  return { kind: isOnline ? "stream-not-connected" : "zone-offline" };
}
