/**
 * A ZoneIngress resource: the door for traffic from other zones, of all meshes.
 * Source: kuma v2.14.3: pkg/xds/generator/ingress_generator.go, pkg/xds/generator/zoneproxy.
 */
import {
  nameIn,
  UNIFIED_NAMING_FEATURE,
  type ZoneIngress,
  zoneIngressExposures,
  zoneProxyListenerName,
} from "@isthmus/topology";
import { socketAddress } from "../build/addresses.ts";
import { typed } from "../draft/any.ts";
import { type ChainDraft, type Draft, emptyDraft } from "../draft/draft.ts";
import { type EnvoyConfig, finish } from "../draft/finish.ts";
import type { Role } from "../draft/role.ts";
import { applyFeatures } from "../features/all.ts";
import { REUSE_PORT_FEATURE } from "../proxy-traits.ts";
import { draftAdmin } from "../sidecar/admin.ts";
import { tlsInspector } from "../sidecar/inbounds.ts";
import type { Translation } from "../translation.ts";
import { draftForwarding, exposureName } from "./forwarding.ts";

export function translateZoneIngress(ingress: ZoneIngress, translation: Translation): EnvoyConfig {
  const draft = emptyDraft();
  draftAdmin(ingress.address, translation.traits, draft);
  draftIngress(ingress, translation, draft);
  applyFeatures({ kind: "zoneIngress", ingress }, translation, draft);
  return finish(draft);
}

function draftIngress(ingress: ZoneIngress, { world, traits }: Translation, draft: Draft): void {
  const isUnifiedNaming = traits.features.has(UNIFIED_NAMING_FEATURE);
  const { exposures, problems } = zoneIngressExposures(ingress, world);
  draft.problems.push(...problems);
  const chains = exposures
    .filter(({ set }) => !set.candidates.some(({ gate }) => gate === "nameConflict"))
    .map((exposure) => {
      const role: Role = { kind: "zoneIngress", exposure, listener: undefined };
      return draftForwarding(exposure, exposureName(exposure, isUnifiedNaming, world), role, draft);
    });
  draft.listeners.push({
    name: nameIn(isUnifiedNaming, zoneProxyListenerName("ZoneIngress", ingress.address, ingress.port)),
    role: { kind: "system", origin: "ingress" },
    json: {
      address: socketAddress(ingress.address, ingress.port),
      trafficDirection: "INBOUND",
      enableReusePort: traits.features.has(REUSE_PORT_FEATURE),
      listenerFilters: [tlsInspector()],
    },
    chains: chains.length > 0 ? chains : [nothingHere(ingress)],
  });
}

/** Whoever connects before there is anything to forward is told who answered. */
function nothingHere({ name, zone }: ZoneIngress): ChainDraft {
  const text = JSON.stringify({ proxy: `.${name}`, zone });
  return {
    role: { kind: "system", origin: "ingress" },
    filters: [],
    end: {
      kind: "filter",
      filter: {
        name: "envoy.filters.network.direct_response",
        typedConfig: typed("envoy.extensions.filters.network.direct_response.v3.Config", {
          response: { inlineString: text },
        }),
      },
    },
  };
}
