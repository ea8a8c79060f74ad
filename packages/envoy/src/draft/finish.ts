/** From drafts to whole resources of Envoy, as proto3 JSON. */
import type { ClusterJson } from "@isthmus/proto/envoy/config/cluster/v3/cluster";
import type { TransportSocketJson } from "@isthmus/proto/envoy/config/core/v3/base";
import type { ClusterLoadAssignmentJson } from "@isthmus/proto/envoy/config/endpoint/v3/endpoint";
import type { ListenerJson } from "@isthmus/proto/envoy/config/listener/v3/listener";
import type { FilterChainJson, FilterJson } from "@isthmus/proto/envoy/config/listener/v3/listener_components";
import { assertNever, type JsonObject } from "@isthmus/std";
import { withSocketMatches } from "../build/endpoints.ts";
import { applyModifications, type PatchedResource } from "../patches/apply-modifications.ts";
import { typed } from "./any.ts";
import type { ChainDraft, ChainEnd, ClusterDraft, Draft, ListenerDraft } from "./draft.ts";
import { originOf } from "./origins.ts";
import type { Role } from "./role.ts";

const HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
const TLS = "envoy.extensions.transport_sockets.tls.v3";
const NETWORK = "envoy.extensions.filters.network";

/** A whole configuration, by name of resource. */
export interface EnvoyConfig {
  readonly clusters: ReadonlyMap<string, ClusterJson>;
  readonly endpoints: ReadonlyMap<string, ClusterLoadAssignmentJson>;
  readonly listeners: ReadonlyMap<string, ListenerJson>;
  /** Names of secrets that it refers to. */
  readonly secrets: ReadonlySet<string>;
  readonly problems: readonly string[];
}

/** Of two parts with one name the first counts, the other is a problem. */
export function finish(draft: Draft): EnvoyConfig {
  const problems = [...draft.problems];
  const byName = <Part extends { readonly name: string }, Json>(
    parts: readonly Part[],
    what: string,
    json: (part: Part) => Json,
  ): ReadonlyMap<string, Json> => {
    const whole = new Map<string, Json>();
    for (const part of parts) {
      if (whole.has(part.name)) problems.push(`two ${what} are called ${part.name}`);
      else whole.set(part.name, json(part));
    }
    return whole;
  };
  const config = {
    clusters: byName(draft.clusters, "clusters", finishCluster),
    endpoints: byName(draft.endpoints, "endpoint assignments", ({ json }) => json),
    listeners: byName(draft.listeners, "listeners", finishListener),
    secrets: draft.secrets,
    problems,
  };
  const whole = draft.modifications.length === 0 ? config : { ...config, ...modified(draft, config, problems) };
  return withAllSocketMatches(whole);
}

/** Last, for a patch may have added them. */
function withAllSocketMatches(config: EnvoyConfig): EnvoyConfig {
  const matching = [...config.clusters].filter(([, { transportSocketMatches: matches = [] }]) => matches.length > 0);
  if (matching.length === 0) return config;
  const clusters = new Map(config.clusters);
  const endpoints = new Map(config.endpoints);
  for (const [name, cluster] of matching) {
    const assignment = endpoints.get(name);
    if (assignment !== undefined) endpoints.set(name, withSocketMatches(assignment));
    if (cluster.loadAssignment === undefined) continue;
    clusters.set(name, { ...cluster, loadAssignment: withSocketMatches(cluster.loadAssignment) });
  }
  return { ...config, clusters, endpoints };
}

function modified(draft: Draft, config: EnvoyConfig, problems: string[]): Pick<EnvoyConfig, "clusters" | "listeners"> {
  const resources = (parts: readonly { name: string; role: Role }[], whole: ReadonlyMap<string, object>) => {
    // Of two parts with one name the first counts.
    const origins = new Map(parts.toReversed().map(({ name, role }) => [name, originOf(role)]));
    return [...whole].map(
      ([name, json]): PatchedResource => ({ name, origin: origins.get(name) ?? "", json: plain(json) }),
    );
  };
  const { clusters, listeners } = applyModifications(
    draft.modifications,
    {
      clusters: resources(draft.clusters, config.clusters),
      listeners: resources(draft.listeners, config.listeners),
    },
    problems,
  );
  return {
    clusters: new Map(clusters.map(({ name, json }) => [name, json as ClusterJson])),
    listeners: new Map(listeners.map(({ name, json }) => [name, json as ListenerJson])),
  };
}

