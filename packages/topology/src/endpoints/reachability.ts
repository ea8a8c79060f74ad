/**
 * Whether a sidecar gets an outbound for a port of a service at all. Source: kuma v2.14.3:
 * pkg/xds/sync/dataplane_proxy_builder.go (resolveVIPOutbounds, asOutbounds).
 */
import type { Labels } from "@isthmus/resources";
import type { Proxy, ProxyOutbound } from "../model/proxy.ts";
import type { Service, ServicePort, ServiceRef } from "../model/service.ts";
import { SERVICE_TAG } from "../model/tags.ts";
import type { World } from "../world/world.ts";
import { referredPorts, referredServices } from "./backend-reference.ts";
import { describeService } from "./service-ref.ts";

export type Reachability =
  | { readonly isReachable: true; readonly subset: Labels }
  | { readonly isReachable: false; readonly detail: string };

const REACHABLE: Reachability = { isReachable: true, subset: {} };

export function serviceReachability(proxy: Proxy, service: Service, port: ServicePort, world: World): Reachability {
  // Routes say what a builtin gateway reaches.
  if (proxy.gateway?.type === "BUILTIN") return REACHABLE;
  if (!proxy.isTransparent) {
    const outbound = proxy.outbounds.find((each) => isOutboundTo(proxy, each, service, port, world));
    return outbound === undefined ? no(`${proxy.name} has no outbound for ${describeService(service)}`) : REACHABLE;
  }
  if (service.vips.length === 0) return no(`${describeService(service)} has no address (VIP)`);
  const mode = world.mesh(proxy.mesh)?.mode;
  const { reachableBackends } = proxy;
  if (reachableBackends === undefined) {
    if (mode === "ReachableBackends") {
      return no(`mesh ${proxy.mesh} is in mode ReachableBackends and ${proxy.name} has no reachableBackends`);
    }
    if (restrictsServices(proxy)) {
      return no(`reachableServices of ${proxy.name} restrict it to kuma.io/service, and it has no reachableBackends`);
    }
  } else {
    const isListed = reachableBackends.some(
      (ref) =>
        referredPorts(service, ref.port).includes(port) &&
        referredServices(proxy, ref, world).some((each) => each.name === service.name && each.kind === service.kind),
    );
    if (!isListed) return no(`reachableBackends of ${proxy.name} do not list ${describeService(service)}:${port.port}`);
  }
  // Of a headless service: its address is that of an instance, which then is no outbound of itself.
  const vips = service.vips.filter((vip) => !hasInboundAt(proxy, vip, port.port));
  return vips.length > 0 ? REACHABLE : no(`its address is the inbound of ${proxy.name} itself`);
}

export function legacyReachability(proxy: Proxy, ref: ServiceRef, world: World): Reachability {
  if (proxy.gateway?.type === "BUILTIN") return REACHABLE;
  if (!proxy.isTransparent) {
    const outbound = proxy.outbounds.find(({ tags }) => tags[SERVICE_TAG] === ref.name);
    if (outbound === undefined) return no(`${proxy.name} has no outbound for kuma.io/service ${ref.name}`);
    return { isReachable: true, subset: withoutService(outbound.tags) };
  }
  if (world.mesh(proxy.mesh)?.mode === "Exclusive") {
    return no(`mesh ${proxy.mesh} is in mode Exclusive: kuma.io/service has no addresses`);
  }
  const isListed = !restrictsServices(proxy) || proxy.reachableServices?.includes(ref.name) === true;
  return isListed ? REACHABLE : no(`reachableServices of ${proxy.name} do not list ${ref.name}`);
}

/** Whether an outbound of the Dataplane's own list leads to that port. */
export function isOutboundTo(
  proxy: Proxy,
  outbound: ProxyOutbound,
  service: Service,
  port: ServicePort,
  world: World,
): boolean {
  const target = outboundTarget(proxy, outbound, world);
  return (
    target?.service.kind === service.kind && target.service.name === service.name && target.port.port === port.port
  );
}

/** undefined for a legacy outbound, and where the reference leads nowhere. Without a port the service must have just one. */
export function outboundTarget(
  proxy: Proxy,
  { backendRef }: ProxyOutbound,
  world: World,
): { readonly service: Service; readonly port: ServicePort } | undefined {
  if (backendRef === undefined) return undefined;
  const [service] = referredServices(proxy, backendRef, world);
  if (service === undefined) return undefined;
  const [port, ...others] = referredPorts(service, backendRef.port);
  return port === undefined || others.length > 0 ? undefined : { service, port };
}

export function hasInboundAt({ inbounds }: Proxy, address: string, port: number): boolean {
  return inbounds.some((inbound) => inbound.port === port && inbound.address === address);
}

export function withoutService(tags: Labels): Labels {
  return Object.fromEntries(Object.entries(tags).filter(([key]) => key !== SERVICE_TAG));
}

function restrictsServices({ reachableServices }: Proxy): boolean {
  return reachableServices !== undefined && reachableServices.length > 0 && !reachableServices.includes("*");
}

function no(detail: string): Reachability {
  return { isReachable: false, detail };
}
