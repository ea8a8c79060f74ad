/** Endpoint sets as the REST API shows them: with the names that people gave, and numbers in place of reasons. */
import type { DataplaneEndpoints, Exposure, Outbound, ZoneProxyEndpoints } from "@isthmus/api";
import type { Labels } from "@isthmus/resources";
import {
  type EndpointSet,
  type Exposures,
  egressListenerExposures,
  ingressListenerExposures,
  type Proxy,
  sidecarEndpoints,
  type World,
  type ZoneEgress,
  type ZoneIngress,
  zoneEgressExposures,
  zoneIngressExposures,
} from "@isthmus/topology";

export function dataplaneAnswer(proxy: Proxy, world: World): DataplaneEndpoints {
  const { mesh, name, zone, problems } = proxy;
  return {
    mesh,
    name,
    zone: zone === "" ? world.settings.zone : zone,
    outbounds: sidecarEndpoints(proxy, world).map(
      ({ outbound: { address, port, servicePort, subset }, set }): Outbound => ({
        address,
        port,
        servicePort,
        ...setAnswer(set, subset, world),
      }),
    ),
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
