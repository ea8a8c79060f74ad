/**
 * With a transparent proxy: what the redirection hands over and no listener of the mesh takes.
 * Source: kuma v2.14.3: pkg/xds/generator/transparent_proxy_generator.go.
 */
import { numberOf, objectOf } from "@isthmus/resources";
import { hasUnifiedNaming, nameIn, type Proxy, passthroughName } from "@isthmus/topology";
import { socketAddress } from "../build/addresses.ts";
import { tcpChain } from "../build/chains.ts";
import { originalDestinationCluster } from "../build/clusters.ts";
import type { ChainDraft, ClusterDraft, Draft } from "../draft/draft.ts";
import type { Role } from "../draft/role.ts";
import { type ProxyTraits, REUSE_PORT_FEATURE, STRICT_INBOUND_PORTS_FEATURE } from "../proxy-traits.ts";
import type { Translation } from "../translation.ts";

const ANY_ADDRESS = { 4: "0.0.0.0", 6: "::" } as const;
/** Redirected inbound traffic leaves from here, which the redirection lets through. */
const INBOUND_SOURCE = { 4: "127.0.0.6", 6: "::6" } as const;
/** Where `kumactl install transparent-proxy` redirects to. */
const DEFAULT_INBOUND_PORT = 15006;
const NO_DESTINATION = "self_transparentproxy_no_destination_inbound";

export function draftPassthrough(proxy: Proxy, translation: Translation, draft: Draft): void {
  if (!proxy.isTransparent) return;
  const { outboundPort, inboundPort } = translation.traits.transparentProxy ?? redirectionOf(proxy);
  const versions = translation.traits.supportsIpv6 ? ([4, 6] as const) : ([4] as const);
  for (const version of versions) {
    draftDirection(proxy, "outbound", version, outboundPort, translation, draft);
    draftDirection(proxy, "inbound", version, inboundPort, translation, draft);
  }
}

function redirectionOf({ resource }: Proxy): NonNullable<ProxyTraits["transparentProxy"]> {
  const transparent = objectOf(objectOf(resource.spec, "networking"), "transparentProxying");
  return {
    outboundPort: numberOf(transparent, "redirectPortOutbound"),
    inboundPort: numberOf(transparent, "redirectPortInbound") || DEFAULT_INBOUND_PORT,
  };
}

function draftDirection(
  proxy: Proxy,
  direction: "inbound" | "outbound",
  ipVersion: 4 | 6,
  port: number,
  translation: Translation,
  draft: Draft,
): void {
  const { traits, world } = translation;
  const isUnifiedNaming = hasUnifiedNaming(traits.features, world.mesh(proxy.mesh)?.mode ?? "Disabled");
  const name = nameIn(isUnifiedNaming, passthroughName(direction, ipVersion));
  const role: Role = { kind: "passthrough", direction, ipVersion };
  const cluster: ClusterDraft = originalDestinationCluster(name, role);
  draft.clusters.push(
    direction === "outbound"
      ? cluster
      : {
          ...cluster,
          json: {
            ...cluster.json,
            upstreamBindConfig: { sourceAddress: { address: INBOUND_SOURCE[ipVersion], portValue: 0 } },
          },
        },
  );
  const isStrict = direction === "inbound" && traits.features.has(STRICT_INBOUND_PORTS_FEATURE);
  const chain = (): ChainDraft => tcpChain(role, name, name);
  draft.listeners.push({
    name,
    role,
    json: {
      address: socketAddress(ANY_ADDRESS[ipVersion], port),
      trafficDirection: direction === "inbound" ? "INBOUND" : "OUTBOUND",
      useOriginalDst: true,
      ...(direction === "inbound" ? { enableReusePort: traits.features.has(REUSE_PORT_FEATURE) } : {}),
      ...(isUnifiedNaming ? { statPrefix: name } : {}),
    },
    chains: isStrict
      ? proxy.inbounds.map(({ port: declared }) => ({ ...chain(), match: { destinationPort: declared } }))
      : [chain()],
    ...(isStrict ? { fallback: tcpChain(role, NO_DESTINATION, NO_DESTINATION) } : {}),
  });
  if (isStrict && ipVersion === 4) draft.clusters.push(nowhere(role));
}

/** A cluster without endpoints: connections that lead here are closed. */
function nowhere(role: Role): ClusterDraft {
  return {
    name: NO_DESTINATION,
    role,
    json: { altStatName: NO_DESTINATION, type: "STATIC", connectTimeout: "5s" },
    tlsMatches: [],
  };
}
