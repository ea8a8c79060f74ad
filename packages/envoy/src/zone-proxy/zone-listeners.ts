/**
 * Doors of a zone that are listeners of a Dataplane (profile B), for its mesh alone.
 * Source: kuma v2.14.3: pkg/xds/generator/zone_proxy_listener_generator.go.
 */
import {
  type Exposures,
  egressListenerExposures,
  ingressListenerExposures,
  type Proxy,
  type ZoneListener,
  zoneListenerName,
} from "@isthmus/topology";
import { socketAddress } from "../build/addresses.ts";
import type { ChainDraft, Draft } from "../draft/draft.ts";
import type { Role } from "../draft/role.ts";
import { REUSE_PORT_FEATURE } from "../proxy-traits.ts";
import { tlsInspector } from "../sidecar/inbounds.ts";
import type { MeshTls } from "../tls/tls-identities.ts";
import type { Translation } from "../translation.ts";
import { draftExternal } from "./external-chain.ts";
import { draftForwarding, exposedPort, exposureName } from "./forwarding.ts";

export function draftZoneListeners(proxy: Proxy, translation: Translation, draft: Draft): void {
  for (const listener of proxy.listeners) {
    const chains =
      listener.kind === "ZoneIngress"
        ? ingressChains(proxy, listener, translation, draft)
        : egressChains(proxy, listener, translation, draft);
    if (chains.length === 0) continue;
    const name = zoneListenerName(listener.kind, listener.section);
    draft.listeners.push({
      name,
      role: { kind: "system", origin: listener.kind === "ZoneIngress" ? "ingress" : "egress" },
      json: {
        address: socketAddress(listener.address, listener.port),
        trafficDirection: "INBOUND",
        statPrefix: name,
        enableReusePort: translation.traits.features.has(REUSE_PORT_FEATURE),
        listenerFilters: [tlsInspector()],
      },
      chains,
    });
  }
}

function ingressChains(proxy: Proxy, listener: ZoneListener, translation: Translation, draft: Draft): ChainDraft[] {
  const { world } = translation;
  return usable(ingressListenerExposures(proxy, world), draft).map((exposure) => {
    const role: Role = { kind: "zoneIngress", exposure, listener };
    return draftForwarding(exposure, exposureName(exposure, true, world), role, draft);
  });
}

/** Who leaves has to be known: without an identity there is nothing to show to clients. */
function egressChains(proxy: Proxy, listener: ZoneListener, translation: Translation, draft: Draft): ChainDraft[] {
  const { world, identities } = translation;
  const tls = identities.of(proxy.mesh);
  if (tls?.kind !== "workload") {
    draft.problems.push(`listener ${listener.section} is left out: the Dataplane has no identity of a MeshIdentity`);
    return [];
  }
  return usable(egressListenerExposures(proxy, world), draft).flatMap((exposure) => {
    const exposed = exposedPort(exposure, world);
    if (exposed === undefined || exposure.set.endpoints.length === 0) return [];
    const role: Role = { kind: "zoneEgress", exposure, listener };
    const name = exposureName(exposure, true, world);
    const isIpv6 = listener.address.includes(":");
    return draftExternal({ exposure, exposed, name, tls: anyClient(tls), role, isIpv6 }, translation, draft);
  });
}

/** Who may go out is said by MeshTrafficPermissions; every trust domain of the bundle is asked. */
function anyClient(tls: Extract<MeshTls, { readonly kind: "workload" }>): MeshTls {
  return { ...tls, trustDomains: [] };
}

function usable({ exposures, problems }: Exposures, draft: Draft): Exposures["exposures"] {
  draft.problems.push(...problems);
  return exposures.filter(({ set }) => !set.candidates.some(({ gate }) => gate === "nameConflict"));
}
