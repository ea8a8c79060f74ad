/**
 * Base sets of a running zone, kept per service and port and computed anew only when something that they read changes. Doors of
 * other zones stand between: an ingress that lists other services than before is no reason to look at every remote service.
 */
import type { Collection, DerivationGraph } from "@isthmus/reactor";
import type { Service, ServiceRef } from "../model/service.ts";
import { SERVICE_TAG } from "../model/tags.ts";
import type { TopologyCollections } from "../world/topology-collections.ts";
import { baseEndpoints } from "./base-endpoints.ts";
import type { BaseSet } from "./base-set.ts";
import type { Door } from "./door.ts";
import { tagsOf } from "./legacy-external.ts";
import { legacyRef, refKey, refOf } from "./service-ref.ts";
import { type ZoneDoors, zoneDoors } from "./zone-doors.ts";

export interface EndpointCollections {
  /** Of every MeshService, MeshMultiZoneService and MeshExternalService, by `baseSetKey`. */
  readonly services: Collection<BaseSet>;
  /** Of every value of `kuma.io/service` in use, by `baseSetKey` with port 0. */
  readonly legacy: Collection<BaseSet>;
}

export function baseSetKey(service: ServiceRef, port: number): string {
  return `${refKey(service)}\u0000${port}`;
}

/** Collections are named `endpoints/…`. */
export function endpointCollections(graph: DerivationGraph, topology: TopologyCollections): EndpointCollections {
  const doors = doorCollection(graph, topology);
  const services = graph.flatMap<Service, BaseSet>("endpoints/services", topology.services, (service, _key, read) => {
    const world = topology.worldOf(read);
    const doorsOf: ZoneDoors = (mesh, zone, ofWorld) =>
      read.get(doors, zoneKey(mesh, zone))?.doors ?? zoneDoors(mesh, zone, ofWorld);
    const ref = refOf(service);
    return service.ports.map(({ port }) => [baseSetKey(ref, port), baseEndpoints(ref, port, world, doorsOf)]);
  });
  const legacy = graph.flatMap<LegacyName, BaseSet>(
    "endpoints/legacy",
    legacyNames(graph, topology),
    ({ mesh, name }, _key, read) => {
      const ref = legacyRef(mesh, name);
      return [[baseSetKey(ref, 0), baseEndpoints(ref, 0, topology.worldOf(read))]];
    },
  );
  return { services, legacy };
}

interface DoorsOfZone {
  readonly doors: readonly Door[];
}

function doorCollection(graph: DerivationGraph, topology: TopologyCollections): Collection<DoorsOfZone> {
  const zones = graph.index("endpoints/zones", topology.services, ({ kind, isLocal, mesh, zone }) =>
    kind === "MeshService" && !isLocal ? [zoneKey(mesh, zone)] : [],
  );
  return graph.map("endpoints/doors", zones, ([first], _key, read) =>
    first === undefined ? undefined : { doors: zoneDoors(first.mesh, first.zone, topology.worldOf(read)) },
  );
}

interface LegacyName {
  readonly mesh: string;
  readonly name: string;
}

/** Of Dataplanes here, of what ingresses list, of ExternalServices: each once. */
function legacyNames(graph: DerivationGraph, topology: TopologyCollections): Collection<LegacyName> {
  const here = graph.flatMap<LegacyName, LegacyName>(
    "endpoints/legacy-names/here",
    graph.map("endpoints/legacy-names/tags", topology.serviceTags, ({ mesh, service }) => ({ mesh, name: service })),
    keyed,
  );
  const listed = graph.index("endpoints/legacy-names/listed-by", topology.zoneIngresses, ({ availableServices }) =>
    availableServices.flatMap(({ mesh, tags }) => nameKey(mesh, tags[SERVICE_TAG])),
  );
  const external = graph.index("endpoints/legacy-names/external-by", topology.resources, (resource) =>
    resource.type === "ExternalService" ? nameKey(resource.mesh, tagsOf(resource)[SERVICE_TAG]) : [],
  );
  const elsewhere = graph.map("endpoints/legacy-names/elsewhere", listed, (_, key) => nameOf(key));
  const outside = graph.map("endpoints/legacy-names/outside", external, (_, key) => nameOf(key));
  return graph.merge("endpoints/legacy-names", [here, elsewhere, outside]);
}

function keyed(legacy: LegacyName): Iterable<readonly [string, LegacyName]> {
  return [[zoneKey(legacy.mesh, legacy.name), legacy]];
}

function nameKey(mesh: string, service: string | undefined): readonly string[] {
  return service === undefined || service === "" ? [] : [zoneKey(mesh, service)];
}

function nameOf(key: string): LegacyName {
  const [mesh = "", name = ""] = key.split("\u0000");
  return { mesh, name };
}

function zoneKey(mesh: string, zone: string): string {
  return `${mesh}\u0000${zone}`;
}
