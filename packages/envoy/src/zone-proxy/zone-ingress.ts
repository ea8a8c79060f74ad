/**
 * A ZoneIngress resource: the door for traffic from other zones, of all meshes.
 * Source: kuma v2.14.3: pkg/xds/generator/ingress_generator.go, pkg/xds/generator/zoneproxy.
 */
import {
  type EnvoyName,
  type Exposure,
  FORWARDED_KINDS,
  ingressServiceExposures,
  legacyIngressExposures,
  nameIn,
  type ServiceRef,
  UNIFIED_NAMING_FEATURE,
  type World,
  type ZoneIngress,
  zoneProxyListenerName,
} from "@isthmus/topology";
import { socketAddress } from "../build/addresses.ts";
import { typed } from "../draft/any.ts";
import { type ChainDraft, type Draft, emptyDraft } from "../draft/draft.ts";
import { type EnvoyConfig, finish, merged } from "../draft/finish.ts";
import type { Role } from "../draft/role.ts";
import { applyFeatures } from "../features/all.ts";
import { REUSE_PORT_FEATURE } from "../proxy-traits.ts";
import { draftAdmin } from "../sidecar/admin.ts";
import { tlsInspector } from "../sidecar/inbounds.ts";
import type { Translation } from "../translation.ts";
import { draftForwarding, exposureName, forwardingChain } from "./forwarding.ts";

const INGRESS: Role = { kind: "system", origin: "ingress" };

/** What it forwards to one port of a service, but for where that is. */
export interface ForwardedChain {
  readonly sni: string;
  readonly service: ServiceRef;
  readonly port: number;
  /** Of the cluster. */
  readonly name: EnvoyName;
}

export function translateZoneIngress(ingress: ZoneIngress, translation: Translation): EnvoyConfig {
  const { world } = translation;
  const exposures = world
    .meshes()
    .flatMap(({ name }) => FORWARDED_KINDS.flatMap((kind) => world.services(kind, name)))
    .flatMap((service) => ingressServiceExposures(service, world).exposures);
  const chains = exposures.map((exposure) => forwardedChain(exposure, world));
  return merged([
    translateIngressOwn(ingress, chains, translation),
    ...exposures.map((exposure) => translateForwarded(exposure, translation)),
  ]);
}

export function forwardedChain(exposure: Exposure, world: World): ForwardedChain {
  const { sni, service, port } = exposure;
  const name = { legacy: exposureName(exposure, false, world), unified: exposureName(exposure, true, world) };
  return { sni, service, port, name };
}

/** The cluster of one service, and where its instances are: the same for every ingress of the zone with the same names. */
export function translateForwarded(
  exposure: Exposure,
  translation: Pick<Translation, "world" | "traits">,
): EnvoyConfig {
  const draft = emptyDraft();
  const role: Role = { kind: "zoneIngress", exposure, listener: undefined };
  draftForwarding(exposure, exposureName(exposure, isUnifiedNaming(translation), translation.world), role, draft);
  return finish(draft);
}

/** All but the services that are resources. `chains`: of those, in any order. */
export function translateIngressOwn(
  ingress: ZoneIngress,
  chains: readonly ForwardedChain[],
  translation: Translation,
): EnvoyConfig {
  const draft = emptyDraft();
  draftAdmin(ingress.address, translation.traits, draft);
  draftListener(ingress, chains, translation, draft);
  applyFeatures({ kind: "zoneIngress", ingress }, translation, draft);
  return finish(draft);
}

function draftListener(
  ingress: ZoneIngress,
  forwarded: readonly ForwardedChain[],
  translation: Translation,
  draft: Draft,
): void {
  const { world, traits } = translation;
  const isUnified = isUnifiedNaming(translation);
  const taken = new Set<string>();
  const chains: ChainDraft[] = [];
  const add = (sni: string, chain: () => ChainDraft): void => {
    // A server name leads to one place: to the first that has it.
    if (taken.has(sni)) return;
    taken.add(sni);
    chains.push(chain());
  };
  for (const mesh of world.meshes()) {
    for (const exposure of legacyIngressExposures(ingress, mesh, world)) {
      const role: Role = { kind: "zoneIngress", exposure, listener: undefined };
      add(exposure.sni, () => draftForwarding(exposure, exposureName(exposure, isUnified, world), role, draft));
    }
    for (const kind of FORWARDED_KINDS) {
      const ofKind = forwarded.filter(({ service }) => service.kind === kind && service.mesh === mesh.name);
      for (const { sni, name } of [...ofKind].sort(byService)) {
        add(sni, () => forwardingChain(sni, nameIn(isUnified, name), INGRESS));
      }
    }
  }
  draft.listeners.push({
    name: nameIn(isUnified, zoneProxyListenerName("ZoneIngress", ingress.address, ingress.port)),
    role: INGRESS,
    json: {
      address: socketAddress(ingress.address, ingress.port),
      trafficDirection: "INBOUND",
      enableReusePort: traits.features.has(REUSE_PORT_FEATURE),
      listenerFilters: [tlsInspector()],
    },
    chains: chains.length > 0 ? chains : [nothingHere(ingress)],
  });
}

function isUnifiedNaming({ traits }: Pick<Translation, "traits">): boolean {
  return traits.features.has(UNIFIED_NAMING_FEATURE);
}

function byService(a: ForwardedChain, b: ForwardedChain): number {
  if (a.service.name !== b.service.name) return a.service.name < b.service.name ? -1 : 1;
  return a.port - b.port;
}

/** Whoever connects before there is anything to forward is told who answered. */
function nothingHere({ name, zone }: ZoneIngress): ChainDraft {
  const text = JSON.stringify({ proxy: `.${name}`, zone });
  return {
    role: INGRESS,
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
