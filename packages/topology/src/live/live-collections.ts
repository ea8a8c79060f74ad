/**
 * Everything that a zone derives from its store and writes back: services with status, addresses and host names, Workloads,
 * services of its ZoneIngresses. `writes` holds what differs from what is stored, and is empty when all is well: it is a
 * level, not an edge, so that a write which was lost or refused is still there.
 */
import type { Collection, DerivationGraph, Index, Source } from "@isthmus/reactor";
import { keyOf, type Resource } from "@isthmus/resources";
import type { Write } from "@isthmus/store";
import { vipHolder } from "../addresses/plan-vips.ts";
import type { VipHolder } from "../addresses/vip.ts";
import type { VipProblem } from "../addresses/vip-problem.ts";
import type { AvailableService } from "../model/doors.ts";
import type { Proxy } from "../model/proxy.ts";
import { isOwnIngress, withAvailableServices } from "../services/available-services.ts";
import { generatedNames } from "../services/wanted-mesh-service.ts";
import { planWorkload, withWorkloadCounts, workloadCounts, workloadOf } from "../services/workloads.ts";
import { serviceKey } from "../world/index-keys.ts";
import { type TopologyCollections, topologyCollections } from "../world/topology-collections.ts";
import { type HostnameCollections, hostnameCollections } from "./hostname-collections.ts";
import type { LiveSettings } from "./live-settings.ts";
import { type ServiceName, type ServiceState, serviceState, type Timed, unstored } from "./service-state.ts";
import { withAddresses } from "./service-status.ts";
import type { GivenVips, VipCollections } from "./vip-feed.ts";
import { writeOf } from "./write.ts";

export interface LiveCollections extends HostnameCollections, VipCollections {
  readonly tables: TopologyCollections;
  /** All services that are or should be stored, by key. */
  readonly states: Collection<ServiceState>;
  /** By key of a service: setting it makes it look at the time again. */
  readonly wakeUps: Source<number>;
  /** What own ZoneIngresses are to tell; under the key "". */
  readonly availableServices: Source<readonly AvailableService[]>;
  /** By key of the resource. */
  readonly writes: Collection<Write>;
}

const WORKLOAD = "Workload";
const LIST_KEY = "";

/** `now`: wall clock, ms. Asked only by derivations that a wake-up runs again when it is time. */
export function liveCollections(
  graph: DerivationGraph,
  settings: LiveSettings,
  now: () => number,
  timed: Timed,
): LiveCollections {
  const tables = topologyCollections(graph, settings);
  const wakeUps = graph.source<number>("live/wake-ups");
  const givenVips = graph.source<GivenVips>("live/vips");
  const rangeProblems = graph.source<readonly VipProblem[]>("live/vip-range-problems");
  const availableServices = graph.source<readonly AvailableService[]>("live/available-services");

  const states = graph.map("live/services", serviceNames(graph, tables, settings), (name, key, read) => {
    read.get(wakeUps, key);
    return serviceState(tables.worldOf(read), name, settings, now(), timed);
  });
  const holders = graph.map("live/vip-holders", states, ({ stored, wanted }): VipHolder | undefined => {
    const resource = stored ?? (wanted === undefined ? undefined : unstored(wanted, undefined));
    return resource === undefined ? undefined : vipHolder(resource);
  });
  const { hostnames, generators } = hostnameCollections(graph, tables, states, timed);

  const serviceWrites = graph.map("live/writes/services", states, ({ service, stored, wanted }, key, read) => {
    if (wanted === undefined) return writeOf(stored, undefined);
    const given = read.get(givenVips, key);
    // A new service is written when it has its address.
    if (stored === undefined && given === undefined) return undefined;
    return writeOf(stored, withAddresses(service.type, wanted, given, read.get(hostnames, key)));
  });
  const ingressWrites = graph.flatMap("live/writes/ingresses", tables.zoneIngresses, (ingress, _, read) => {
    const services = read.get(availableServices, LIST_KEY);
    if (services === undefined || !isOwnIngress(ingress, tables.worldOf(read))) return [];
    const write = writeOf(ingress.resource, withAvailableServices(ingress.resource, services));
    return write === undefined ? [] : [[keyOf(ingress.resource), write]];
  });
  const writes = graph.merge("live/writes", [serviceWrites, workloadWrites(graph, tables, timed), ingressWrites]);
  return {
    tables,
    states,
    holders,
    givenVips,
    rangeProblems,
    wakeUps,
    availableServices,
    hostnames,
    generators,
    writes,
  };
}

/** Services that are stored, and those that Dataplanes ask for. */
function serviceNames(
  graph: DerivationGraph,
  { services, proxies }: TopologyCollections,
  { generatesMeshServices, generator }: LiveSettings,
): Collection<ServiceName> {
  const stored = graph.map(
    "live/services/stored",
    services,
    ({ kind: type, mesh, name }): ServiceName => ({
      type,
      mesh,
      name,
    }),
  );
  if (!generatesMeshServices) return stored;
  const asked = graph.index("live/services/asked-by", proxies, (proxy) =>
    generatedNames(proxy, generator).map((name) => serviceKey("MeshService", proxy.mesh, name)),
  );
  return graph.merge("live/services/names", [stored, graph.map("live/services/asked", asked, nameOf)]);
}

function nameOf(_: readonly Proxy[], key: string): ServiceName {
  const [, mesh = "", name = ""] = key.split("\u0000");
  return { type: "MeshService", mesh, name };
}

interface WorkloadName {
  readonly mesh: string;
  readonly name: string;
}

function workloadWrites(graph: DerivationGraph, tables: TopologyCollections, timed: Timed): Collection<Write> {
  const stored = graph.flatMap("live/workloads/stored", tables.resources, (resource) =>
    resource.type === WORKLOAD ? [[keyOf(resource), resource]] : [],
  );
  const askedBy: Index<Proxy> = graph.index("live/workloads/asked-by", tables.proxies, (proxy) => {
    const name = workloadOf(proxy);
    return name === undefined ? [] : [keyOf({ type: WORKLOAD, mesh: proxy.mesh, name })];
  });
  const names = graph.merge("live/workloads/names", [
    graph.map("live/workloads/known", stored, ({ mesh, name }): WorkloadName => ({ mesh, name })),
    graph.map("live/workloads/asked", askedBy, (proxies, key): WorkloadName => {
      const { mesh, name } = nameOf(proxies, key);
      return { mesh, name };
    }),
  ]);
  return graph.map("live/writes/workloads", names, ({ mesh, name }, key, read) => {
    const world = tables.worldOf(read);
    const existing: Resource | undefined = read.get(stored, key);
    // Without its mesh there is nothing to own it.
    if (existing === undefined && world.mesh(mesh) === undefined) return undefined;
    const plan = timed("workload_generator", () => planWorkload(world, mesh, name, existing));
    if (plan.kind === "delete") return writeOf(existing, undefined);
    const draft = plan.kind === "put" ? plan.resource : existing;
    if (draft === undefined) return undefined;
    const counted = timed("workload_status_updater", () => {
      const counts = workloadCounts(world, unstored(draft, existing));
      return counts === undefined ? draft : withWorkloadCounts(draft, counts);
    });
    return writeOf(existing, counted);
  });
}
