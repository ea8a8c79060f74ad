/**
 * Whether one policy applies to one proxy, and to which parts of it; if not, why.
 * Source: kuma v2.14.3: pkg/plugins/policies/core/matchers/dataplane.go `DppSelectedByPolicy`.
 */
import { displayName, NAMESPACE_LABEL, ORIGIN_LABEL, type Resource, ZONE_LABEL } from "@isthmus/resources";
import type { Policy } from "./policy.ts";
import type { GatewayDefinition, PolicyProxy, ProxySection } from "./proxy.ts";
import { routeNamed } from "./route-named.ts";
import { matchesTags } from "./tag-selector.ts";
import type { StringMap, TargetRef } from "./target-ref.ts";

export const SERVICE_TAG = "kuma.io/service";

/** The parts of a proxy that a policy selects. */
export interface Selection {
  /** Inbounds, zone-proxy listeners, and ports of a builtin gateway. */
  readonly sections: readonly ProxySection[];
  readonly gatewayListeners: readonly SelectedListener[];
  /** A delegated gateway has no inbounds of the mesh: it is selected as a whole. */
  readonly isDelegatedGateway: boolean;
}

export interface SelectedListener {
  readonly address: string;
  readonly port: number;
  readonly hostname: string;
}

export type PolicyMatch =
  | { readonly matched: true; readonly selection: Selection }
  /** `isBroken`: the targetRef leads nowhere, which its author should hear; `reason` is then in the words of Kuma. */
  | { readonly matched: false; readonly reason: string; readonly isBroken: boolean };

/** `routes`: the MeshHTTPRoutes of the mesh, for policies whose top-level targetRef names one. */
export function matchPolicy(policy: Policy, proxy: PolicyProxy, routes: readonly Policy[] = []): PolicyMatch {
  if (policy.resource.mesh !== proxy.dataplane.mesh) return unmatched(`is in mesh ${policy.resource.mesh}`);
  const barrier = zoneBarrier(policy, proxy) ?? namespaceBarrier(policy, proxy.dataplane);
  if (barrier !== undefined) return unmatched(barrier);
  if (policy.targetRef.kind === "MeshHTTPRoute") return matchThroughRoute(policy, proxy, routes);
  const selected = select(policy, proxy);
  if (selected === undefined) return broken(`unsupported targetRef kind '${policy.targetRef.kind}'`);
  if (typeof selected === "string") return unmatched(selected);
  const isEmpty = selected.sections.length === 0 && selected.gatewayListeners.length === 0;
  return isEmpty && !selected.isDelegatedGateway
    ? unmatched("selects no inbound, listener or gateway of the proxy")
    : { matched: true, selection: selected };
}

function unmatched(reason: string): PolicyMatch {
  return { matched: false, reason, isBroken: false };
}

function broken(reason: string): PolicyMatch {
  return { matched: false, reason, isBroken: true };
}

/**
 * A policy made in a zone stays there, unless the owner of a service made it for all clients (`producer`). The zone of a
 * builtin gateway is that of its MeshGateway.
 */
function zoneBarrier(policy: Policy, proxy: PolicyProxy): string | undefined {
  if (policy.role === "producer" || policy.origin !== "zone") return undefined;
  const policyZone = policy.resource.labels[ZONE_LABEL];
  const { labels } = definitionOf(proxy)?.resource ?? proxy.dataplane;
  if (policyZone === undefined || labels[ORIGIN_LABEL] !== "zone") return undefined;
  const zone = labels[ZONE_LABEL];
  return zone === undefined || zone === policyZone
    ? undefined
    : `is for zone ${policyZone}, the proxy is of zone ${zone}`;
}

/** What a workload's or a client's owner wrote is for their own namespace. */
function namespaceBarrier(policy: Policy, dataplane: Resource): string | undefined {
  if (policy.role !== "consumer" && policy.role !== "workload-owner") return undefined;
  const namespace = policy.resource.labels[NAMESPACE_LABEL];
  if (namespace === undefined) return `has role ${policy.role} but no namespace`;
  if (namespace === (dataplane.labels[NAMESPACE_LABEL] ?? "")) return undefined;
  return `has role ${policy.role} and is for namespace ${namespace}`;
}

