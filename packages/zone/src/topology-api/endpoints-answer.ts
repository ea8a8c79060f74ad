/** Endpoint sets as the REST API shows them: with the names that people gave, and numbers in place of reasons. */
import { setImmediate } from "node:timers/promises";
import type { DataplaneEndpoints, Exposure, Outbound, ZoneProxyEndpoints } from "@isthmus/api";
import type { Labels } from "@isthmus/resources";
import {
  clientOf,
  type EndpointSet,
  type Exposures,
  egressListenerExposures,
  ingressListenerExposures,
  outboundEndpoints,
  outboundsFor,
  type Proxy,
  type World,
  type ZoneEgress,
  type ZoneIngress,
  zoneEgressExposures,
  zoneIngressExposures,
} from "@isthmus/topology";

/** A few milliseconds of work. */
const SETS_PER_TURN = 50;

/**
 * A sidecar may have ten thousand sets, and the thread that syncs must not stand still for it: some sets are computed, then
 * others have their turn. So each set is that of one moment, the answer as a whole that of several.
 */
export async function dataplaneAnswer(proxy: Proxy, worldNow: () => World): Promise<DataplaneEndpoints> {
  const { mesh, name, zone, problems } = proxy;
  const outbounds: Outbound[] = [];
  let world = worldNow();
  let client = clientOf(proxy, world);
  for (const [index, outbound] of outboundsFor(proxy, world).entries()) {
    if (index > 0 && index % SETS_PER_TURN === 0) {
      await setImmediate();
      world = worldNow();
      client = clientOf(proxy, world);
    }
    const { address, port, servicePort, subset } = outbound;
    const set = outboundEndpoints(client, outbound, world);
    outbounds.push({ address, port, servicePort, ...setAnswer(set, subset, world) });
  }
  return {
    mesh,
    name,
    zone: zone === "" ? world.settings.zone : zone,
    outbounds,
    listeners: proxy.listeners.map(({ kind, section }) => {
      const exposures =
        kind === "ZoneIngress" ? ingressListenerExposures(proxy, world) : egressListenerExposures(proxy, world);
      return { kind, section, ...exposuresAnswer(exposures, world) };
    }),
    problems,
  };
}

export function zoneIngressAnswer(ingress: ZoneIngress, world: World): ZoneProxyEndpoints {
  const { exposures, problems } = ofOwnZone(ingress, world, () => zoneIngressExposures(ingress, world));
  return proxyAnswer(ingress, { exposures, problems: [...ingress.problems, ...problems] }, world);
}

export function zoneEgressAnswer(egress: ZoneEgress, world: World): ZoneProxyEndpoints {
  return proxyAnswer(
    egress,
    ofOwnZone(egress, world, () => zoneEgressExposures(world)),
    world,
  );
}

type Door = Pick<ZoneIngress, "name" | "zone">;

function proxyAnswer({ name, zone }: Door, exposures: Exposures, world: World): ZoneProxyEndpoints {
  return { name, zone: zone === "" ? world.settings.zone : zone, ...exposuresAnswer(exposures, world) };
}

/** What a door of another zone forwards is known in that zone alone. */
function ofOwnZone({ name, zone }: Door, { settings }: World, compute: () => Exposures): Exposures {
  if (zone === "" || zone === settings.zone) return compute();
  return { exposures: [], problems: [`${name} is of zone ${zone}, which knows what it forwards: ask there`] };
}

function exposuresAnswer({ exposures, problems }: Exposures, world: World) {
  return {
    exposures: exposures.map(
      ({ sni, port, subset, set }): Exposure => ({ sni, servicePort: port, ...setAnswer(set, subset, world) }),
    ),
    problems,
  };
}

function setAnswer(set: EndpointSet, subset: Labels, world: World) {
  const { service: ref, endpoints, policies, overprovisioningFactor } = set;
  const service = ref.kind === "legacy" ? undefined : world.service(ref.kind, ref.mesh, ref.name);
  return {
    service: ref,
    displayName: service?.displayName ?? ref.name,
    serviceZone: service?.zone ?? "",
    subset,
    endpoints,
    leftOut: leftOut(set),
    policies,
    overprovisioningFactor,
  };
}

/** In the order in which candidates come. */
function leftOut({ candidates }: EndpointSet): Outbound["leftOut"] {
  const counts = new Map<Outbound["leftOut"][number]["gate"], number>();
  for (const { gate } of candidates) if (gate !== undefined) counts.set(gate, (counts.get(gate) ?? 0) + 1);
  return [...counts].map(([gate, count]) => ({ gate, count }));
}
