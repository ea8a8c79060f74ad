/**
 * Ports of services that a Dataplane is meant to reach, whether or not they have addresses yet: what its layout shows.
 * Source: kuma v2.14.3: pkg/xds/context/destination_index.go `GetReachableBackends`.
 */
import type { Proxy } from "../model/proxy.ts";
import { SERVICE_KINDS } from "../model/read-service.ts";
import type { Service, ServicePort } from "../model/service.ts";
import { portKriText } from "../names/destination-name.ts";
import type { World } from "../world/world.ts";
import { type BackendReference, referredPorts, referredServices } from "./backend-reference.ts";

export interface ReachablePort {
  readonly service: Service;
  readonly port: ServicePort;
  /** Of the port; each once. */
  readonly kri: string;
}

/** What its own outbounds name; without any, what `reachableBackends` lists; without those, everything. In order of KRI. */
export function reachablePorts(proxy: Proxy, world: World): readonly ReachablePort[] {
  const named = proxy.outbounds.flatMap(({ backendRef }) => (backendRef === undefined ? [] : [backendRef]));
  const listed = referred(proxy, named, world);
  const found =
    listed.length > 0
      ? listed
      : proxy.reachableBackends === undefined
        ? SERVICE_KINDS.flatMap((kind) => world.services(kind, proxy.mesh)).flatMap((service) => portsOf(service))
        : referred(proxy, proxy.reachableBackends, world);
  const byKri = new Map(found.map((each) => [each.kri, each]));
  return [...byKri.values()].sort((a, b) => (a.kri < b.kri ? -1 : 1));
}

function referred(
  proxy: Proxy,
  refs: readonly (BackendReference & { readonly port: number | undefined })[],
  world: World,
): readonly ReachablePort[] {
  return refs.flatMap((ref) => referredServices(proxy, ref, world).flatMap((service) => portsOf(service, ref.port)));
}

function portsOf(service: Service, number?: number): readonly ReachablePort[] {
  return referredPorts(service, number).map((port) => ({ service, port, kri: portKriText(service, port) }));
}
