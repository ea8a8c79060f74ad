/**
 * Traffic of others to the workload of a sidecar: one listener and one cluster for each inbound.
 * Source: kuma v2.14.3: pkg/xds/generator/inbound_proxy_generator.go, pkg/xds/envoy/listeners.
 */

import type { RouteConfigurationJson } from "@isthmus/proto/envoy/config/route/v3/route";
import type { Labels } from "@isthmus/resources";
import {
  hasUnifiedNaming,
  type Inbound,
  inboundClusterName,
  inboundListenerName,
  inboundRouteName,
  nameIn,
  type Proxy,
  SERVICE_TAG,
  statName,
} from "@isthmus/topology";
import { socketAddress, tcpSocket } from "../build/addresses.ts";
import { httpChain, usableCidrs } from "../build/chains.ts";
import { httpOptionsFor, staticCluster } from "../build/clusters.ts";
import { typed } from "../draft/any.ts";
import type { ChainDraft, ClusterDraft, Draft, ListenerDraft } from "../draft/draft.ts";
import { isHttp, type Role } from "../draft/role.ts";
import { inboundTlsMode } from "../features/mesh-tls.ts";
import type { SubjectPolicies } from "../features/subject-policies.ts";
import { REUSE_PORT_FEATURE } from "../proxy-traits.ts";
import { downstreamTls } from "../tls/downstream-tls.ts";
import type { TlsMode } from "../tls/tls-identities.ts";
import { MESH_ALPN } from "../tls/upstream-tls.ts";
import type { Translation } from "../translation.ts";

/** Address that redirected inbound traffic is sent from, so that the redirection leaves it alone. */
const INBOUND_SOURCE = { v4: "127.0.0.6", v6: "::6" };
/** Until a MeshTimeout says otherwise, which it cannot of everything. Source: kuma v2.14.3: pkg/defaults/mesh/meshtimeout.go. */
const CONNECT = "10s";
const IDLE = "7200s";
const STREAM_IDLE = "3600s";
const TAGS_METADATA = "io.kuma.tags";
const UNIFIED_NAME_TAG = "kuma.io/unified-name";

export function draftInbounds(proxy: Proxy, policies: SubjectPolicies, translation: Translation, draft: Draft): void {
  if (proxy.gateway?.type === "BUILTIN") return;
  const clusters = new Set<string>();
  for (const inbound of proxy.inbounds) {
    const role: Role = { kind: "inbound", inbound };
    const cluster = inboundCluster(proxy, inbound, role, translation);
    // Inbounds of one workload share its cluster.
    if (!clusters.has(cluster.name)) draft.clusters.push(cluster);
    clusters.add(cluster.name);
    const mode = inboundTlsMode(inbound, policies, translation.identities.of(proxy.mesh));
    draft.listeners.push(inboundListener(proxy, inbound, role, cluster.name, mode, translation, draft));
  }
}

function inboundCluster(proxy: Proxy, inbound: Inbound, role: Role, translation: Translation): ClusterDraft {
  const { workload, section, protocol } = inbound;
  const name = nameIn(isUnified(proxy, translation), inboundClusterName(workload.port, section));
  const cluster = staticCluster(name, role, tcpSocket(workload.address, workload.port));
  const options = httpOptionsFor(protocol);
  const http = options === undefined ? undefined : { ...options, commonHttpProtocolOptions: { idleTimeout: IDLE } };
  const needsSource = proxy.isTransparent && !isLoopback(workload.address);
  const source = workload.address.includes(":") ? INBOUND_SOURCE.v6 : INBOUND_SOURCE.v4;
  return {
    ...cluster,
    json: {
      ...cluster.json,
      connectTimeout: CONNECT,
      ...(needsSource ? { upstreamBindConfig: { sourceAddress: { address: source, portValue: 0 } } } : {}),
    },
    ...(http === undefined ? {} : { http }),
  };
}

function inboundListener(
  proxy: Proxy,
  inbound: Inbound,
  role: Role,
  cluster: string,
  mode: TlsMode | undefined,
  translation: Translation,
  draft: Draft,
): ListenerDraft {
  const { traits } = translation;
  const address = inbound.listenAddress;
  const isUnifiedNaming = isUnified(proxy, translation);
  const name = nameIn(isUnifiedNaming, inboundListenerName(address, inbound.port, inbound.section));
  return {
    name,
    role,
    json: {
      address: socketAddress(address, inbound.port),
      trafficDirection: "INBOUND",
      enableReusePort: traits.features.has(REUSE_PORT_FEATURE),
      ...(isUnifiedNaming ? { statPrefix: name } : {}),
      ...(proxy.isTransparent ? { bindToPort: false } : {}),
      metadata: { filterMetadata: { [TAGS_METADATA]: listenerTags(inbound) } },
      ...(mode === "PERMISSIVE" ? { listenerFilters: [tlsInspector()] } : {}),
    },
    chains: [...inboundChains(proxy, inbound, role, cluster, mode, translation, draft)],
  };
}