/** Without members that are undefined. */
function plain(json: object): JsonObject {
  return JSON.parse(JSON.stringify(json)) as JsonObject;
}

/** One configuration of several. Clusters and endpoints of one name are the same in all parts; of two listeners the first counts. */
export function merged(parts: readonly EnvoyConfig[]): EnvoyConfig {
  const clusters = new Map<string, ClusterJson>();
  const endpoints = new Map<string, ClusterLoadAssignmentJson>();
  const listeners = new Map<string, ListenerJson>();
  const secrets = new Set<string>();
  const problems = new Set<string>();
  for (const part of parts) {
    for (const [name, json] of part.clusters) if (!clusters.has(name)) clusters.set(name, json);
    for (const [name, json] of part.endpoints) if (!endpoints.has(name)) endpoints.set(name, json);
    for (const [name, json] of part.listeners) {
      if (listeners.has(name)) problems.add(`two listeners are called ${name}`);
      else listeners.set(name, json);
    }
    for (const name of part.secrets) secrets.add(name);
    for (const problem of part.problems) problems.add(problem);
  }
  return { clusters, endpoints, listeners, secrets, problems: [...problems] };
}

export function finishCluster({ name, json, http, tls, tlsMatches }: ClusterDraft): ClusterJson {
  return {
    name,
    ...json,
    ...(tlsMatches.length === 0
      ? {}
      : {
          transportSocketMatches: tlsMatches.map(({ name: title, match, tls: context }) => ({
            name: title,
            match,
            transportSocket: tlsSocket("UpstreamTlsContext", context),
          })),
        }),
    ...(tls === undefined ? {} : { transportSocket: tlsSocket("UpstreamTlsContext", tls) }),
    ...(http === undefined ? {} : { typedExtensionProtocolOptions: { [HTTP_OPTIONS]: typed(HTTP_OPTIONS, http) } }),
  };
}

export function finishListener({ name, json, chains, fallback }: ListenerDraft): ListenerJson {
  return {
    name,
    ...json,
    filterChains: chains.map(finishChain),
    ...(fallback === undefined ? {} : { defaultFilterChain: finishChain(fallback) }),
  };
}

function finishChain({ name, match, tls, filters, end }: ChainDraft): FilterChainJson {
  return {
    ...(name === undefined ? {} : { name }),
    ...(match === undefined ? {} : { filterChainMatch: match }),
    filters: [...filters, lastFilter(end)],
    ...(tls === undefined ? {} : { transportSocket: tlsSocket("DownstreamTlsContext", tls) }),
  };
}

function lastFilter(end: ChainEnd): FilterJson {
  switch (end.kind) {
    case "http":
      return {
        name: "envoy.filters.network.http_connection_manager",
        typedConfig: typed(`${NETWORK}.http_connection_manager.v3.HttpConnectionManager`, {
          ...end.manager,
          routeConfig: end.routes,
          httpFilters: [
            ...end.filters,
            {
              name: "envoy.filters.http.router",
              typedConfig: typed("envoy.extensions.filters.http.router.v3.Router", {}),
            },
          ],
        }),
      };
    case "tcp":
      return {
        name: "envoy.filters.network.tcp_proxy",
        typedConfig: typed(`${NETWORK}.tcp_proxy.v3.TcpProxy`, end.proxy),
      };
    case "filter":
      return end.filter;
    default:
      return assertNever(end);
  }
}

function tlsSocket(kind: "UpstreamTlsContext" | "DownstreamTlsContext", context: object): TransportSocketJson {
  return { name: "envoy.transport_sockets.tls", typedConfig: typed(`${TLS}.${kind}`, context) };
}
