/** Endpoint sets of a sidecar: of one destination, or of all that it gets. */
import type { Proxy } from "../model/proxy.ts";
import type { ServiceRef } from "../model/service.ts";
import type { World } from "../world/world.ts";
import { baseEndpoints } from "./base-endpoints.ts";
import { type Client, clientOf } from "./client.ts";
import { type ClientOptions, clientEndpoints } from "./client-endpoints.ts";
import type { EndpointSet } from "./endpoint-set.ts";
import { type Outbound, outboundsFor } from "./outbounds.ts";

/** Where the client may send the traffic of one port of one service, and why not elsewhere. `port` is of no meaning for a legacy service. */
export function endpointsFor(
  client: Proxy | Client,
  service: ServiceRef,
  port: number,
  world: World,
  options: ClientOptions = {},
): EndpointSet {
  const asking = "strategies" in client ? client : clientOf(client, world);
  return clientEndpoints(asking, baseEndpoints(service, port, world), world, options);
}

export interface OutboundEndpoints {
  readonly outbound: Outbound;
  readonly set: EndpointSet;
}

/** All that the sidecar gets; several addresses of one service each have the set. */
export function sidecarEndpoints(proxy: Proxy, world: World): readonly OutboundEndpoints[] {
  const client = clientOf(proxy, world);
  return outboundsFor(proxy, world).map((outbound) => ({ outbound, set: outboundEndpoints(client, outbound, world) }));
}

/** What is behind one outbound of the client. */
export function outboundEndpoints(
  client: Client,
  { service, servicePort, subset }: Outbound,
  world: World,
): EndpointSet {
  return endpointsFor(client, service, servicePort, world, { subset, isRouted: true });
}