/** Strict: mesh TLS. Permissive: also plaintext, and foreign TLS as it is. */
function inboundChains(
  proxy: Proxy,
  inbound: Inbound,
  role: Role,
  cluster: string,
  mode: TlsMode | undefined,
  translation: Translation,
  draft: Draft,
): readonly ChainDraft[] {
  const chain = (): ChainDraft => workloadChain(proxy, inbound, role, cluster, translation);
  const tls = translation.identities.of(proxy.mesh);
  if (tls === undefined) return [chain()];
  const secured: ChainDraft = { ...chain(), tls: downstreamTls(tls, proxy.mesh, draft) };
  if (mode === "STRICT") return [secured];
  return [
    { ...chain(), match: { transportProtocol: "raw_buffer" } },
    { ...bytesChain(role, cluster), match: { transportProtocol: "tls" } },
    { ...secured, match: { transportProtocol: "tls", applicationProtocols: [MESH_ALPN] } },
  ];
}

function workloadChain(
  proxy: Proxy,
  inbound: Inbound,
  role: Role,
  cluster: string,
  translation: Translation,
): ChainDraft {
  if (!isHttp(inbound.protocol)) return bytesChain(role, cluster);
  const { settings, traits } = translation;
  return httpChain(role, {
    stat: cluster,
    routes: workloadRoutes(proxy, inbound, cluster, translation),
    internalCidrs: usableCidrs(settings.internalCidrs, traits.supportsIpv6),
    protocol: inbound.protocol,
    manager: {
      forwardClientCertDetails: "SANITIZE_SET",
      setCurrentClientCertDetails: { uri: true },
      commonHttpProtocolOptions: { idleTimeout: IDLE, ...(isGivenUp(inbound) ? { maxRequestsPerConnection: 1 } : {}) },
      streamIdleTimeout: STREAM_IDLE,
    },
  });
}

/**
 * Connections that were led here, maybe by a door that only passes bytes on, must not stay: the chain changes, so that Envoy drains what
 * it has, and what comes nevertheless is told to go after one request.
 */
function isGivenUp({ isHealthy, state }: Inbound): boolean {
  return !isHealthy && state !== "Ignored";
}

function bytesChain(role: Role, cluster: string): ChainDraft {
  return {
    role,
    filters: [],
    end: { kind: "tcp", proxy: { statPrefix: statName(cluster), cluster, idleTimeout: IDLE } },
  };
}

function workloadRoutes(
  proxy: Proxy,
  { tags, section }: Inbound,
  cluster: string,
  translation: Translation,
): RouteConfigurationJson {
  const service = tags[SERVICE_TAG] ?? "";
  const isUnifiedNaming = isUnified(proxy, translation) || service === "";
  const names = inboundRouteName(service, section);
  return {
    name: nameIn(isUnifiedNaming, names),
    validateClusters: false,
    requestHeadersToRemove: ["x-kuma-tags"],
    virtualHosts: [
      {
        name: isUnifiedNaming ? names.unified : service,
        domains: ["*"],
        routes: [{ match: { prefix: "/" }, route: { cluster, timeout: "0s" } }],
      },
    ],
  };
}

/** Policies find a listener by them also where the inbound has none. */
function listenerTags({ tags, section }: Inbound): Labels {
  return Object.keys(tags).length > 0
    ? { ...tags }
    : { [UNIFIED_NAME_TAG]: inboundListenerName("", 0, section).unified };
}

export function tlsInspector(): NonNullable<ListenerDraft["json"]["listenerFilters"]>[number] {
  return {
    name: "envoy.filters.listener.tls_inspector",
    typedConfig: typed("envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector", {}),
  };
}

export function isUnified(proxy: Proxy, { world, traits }: Translation): boolean {
  return hasUnifiedNaming(traits.features, world.mesh(proxy.mesh)?.mode ?? "Disabled");
}

function isLoopback(address: string): boolean {
  return address === "::1" || address.startsWith("127.");
}
