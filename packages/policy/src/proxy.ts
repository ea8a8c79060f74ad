/**
 * A Dataplane, read once: what policies can select of it. A zone ingress or egress of a mesh is a Dataplane with listeners;
 * the global-scoped ZoneIngress and ZoneEgress are no proxies of a mesh and no policy selects them.
 */
import { type Kri, kriOf, numberOf, objectOf, type Resource, sectionName, textOf } from "@isthmus/resources";
import { isJsonObject, type JsonObject } from "@isthmus/std";
import { objectItems } from "./object-items.ts";
import { type StringMap, stringMap } from "./target-ref.ts";

export interface PolicyProxy {
  readonly dataplane: Resource;
  readonly kri: Kri;
  /** Of the proxy as a whole; sections may have their own. */
  readonly address: string;
  readonly inbounds: readonly ProxyInbound[];
  /** Doors to or from other zones. They have no tags, so tags never select them. */
  readonly listeners: readonly ProxySection[];
  readonly gateway: ProxyGateway | undefined;
}

/** A place where traffic enters, by the name policies and messages use for it. */
export interface ProxySection {
  readonly sectionName: string;
  readonly address: string;
  readonly port: number;
}

export interface ProxyInbound extends ProxySection {
  readonly tags: StringMap;
}

export type ProxyGateway =
  | { readonly kind: "delegated"; readonly tags: StringMap }
  /** `definition` is the MeshGateway that selects the proxy, if one does. */
  | { readonly kind: "builtin"; readonly tags: StringMap; readonly definition: GatewayDefinition | undefined };

export interface GatewayDefinition {
  readonly resource: Resource;
  readonly kri: Kri;
  readonly tags: StringMap;
  readonly listeners: readonly GatewayDefinitionListener[];
}

export interface GatewayDefinitionListener {
  readonly port: number;
  /** `*` when the MeshGateway gives none. */
  readonly hostname: string;
  readonly tags: StringMap;
}

/** `gateway`: the MeshGateway for this Dataplane (`selectGateway`); only a builtin gateway can have one. */
export function proxyOf(dataplane: Resource, gateway?: Resource): PolicyProxy {
  const networking = objectOf(dataplane.spec, "networking");
  const section = (item: JsonObject): ProxySection => ({
    sectionName: sectionName(item),
    address: textOf(item, "address") || textOf(networking, "address"),
    port: numberOf(item, "port"),
  });
  return {
    dataplane,
    kri: kriOf(dataplane),
    address: textOf(networking, "address"),
    inbounds: objectItems(networking.inbound).map((item) => ({ ...section(item), tags: stringMap(item.tags) ?? {} })),
    listeners: objectItems(networking.listeners).map(section),
    gateway: proxyGateway(networking, gateway),
  };
}

/** Values of each tag over all inbounds and the gateway, sorted. */
export function tagValues(proxy: PolicyProxy): Readonly<Record<string, readonly string[]>> {
  const values = new Map<string, Set<string>>();
  for (const tags of [...proxy.inbounds.map((inbound) => inbound.tags), proxy.gateway?.tags ?? {}]) {
    for (const [tag, value] of Object.entries(tags)) {
      const known = values.get(tag);
      if (known === undefined) values.set(tag, new Set([value]));
      else known.add(value);
    }
  }
  return Object.fromEntries([...values].map(([tag, set]) => [tag, [...set].sort()]));
}

function proxyGateway(networking: JsonObject, resource: Resource | undefined): ProxyGateway | undefined {
  const { gateway } = networking;
  if (!isJsonObject(gateway)) return undefined;
  const tags = stringMap(gateway.tags) ?? {};
  // DELEGATED is the zero value of the enum and may be left out.
  if (gateway.type !== "BUILTIN") return { kind: "delegated", tags };
  return { kind: "builtin", tags, definition: resource === undefined ? undefined : gatewayDefinition(resource) };
}

function gatewayDefinition(resource: Resource): GatewayDefinition {
  return {
    resource,
    kri: kriOf(resource),
    tags: stringMap(resource.spec.tags) ?? {},
    listeners: objectItems(objectOf(resource.spec, "conf").listeners).map((listener) => ({
      port: numberOf(listener, "port"),
      hostname: textOf(listener, "hostname") || "*",
      tags: stringMap(listener.tags) ?? {},
    })),
  };
}