/** A text says why nothing is selected; undefined: the kind selects no proxies. */
function select(policy: Policy, proxy: PolicyProxy): Selection | string | undefined {
  const ref = policy.targetRef;
  switch (ref.kind) {
    case "Mesh":
    case "MeshSubset": {
      const proxyType = proxy.gateway === undefined ? "Sidecar" : "Gateway";
      if (ref.proxyTypes.length > 0 && !ref.proxyTypes.includes(proxyType)) {
        return `is for proxies of type ${ref.proxyTypes.join(", ")}, this one is a ${proxyType}`;
      }
      if (ref.kind === "MeshSubset") return selectByTags(ref.tags, proxy);
      const all = selectByTags({}, proxy);
      return { ...all, sections: [...all.sections, ...proxy.listeners] };
    }
    case "Dataplane":
      return selectDataplane(policy, proxy);
    case "MeshService":
      return selectByTags({ [SERVICE_TAG]: ref.name }, proxy);
    case "MeshServiceSubset":
      return selectByTags({ [SERVICE_TAG]: ref.name, ...ref.tags }, proxy);
    case "MeshGateway": {
      const definition = definitionOf(proxy);
      if (definition === undefined) return "is for builtin gateways";
      const name = displayName(definition.resource);
      return name === ref.name
        ? selectByTags(ref.tags, proxy)
        : `is for MeshGateway ${ref.name}, the proxy is of ${name}`;
    }
    default:
      return undefined;
  }
}

function selectDataplane(policy: Policy, proxy: PolicyProxy): Selection | string {
  const ref = policy.targetRef;
  if (definitionOf(proxy) !== undefined) return "targets Dataplanes, which builtin gateways are not";
  if (!isNamed(policy, proxy) && !isLabelled(ref, proxy.dataplane) && !selectsAllDataplanes(ref)) {
    return "targets other Dataplanes";
  }
  const sections = [...proxy.inbounds, ...proxy.listeners];
  return {
    sections: ref.sectionName === "" ? sections : sections.filter((section) => section.sectionName === ref.sectionName),
    gatewayListeners: [],
    isDelegatedGateway: proxy.gateway?.kind === "delegated",
  };
}

const selectsAllDataplanes = (ref: TargetRef): boolean =>
  ref.name === "" && ref.namespace === "" && ref.labels === undefined;

/** The name is understood in the policy's own mesh, zone and namespace: a global policy names no Dataplane of a zone. */
function isNamed(policy: Policy, { kri }: PolicyProxy): boolean {
  const ref = policy.targetRef;
  if (ref.name === "" || ref.name !== kri.name || policy.kri.zone !== kri.zone) return false;
  return (ref.namespace || policy.kri.namespace) === kri.namespace;
}

/** An empty value also selects Dataplanes without the label. */
function isLabelled(ref: TargetRef, dataplane: Resource): boolean {
  if (ref.labels === undefined) return false;
  return Object.entries(ref.labels).every(([label, value]) => (dataplane.labels[label] ?? "") === value);
}

function selectByTags(selector: StringMap, proxy: PolicyProxy): Selection {
  const { gateway } = proxy;
  const gatewayListeners = selectListeners(selector, proxy);
  const ports = new Map(
    gatewayListeners.map(({ address, port }) => [port, { sectionName: String(port), address, port }]),
  );
  return {
    sections: [...proxy.inbounds.filter((inbound) => matchesTags(selector, inbound.tags)), ...ports.values()],
    gatewayListeners,
    isDelegatedGateway: gateway?.kind === "delegated" && matchesTags(selector, gateway.tags),
  };
}

function selectListeners(selector: StringMap, proxy: PolicyProxy): readonly SelectedListener[] {
  const definition = definitionOf(proxy);
  if (definition === undefined) return [];
  const { address } = proxy;
  return definition.listeners
    .filter((listener) => matchesTags(selector, { ...proxy.gateway?.tags, ...definition.tags, ...listener.tags }))
    .map(({ port, hostname }) => ({ address, port, hostname }));
}

function definitionOf({ gateway }: PolicyProxy): GatewayDefinition | undefined {
  return gateway?.kind === "builtin" ? gateway.definition : undefined;
}

/** Such a policy applies where its route applies. */
function matchThroughRoute(policy: Policy, proxy: PolicyProxy, routes: readonly Policy[]): PolicyMatch {
  const { name } = policy.targetRef;
  const route = routeNamed(policy, routes);
  if (route === undefined) return broken(`couldn't resolve MeshHTTPRoute targetRef with name '${name}'`);
  if (route.targetRef.kind === "MeshHTTPRoute") {
    return broken(`MeshHTTPRoute '${name}' targets a MeshHTTPRoute itself`);
  }
  return matchPolicy(route, proxy);
}
