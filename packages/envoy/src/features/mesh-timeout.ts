/**
 * MeshTimeout: how long is waited for connections, requests, streams. Without any policy Kuma's defaults hold.
 * Source: kuma v2.14.3: pkg/plugins/policies/meshtimeout, pkg/plugins/policies/core/defaults.
 */

import { type InboundRule, inboundConf } from "@isthmus/policy";
import type { RouteActionJson } from "@isthmus/proto/envoy/config/route/v3/route_components";
import { objectOf } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import { durationOf } from "../build/durations.ts";
import type { ChainDraft, ClusterDraft, Draft } from "../draft/draft.ts";
import { isHttp } from "../draft/role.ts";
import { addClientRoutes, chainConf, clientRules } from "./client-routes.ts";
import type { Feature, FeatureContext } from "./feature.ts";
import type { SubjectPolicies } from "./subject-policies.ts";

const TYPE = "MeshTimeout";
const STATE = "mesh_timeout";
const CONNECT = "5s";
const IDLE = "3600s";
const STREAM_IDLE = "1800s";
const REQUEST = "15s";
const NONE = "0s";
/** Of these Kuma sets limits of connections on the cluster; not of gRPC. */
const LIMITED: ReadonlySet<string> = new Set(["http", "http2"]);

export const meshTimeout: Feature = (draft, context) => {
  if (context.subject.kind !== "sidecar") return;
  outbounds(draft, context);
  inbounds(draft, context);
  zoneListeners(draft, context);
};

function outbounds(draft: Draft, { policies }: FeatureContext): void {
  for (const cluster of draft.clusters) {
    const { role } = cluster;
    if (role.kind !== "outbound" && role.kind !== "legacyOutbound") continue;
    configureCluster(cluster, role.protocol, policies.to(TYPE, role));
  }
  for (const { role, chains } of draft.listeners) {
    if (role.kind !== "outbound" && role.kind !== "legacyOutbound") continue;
    const conf = policies.to(TYPE, role);
    for (const chain of chains) configureOutboundChain(chain, conf, policies);
  }
}

function configureOutboundChain({ end }: ChainDraft, conf: JsonObject | undefined, policies: SubjectPolicies): void {
  const http = objectOf(conf ?? {}, "http");
  if (end.kind === "tcp") end.proxy.idleTimeout = durationOf(conf, "idleTimeout") ?? IDLE;
  if (end.kind !== "http") return;
  end.manager.commonHttpProtocolOptions = { ...end.manager.commonHttpProtocolOptions, idleTimeout: NONE };
  end.manager.requestHeadersTimeout = durationOf(http, "requestHeadersTimeout") ?? NONE;
  for (const route of (end.routes.virtualHosts ?? []).flatMap((host) => host.routes ?? [])) {
    if (route.route === undefined) continue;
    configureRoute(route.route, http);
    const own = policies.ofRoute(TYPE, route);
    if (own !== undefined) configureRoute(route.route, objectOf(own, "http"));
  }
}

function configureRoute(action: RouteActionJson, http: JsonObject): void {
  action.timeout = durationOf(http, "requestTimeout") ?? REQUEST;
  const idle = durationOf(http, "streamIdleTimeout");
  if (idle !== undefined || action.idleTimeout === undefined) action.idleTimeout = idle ?? STREAM_IDLE;
}

function inbounds(draft: Draft, { policies }: FeatureContext): void {
  for (const { role, chains } of draft.listeners) {
    if (role.kind !== "inbound") continue;
    const { inbound } = role;
    const place = { address: inbound.listenAddress, port: inbound.port };
    const rules = policies.inbound(TYPE, place, true);
    const conf = inboundConf(rules);
    // What is said about some clients alone says nothing about the others.
    const isForAll = rules.length === 0 || conf !== undefined;
    for (const chain of chains) {
      if (isForAll) configureInboundChain(chain, conf);
      configureClients(chain, rules);
    }
    if (!isForAll) continue;
    for (const cluster of draft.clusters) {
      if (cluster.role.kind === "inbound" && cluster.role.inbound === inbound) {
        configureCluster(cluster, inbound.protocol, conf);
      }
    }
  }
}

