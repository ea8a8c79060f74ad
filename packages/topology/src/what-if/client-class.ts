/**
 * Clients that get the same sets as far as zones are concerned: those with the same policies and the same reach. A report goes
 * over a handful of classes and not over thousands of proxies.
 */
import { type Client, clientOf } from "../endpoints/client.ts";
import { outboundsFor } from "../endpoints/outbounds.ts";
import { refKey } from "../endpoints/service-ref.ts";
import type { Proxy } from "../model/proxy.ts";
import type { World } from "../world/world.ts";

export interface ClientClass {
  /** One of them. */
  readonly client: Client;
  readonly count: number;
  /** Whether it has an outbound for the port of the service; by `refKey` and port. */
  readonly reaches: (service: string, port: number) => boolean;
}

export function clientClasses(mesh: string, world: World): readonly ClientClass[] {
  const groups = new Map<string, { readonly client: Client; count: number }>();
  for (const proxy of world.proxies(mesh)) {
    if (isZoneProxy(proxy) || proxy.gateway?.type === "BUILTIN") continue;
    const client = clientOf(proxy, world);
    const key = signatureOf(client);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { client, count: 1 });
    else group.count++;
  }
  return [...groups.values()].map(({ client, count }) => {
    const outbounds = new Set(
      outboundsFor(client.proxy, world).map(({ service, servicePort }) => `${refKey(service)}:${servicePort}`),
    );
    return { client, count, reaches: (service, port) => outbounds.has(`${service}:${port}`) };
  });
}

function isZoneProxy({ listeners, inbounds }: Proxy): boolean {
  return listeners.length > 0 && inbounds.length === 0;
}

/** A Dataplane that lists its outbounds or backends understands names where it is: its zone and namespace take part. */
function signatureOf({ proxy, strategies }: Client): string {
  const { isTransparent, reachableServices, reachableBackends, outbounds, labels } = proxy;
  const usesNames = !isTransparent || reachableBackends !== undefined;
  return JSON.stringify([
    strategies.map(({ policy }) => [policy.resource.mesh, policy.resource.name]),
    isTransparent,
    reachableServices,
    reachableBackends,
    isTransparent ? [] : outbounds.map(({ tags, backendRef }) => [tags, backendRef]),
    usesNames ? [labels["kuma.io/zone"], labels["k8s.kuma.io/namespace"]] : [],
  ]);
}
