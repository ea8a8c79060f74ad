/**
 * A ZoneEgress resource: the door to the outside and, where meshes want it, to other zones.
 * Source: kuma v2.14.3: pkg/xds/generator/egress.
 */
import {
  nameIn,
  UNIFIED_NAMING_FEATURE,
  type ZoneEgress,
  zoneEgressExposures,
  zoneProxyListenerName,
} from "@isthmus/topology";
import { socketAddress } from "../build/addresses.ts";
import { type ChainDraft, type Draft, emptyDraft } from "../draft/draft.ts";
import { type EnvoyConfig, finish } from "../draft/finish.ts";
import type { Role } from "../draft/role.ts";
import { applyFeatures } from "../features/all.ts";
import { REUSE_PORT_FEATURE } from "../proxy-traits.ts";
import { draftAdmin } from "../sidecar/admin.ts";
import { tlsInspector } from "../sidecar/inbounds.ts";
import type { Translation } from "../translation.ts";
import { draftExternal } from "./external-chain.ts";
import { draftForwarding, exposedPort, exposureName } from "./forwarding.ts";

export function translateZoneEgress(egress: ZoneEgress, translation: Translation): EnvoyConfig {
  const draft = emptyDraft();
  draftAdmin(egress.address, translation.traits, draft);
  draftEgress(egress, translation, draft);
  applyFeatures({ kind: "zoneEgress", egress }, translation, draft);
  return finish(draft);
}

/** A listener that leads nowhere is left out. */
function draftEgress(egress: ZoneEgress, translation: Translation, draft: Draft): void {
  const { world, traits, identities } = translation;
  const isUnifiedNaming = traits.features.has(UNIFIED_NAMING_FEATURE);
  const { exposures, problems } = zoneEgressExposures(world);
  draft.problems.push(...problems);
  const chains = exposures
    .filter(({ set }) => !set.candidates.some(({ gate }) => gate === "nameConflict"))
    .flatMap((exposure): readonly ChainDraft[] => {
      const role: Role = { kind: "zoneEgress", exposure, listener: undefined };
      const name = exposureName(exposure, isUnifiedNaming, world);
      const exposed = exposedPort(exposure, world);
      if (exposed === undefined) return [draftForwarding(exposure, name, role, draft)];
      const tls = identities.of(exposure.service.mesh);
      if (tls === undefined) return [];
      const isIpv6 = egress.address.includes(":");
      return draftExternal({ exposure, exposed, name, tls, role, isIpv6 }, translation, draft);
    });
  if (chains.length === 0) return;
  draft.listeners.push({
    name: nameIn(isUnifiedNaming, zoneProxyListenerName("ZoneEgress", egress.address, egress.port)),
    role: { kind: "system", origin: "egress" },
    json: {
      address: socketAddress(egress.address, egress.port),
      trafficDirection: "INBOUND",
      enableReusePort: traits.features.has(REUSE_PORT_FEATURE),
      listenerFilters: [tlsInspector()],
    },
    chains,
  });
}
