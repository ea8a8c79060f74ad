/**
 * Traffic of the workload to services of the mesh: one listener for each address and port that leads to one.
 * Source: kuma v2.14.3: pkg/plugins/policies/meshhttproute/plugin/v1alpha1/listeners.go and that of meshtcproute.
 */
import {
  BIND_OUTBOUNDS_FEATURE,
  type Client,
  destinationName,
  nameIn,
  type Outbound,
  outboundListenerName,
  type Proxy,
  portKriText,
  SERVICE_TAG,
  type Service,
  type ServicePort,
} from "@isthmus/topology";
import { socketAddress } from "../build/addresses.ts";
import { httpChain, usableCidrs } from "../build/chains.ts";
import type { ChainDraft, Draft, ListenerDraft } from "../draft/draft.ts";
import { isHttp } from "../draft/role.ts";
import type { SubjectPolicies } from "../features/subject-policies.ts";
import { httpRoutesOf } from "../routes/http-routes.ts";
import { RouteBackends } from "../routes/route-backends.ts";
import { takesTcpRoute, tcpSplitOf } from "../routes/tcp-split.ts";
import type { Translation } from "../translation.ts";
import { type Destination, Destinations } from "./destinations.ts";
import { isUnified } from "./inbounds.ts";

const TAGS_METADATA = "io.kuma.tags";
const UNIFIED_NAME_TAG = "kuma.io/unified-name";

export interface OutboundContext {
  readonly proxy: Proxy;
  readonly client: Client;
  readonly policies: SubjectPolicies;
  readonly translation: Translation;
}

/** Listeners, and the clusters and endpoints of everything that they lead to. */
export function draftOutbounds(
  outbounds: readonly Outbound[],
  { proxy, client, policies, translation }: OutboundContext,
  draft: Draft,
): void {
  const destinations = new Destinations(proxy, client, translation, draft);
  const backends = new RouteBackends(proxy.mesh, destinations, translation);
  for (const outbound of outbounds) {
    const listener =
      outbound.service.kind === "legacy"
        ? legacyListener(proxy, outbound, destinations, translation)
        : serviceListener(proxy, outbound, destinations, { policies, backends, translation });
    if (listener !== undefined) draft.listeners.push(listener);
  }
}

function serviceListener(
  proxy: Proxy,
  { address, port, service: ref, servicePort }: Outbound,
  destinations: Destinations,
  routing: Routing,
): ListenerDraft | undefined {
  const { translation } = routing;
  const { world } = translation;
  if (ref.kind === "legacy" || address === undefined || port === undefined) return undefined;
  const service = world.service(ref.kind, ref.mesh, ref.name);
  const target = service?.ports.find((each) => each.port === servicePort);
  if (service === undefined || target === undefined) return undefined;
  const own = destinations.ofService(service, target);
  if (own === undefined) return undefined;
  const kri = portKriText(service, target);
  const isUnifiedNaming = isUnified(proxy, translation);
  const stat = destinationName(service, target, isUnifiedNaming);
  return {
    name: nameIn(isUnifiedNaming, outboundListenerName(address, port, kri)),
    role: own.role,
    json: {
      address: socketAddress(address, port),
      trafficDirection: "OUTBOUND",
      ...(isUnifiedNaming ? { statPrefix: stat } : {}),
      ...bindingOf(proxy, translation),
      metadata: { filterMetadata: { [TAGS_METADATA]: { [UNIFIED_NAME_TAG]: kri } } },
    },
    chains: [outboundChain(proxy, own, { stat, kri, service, port: target }, routing)],
  };
}

interface Routing {
  readonly policies: SubjectPolicies;
  readonly backends: RouteBackends;
  readonly translation: Translation;
}

interface Naming {
  /** Of statistics and the virtual host. */
  readonly stat: string;
  /** Of the route configuration. */
  readonly kri: string;
  readonly service: Service;
  readonly port: ServicePort;
}

function outboundChain(
  proxy: Proxy,
  own: Destination,
  { stat, kri, service, port }: Naming,
  { policies, backends, translation }: Routing,
): ChainDraft {
  const { settings, traits } = translation;
  const context = { own, service, policies, backends, isUnifiedNaming: isUnified(proxy, translation) };
  // A MeshTCPRoute takes an HTTP port as well, when no MeshHTTPRoute speaks of it.
  const routes = httpRoutesOf(context);
  const isBytes = !isHttp(port.protocol) || (routes.length === 1 && takesTcpRoute(context));
  if (isBytes) return tcpSplitOf(context, stat);
  return httpChain(own.role, {
    stat,
    internalCidrs: usableCidrs(settings.internalCidrs, traits.supportsIpv6),
    manager: { normalizePath: true },
    protocol: port.protocol,
    routes: {
      name: kri,
      validateClusters: false,
      virtualHosts: [{ name: stat, domains: ["*"], routes: [...routes] }],
    },
  });
}

/** `kuma.io/service` with an address of its own: only one that the Dataplane lists. */
function legacyListener(
  proxy: Proxy,
  { address, port, service: ref, subset }: Outbound,
  destinations: Destinations,
  translation: Translation,
): ListenerDraft | undefined {
  if (address === undefined || port === undefined) return undefined;
  const own = destinations.ofTags({ [SERVICE_TAG]: ref.name, ...subset });
  if (own === undefined) return undefined;
  const { settings, traits } = translation;
  const name = nameIn(false, outboundListenerName(address, port, ""));
  const chain: ChainDraft = isHttp(own.role.protocol)
    ? httpChain(own.role, {
        stat: ref.name,
        internalCidrs: usableCidrs(settings.internalCidrs, traits.supportsIpv6),
        manager: { normalizePath: true },
        protocol: own.role.protocol,
        routes: {
          name: `outbound:${ref.name}`,
          validateClusters: false,
          virtualHosts: [
            { name: ref.name, domains: ["*"], routes: [{ match: { prefix: "/" }, route: { cluster: own.cluster } }] },
          ],
        },
      })
    : { role: own.role, filters: [], end: { kind: "tcp", proxy: { statPrefix: ref.name, cluster: own.cluster } } };
  return {
    name,
    role: own.role,
    json: {
      address: socketAddress(address, port),
      trafficDirection: "OUTBOUND",
      ...bindingOf(proxy, translation),
      metadata: { filterMetadata: { [TAGS_METADATA]: { [SERVICE_TAG]: ref.name, ...subset } } },
    },
    chains: [chain],
  };
}

function bindingOf(proxy: Proxy, { traits }: Translation): { readonly bindToPort?: false } {
  return proxy.isTransparent && !traits.features.has(BIND_OUTBOUNDS_FEATURE) ? { bindToPort: false } : {};
}
