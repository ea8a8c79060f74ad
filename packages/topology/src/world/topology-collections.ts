/**
 * The tables of a running zone: sources that its change feed writes, views of them, and the indexes behind the reads of
 * `World`. Everything further (statuses, endpoint sets) is derived from these by functions that read through `worldOf`.
 */
import type { Collection, DerivationGraph, Index, Read, Source } from "@isthmus/reactor";
import { keyOf, type Resource, type ResourceKey } from "@isthmus/resources";
import type { MeshView, ZoneAddress, ZoneEgress, ZoneIngress } from "../model/doors.ts";
import type { Proxy } from "../model/proxy.ts";
import { type ProxyInsight, readProxyInsight } from "../model/proxy-insight.ts";
import { readMesh, readZoneAddress, readZoneEgress, readZoneIngress } from "../model/read-doors.ts";
import { readProxy } from "../model/read-proxy.ts";
import { readService, SERVICE_KINDS } from "../model/read-service.ts";
import type { Service } from "../model/service.ts";
import { SERVICE_TAG } from "../model/tags.ts";
import { proxyIndexKeys, proxyKey, resourceKey, serviceIndexKeys } from "./index-keys.ts";
import { IndexedWorld } from "./indexed-world.ts";
import { ReactorTables } from "./reactor-tables.ts";
import type { TopologySettings, World, ZoneGate } from "./world.ts";

export interface TopologyCollections {
  /** By type, for the types that have views; all services are in one. */
  readonly sources: ReadonlyMap<string, Source<Resource>>;
  readonly meshes: Collection<MeshView>;
  readonly services: Collection<Service>;
  readonly servicesBy: Index<Service>;
  readonly proxies: Collection<Proxy>;
  readonly proxiesBy: Index<Proxy>;
  readonly insights: Collection<ProxyInsight>;
  /** Each value of `kuma.io/service` in use, by mesh and value; changes only when one appears or goes. */
  readonly serviceTags: Collection<ServiceTag>;
  readonly serviceTagsBy: Index<ServiceTag>;
  readonly zoneIngresses: Collection<ZoneIngress>;
  readonly zoneEgresses: Collection<ZoneEgress>;
  readonly zoneAddresses: Collection<ZoneAddress>;
  readonly zoneAddressesBy: Index<ZoneAddress>;
  /** All types without a view. */
  readonly resources: Collection<Resource>;
  readonly resourcesBy: Index<Resource>;
  readonly zoneGates: Source<ZoneGate>;
  /** IP addresses by host name. */
  readonly resolved: Source<string>;

  /** A resource that is new or has changed; of any type. */
  put(resource: Resource): void;
  remove(key: ResourceKey): void;
  /** Makes these the only resources: for a reader of a change feed that was told to start over. */
  replace(resources: Iterable<Resource>): void;
  /** The world as one derivation sees it; what it reads there it depends on. */
  worldOf(read: Read): World;
}

export interface ServiceTag {
  readonly mesh: string;
  readonly service: string;
}