/** Who comes is known of TLS connections alone. */
function configureClients(chain: ChainDraft, rules: readonly InboundRule[]): void {
  if (chain.tls === undefined) return;
  const clients = clientRules(rules, (conf) => {
    const http = objectOf(conf, "http");
    return "requestTimeout" in http || "streamIdleTimeout" in http;
  });
  addClientRoutes(chain, STATE, clients, ({ route }, { conf }) => {
    const timeout = durationOf(objectOf(conf, "http"), "requestTimeout");
    const idleTimeout = durationOf(objectOf(conf, "http"), "streamIdleTimeout");
    if (route !== undefined && timeout !== undefined) route.timeout = timeout;
    if (route !== undefined && idleTimeout !== undefined) route.idleTimeout = idleTimeout;
  });
}

function configureInboundChain({ end }: ChainDraft, conf: JsonObject | undefined): void {
  const http = objectOf(conf ?? {}, "http");
  if (end.kind === "tcp") end.proxy.idleTimeout = durationOf(conf, "idleTimeout") ?? IDLE;
  if (end.kind !== "http") return;
  end.manager.commonHttpProtocolOptions = { ...end.manager.commonHttpProtocolOptions, idleTimeout: NONE };
  end.manager.requestHeadersTimeout = durationOf(http, "requestHeadersTimeout") ?? NONE;
  for (const action of routeActions(end.routes.virtualHosts)) configureRoute(action, http);
}

/** Doors of the zone: only what policies say; of all traffic, of a server name, of clients. */
function zoneListeners(draft: Draft, { policies }: FeatureContext): void {
  for (const chain of draft.listeners.flatMap(({ chains }) => chains)) {
    const { role } = chain;
    if ((role.kind !== "zoneIngress" && role.kind !== "zoneEgress") || role.listener === undefined) continue;
    const rules = policies.inbound(TYPE, role.listener, true);
    const conf = chainConf(rules, chain);
    if (conf !== undefined) {
      configureInboundChain(chain, conf);
    }
    configureClients(chain, rules);
  }
  for (const cluster of draft.clusters) {
    const { role } = cluster;
    if (role.kind !== "zoneEgress" || role.listener === undefined) continue;
    configureCluster(cluster, protocolOf(cluster), policies.toExternal(TYPE, role.exposure));
  }
}

function protocolOf({ http }: ClusterDraft): string {
  if (http === undefined) return "tcp";
  return http.explicitHttpConfig?.http2ProtocolOptions === undefined ? "http" : "http2";
}

function configureCluster({ json, ...draft }: ClusterDraft, protocol: string, conf: JsonObject | undefined): void {
  json.connectTimeout = durationOf(conf, "connectionTimeout") ?? CONNECT;
  if (!isHttp(protocol) || !LIMITED.has(protocol)) return;
  const http = objectOf(conf ?? {}, "http");
  if (draft.http === undefined) return;
  draft.http.commonHttpProtocolOptions = {
    ...draft.http.commonHttpProtocolOptions,
    idleTimeout: durationOf(conf, "idleTimeout") ?? IDLE,
    maxConnectionDuration: durationOf(http, "maxConnectionDuration") ?? NONE,
    maxStreamDuration: durationOf(http, "maxStreamDuration") ?? NONE,
  };
}

interface Host {
  readonly routes?: readonly { readonly route?: RouteActionJson }[];
}

function routeActions(hosts: readonly Host[] | undefined): readonly RouteActionJson[] {
  return (hosts ?? []).flatMap(({ routes }) => (routes ?? []).flatMap(({ route }) => route ?? []));
}
