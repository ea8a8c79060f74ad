/**
 * With a transparent proxy: what the redirection hands over and no listener of the mesh takes.
 * Source: kuma v2.14.3: pkg/xds/generator/transparent_proxy_generator.go.
 */
import { objectOf } from "@isthmus/resources";
import { BIND_OUTBOUNDS_FEATURE, nameIn, type Proxy, passthroughName } from "@isthmus/topology";
import { socketAddress } from "../build/addresses.ts";
import { tcpChain } from "../build/chains.ts";
import { originalDestinationCluster } from "../build/clusters.ts";
import type { ClusterDraft, Draft } from "../draft/draft.ts";
import type { Role } from "../draft/role.ts";
import { inboundTlsMode } from "../features/mesh-tls.ts";
import type { SubjectPolicies } from "../features/subject-policies.ts";
import { REUSE_PORT_FEATURE, STRICT_INBOUND_PORTS_FEATURE } from "../proxy-traits.ts";
import type { Translation } from "../translation.ts";
import { isUnified } from "./inbounds.ts";
import { redirectionOf } from "./redirection.ts";

const ANY_ADDRESS = { 4: "0.0.0.0", 6: "::" } as const;
/** Redirected inbound traffic leaves from here, which the redirection lets through. */
const INBOUND_SOURCE = { 4: "127.0.0.6", 6: "::6" } as const;
const NO_DESTINATION = "self_transparentproxy_no_destination_inbound";

/** Whether connections of the workload to what is not of the mesh go on: a policy may say otherwise. */
export function isPassedThrough(mesh: string, { world }: Translation): boolean {
  const networking = objectOf(world.mesh(mesh)?.resource.spec ?? {}, "networking");
  return objectOf(networking, "outbound").passthrough !== false;
}

export function draftPassthrough(
  proxy: Proxy,
  policies: SubjectPolicies,
  translation: Translation,
  draft: Draft,
): void {
  const { traits } = translation;
  const redirection = redirectionOf(proxy, traits);
  if (redirection === undefined || traits.features.has(BIND_OUTBOUNDS_FEATURE)) return;
  draft.clusters.push(nowhere());
  const isStrict = traits.features.has(STRICT_INBOUND_PORTS_FEATURE) && isTlsMust(proxy, policies, translation);
  const versions = redirection.hasIpv6 && traits.supportsIpv6 ? ([4, 6] as const) : ([4] as const);
  for (const version of versions) {
    draftOutbound(proxy, version, redirection.outboundPort, translation, draft);
    draftInbound(proxy, version, redirection.inboundPort, isStrict, translation, draft);
  }
}

export function outboundPassthroughCluster(isUnifiedNaming: boolean, ipVersion: 4 | 6): ClusterDraft {
  const name = nameIn(isUnifiedNaming, passthroughName("outbound", ipVersion));
  return originalDestinationCluster(name, { kind: "passthrough", direction: "outbound", ipVersion });
}

function draftOutbound(proxy: Proxy, ipVersion: 4 | 6, port: number, translation: Translation, draft: Draft): void {
  const isUnifiedNaming = isUnified(proxy, translation);
  const cluster = outboundPassthroughCluster(isUnifiedNaming, ipVersion);
  const { name, role } = cluster;
  if (isPassedThrough(proxy.mesh, translation)) draft.clusters.push(cluster);
  draft.listeners.push({
    name,
    role,
    json: {
      address: socketAddress(ANY_ADDRESS[ipVersion], port),
      trafficDirection: "OUTBOUND",
      useOriginalDst: true,
      ...(isUnifiedNaming ? { statPrefix: name } : {}),
    },
    chains: [tcpChain(role, name, name)],
  });
}

/** Unless every inbound takes plaintext as well. */
function isTlsMust({ mesh, inbounds }: Proxy, policies: SubjectPolicies, { identities }: Translation): boolean {
  const tls = identities.of(mesh);
  return inbounds.some((inbound) => inboundTlsMode(inbound, policies, tls) === "STRICT");
}

/** Where the mesh's TLS is a must, only declared ports are open: other traffic would come in without it. */
function draftInbound(
  proxy: Proxy,
  ipVersion: 4 | 6,
  port: number,
  isStrict: boolean,
  translation: Translation,
  draft: Draft,
): void {
  const { traits } = translation;
  const isUnifiedNaming = isUnified(proxy, translation);
  const name = nameIn(isUnifiedNaming, passthroughName("inbound", ipVersion));
  const role: Role = { kind: "passthrough", direction: "inbound", ipVersion };
  const cluster: ClusterDraft = originalDestinationCluster(name, role);
  draft.clusters.push({
    ...cluster,
    json: {
      ...cluster.json,
      upstreamBindConfig: { sourceAddress: { address: INBOUND_SOURCE[ipVersion], portValue: 0 } },
    },
  });
  const ports = [...new Set(proxy.inbounds.map(({ port: declared }) => declared))];
  draft.listeners.push({
    name,
    role,
    json: {
      address: socketAddress(ANY_ADDRESS[ipVersion], port),
      trafficDirection: "INBOUND",
      useOriginalDst: true,
      enableReusePort: traits.features.has(REUSE_PORT_FEATURE),
      ...(isUnifiedNaming ? { statPrefix: name } : {}),
    },
    chains: isStrict
      ? ports.map((destinationPort) => ({ ...tcpChain(role, name, name), match: { destinationPort } }))
      : [tcpChain(role, name, name)],
  });
}

/** A cluster without endpoints: connections that lead here are closed. */
function nowhere(): ClusterDraft {
  return {
    name: NO_DESTINATION,
    role: { kind: "passthrough", direction: "inbound", ipVersion: 4 },
    json: { altStatName: NO_DESTINATION, type: "STATIC", connectTimeout: "5s" },
    tlsMatches: [],
  };
}
