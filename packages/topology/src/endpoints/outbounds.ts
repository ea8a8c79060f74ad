/** Which services a sidecar gets, and at which addresses. Source: kuma v2.14.3: pkg/xds/sync/dataplane_proxy_builder.go. */
import type { Labels } from "@isthmus/resources";
import type { Proxy } from "../model/proxy.ts";
import { SERVICE_KINDS } from "../model/read-service.ts";
import type { Service, ServiceRef } from "../model/service.ts";
import { SERVICE_TAG } from "../model/tags.ts";
import type { World } from "../world/world.ts";
import { tagsOf } from "./legacy-external.ts";
import {
  hasInboundAt,
  legacyReachability,
  outboundTarget,
  serviceReachability,
  withoutService,
} from "./reachability.ts";
import { legacyRef, refOf } from "./service-ref.ts";
import { isRemoteZone } from "./zone-doors.ts";

export interface Outbound {
  /** Where the application sends to. Undefined: a legacy service, whose address is in the table of virtual outbounds. */
  readonly address: string | undefined;
  /** Of the address; undefined with it. */
  readonly port: number | undefined;
  readonly service: ServiceRef;
  /** Of the service; 0 for a legacy one. */
  readonly servicePort: number;
  /** Tags that instances must have besides `kuma.io/service`. */
  readonly subset: Labels;
}

/** With a transparent proxy everything it may reach, otherwise what its Dataplane lists. A builtin gateway has none: it has routes. */
export function outboundsFor(proxy: Proxy, world: World): readonly Outbound[] {
  if (proxy.gateway?.type === "BUILTIN") return [];
  if (!proxy.isTransparent) return listedOutbounds(proxy, world);
  const services = SERVICE_KINDS.flatMap((kind) => world.services(kind, proxy.mesh));
  const toServices = services.flatMap((service) => outboundsToService(proxy, service, world));
  return [...toServices, ...legacyOutbounds(proxy, world)];
}

/** With a transparent proxy: those to one service of its mesh. */
export function outboundsToService(proxy: Proxy, service: Service, world: World): readonly Outbound[] {
  if (proxy.gateway?.type === "BUILTIN") return [];
  return service.ports.flatMap((port) => {
    if (!serviceReachability(proxy, service, port, world).isReachable) return [];
    return service.vips
      .filter((vip) => !hasInboundAt(proxy, vip, port.port))
      .map((address) => ({ address, port: port.port, service: refOf(service), servicePort: port.port, subset: {} }));
  });
}

function legacyOutbounds(proxy: Proxy, world: World): readonly Outbound[] {
  if (world.mesh(proxy.mesh)?.mode === "Exclusive") return [];
  return legacyServices(proxy.mesh, world)
    .map((name) => legacyRef(proxy.mesh, name))
    .filter((ref) => legacyReachability(proxy, ref, world).isReachable)
    .map((service) => ({ address: undefined, port: undefined, service, servicePort: 0, subset: {} }));
}

/** Values of `kuma.io/service` of Dataplanes here, of what other zones list and of ExternalServices, ascending. */
export function legacyServices(mesh: string, world: World): readonly string[] {
  const remote = world
    .zoneIngresses()
    .filter(({ zone }) => isRemoteZone(zone, world))
    .flatMap(({ availableServices }) => availableServices.filter((entry) => entry.mesh === mesh))
    .map(({ tags }) => tags[SERVICE_TAG] ?? "");
  const external = world.all("ExternalService", mesh).map((resource) => tagsOf(resource)[SERVICE_TAG] ?? "");
  return [...new Set([...world.serviceTags(mesh), ...remote, ...external])].filter((name) => name !== "").sort();
}

function listedOutbounds(proxy: Proxy, world: World): readonly Outbound[] {
  return proxy.outbounds.flatMap((outbound): readonly Outbound[] => {
    const { address, port } = outbound;
    const name = outbound.tags[SERVICE_TAG];
    if (outbound.backendRef === undefined) {
      if (name === undefined || name === "") return [];
      const service = legacyRef(proxy.mesh, name);
      return [{ address, port, service, servicePort: 0, subset: withoutService(outbound.tags) }];
    }
    const target = outboundTarget(proxy, outbound, world);
    if (target === undefined) return [];
    return [{ address, port, service: refOf(target.service), servicePort: target.port.port, subset: {} }];
  });
}