/** Collections are named `topology/…`; what reads them must be created after them. */
export function topologyCollections(graph: DerivationGraph, settings: TopologySettings): TopologyCollections {
  const sources = new Sources(graph);
  const map = <View>(
    name: string,
    type: string,
    read: (resource: Resource) => View | undefined,
    equals?: (a: View, b: View) => boolean,
  ): Collection<View> =>
    graph.map(
      `topology/${name}`,
      sources.of(type),
      (resource) => read(resource),
      equals === undefined ? {} : { equals },
    );

  const services = map("services", "MeshService", readService, ofOneResource);
  const proxies = map("proxies", "Dataplane", readProxy, ofOneResource);
  const proxiesBy = graph.index("topology/proxies/by", proxies, proxyIndexKeys);
  const proxiesByService = graph.index("topology/proxies/by-service", proxies, serviceTagKeys);
  const serviceTags = graph.map("topology/service-tags", proxiesByService, (_, key) => serviceTagOf(key));
  const zoneAddresses = map("zone-addresses", "MeshZoneAddress", readZoneAddress, ofOneResource);
  const collections: Omit<TopologyCollections, "put" | "remove" | "replace" | "worldOf"> = {
    sources: sources.byType,
    meshes: map("meshes", "Mesh", readMesh, ofOneResource),
    services,
    servicesBy: graph.index("topology/services/by", services, serviceIndexKeys),
    proxies,
    proxiesBy,
    insights: map("insights", "DataplaneInsight", readProxyInsight),
    serviceTags,
    serviceTagsBy: graph.index("topology/service-tags/by", serviceTags, ({ mesh }) => [mesh]),
    zoneIngresses: map("zone-ingresses", "ZoneIngress", readZoneIngress, ofOneResource),
    zoneEgresses: map("zone-egresses", "ZoneEgress", readZoneEgress, ofOneResource),
    zoneAddresses,
    zoneAddressesBy: graph.index("topology/zone-addresses/by", zoneAddresses, ({ mesh }) => [mesh]),
    resources: sources.others,
    resourcesBy: graph.index("topology/resources/by", sources.others, ({ type, mesh }) => [resourceKey(type, mesh)]),
    zoneGates: graph.source("topology/zone-gates"),
    resolved: graph.source("topology/resolved"),
  };
  return {
    ...collections,
    put: (resource) => sources.put(resource),
    remove: (key) => sources.remove(key),
    replace: (resources) => sources.replace(resources),
    worldOf: (read) => new IndexedWorld(settings, new ReactorTables(collections, read)),
  };
}

/** Types that have views, each with a source of its own, the services together; and one source for all others. */
const VIEWED = ["Mesh", "Dataplane", "DataplaneInsight", "ZoneIngress", "ZoneEgress", "MeshZoneAddress"];

class Sources {
  readonly byType: ReadonlyMap<string, Source<Resource>>;
  readonly others: Source<Resource>;

  constructor(graph: DerivationGraph) {
    const source = (name: string): Source<Resource> => graph.source(`topology/source/${name}`);
    const services = source("services");
    this.byType = new Map([
      ...VIEWED.map((type) => [type, source(type)] as const),
      ...SERVICE_KINDS.map((kind) => [kind, services] as const),
    ]);
    this.others = source("others");
  }

  of(type: string): Source<Resource> {
    return this.byType.get(type) ?? this.others;
  }

  put(resource: Resource): void {
    this.of(resource.type).set(keyIn(resource), resource);
  }

  remove(key: ResourceKey): void {
    this.of(key.type).delete(keyIn(key));
  }

  replace(resources: Iterable<Resource>): void {
    const wanted = new Map<Source<Resource>, [string, Resource][]>([[this.others, []]]);
    for (const source of this.byType.values()) wanted.set(source, []);
    for (const resource of resources) wanted.get(this.of(resource.type))?.push([keyIn(resource), resource]);
    for (const [source, entries] of wanted) source.replace(entries);
  }
}

/** Where a source holds one type only, its keys do without the type: they are those of the views. */
function keyIn({ type, mesh, name }: ResourceKey): string {
  return VIEWED.includes(type) ? proxyKey(mesh, name) : keyOf({ type, mesh, name });
}

/** Views are functions of their resource alone, and a resource that was written anew is a new one. */
function ofOneResource(a: { readonly resource: Resource }, b: { readonly resource: Resource }): boolean {
  return a.resource === b.resource;
}

function serviceTagKeys({ mesh, inbounds }: Proxy): readonly string[] {
  return inbounds.flatMap(({ tags }) => {
    const service = tags[SERVICE_TAG];
    return service === undefined ? [] : [`${mesh}\u0000${service}`];
  });
}

function serviceTagOf(key: string): ServiceTag {
  const end = key.indexOf("\u0000");
  return { mesh: key.slice(0, end), service: key.slice(end + 1) };
}
