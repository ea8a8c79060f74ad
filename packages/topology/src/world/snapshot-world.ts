/** A world that stands still: golden tests, explain, what-if. Views and indexes are made when they are first asked for. */
import type { Resource } from "@isthmus/resources";
import type { MeshView, ZoneAddress, ZoneEgress, ZoneIngress } from "../model/doors.ts";
import type { Proxy } from "../model/proxy.ts";
import type { ProxyInsight } from "../model/proxy-insight.ts";
import { SERVICE_KINDS } from "../model/read-service.ts";
import type { Service } from "../model/service.ts";
import { SERVICE_TAG } from "../model/tags.ts";
import { proxyIndexKeys, proxyKey, serviceIndexKeys, serviceKey } from "./index-keys.ts";
import { IndexedWorld, type Tables } from "./indexed-world.ts";
import {
  insightView,
  meshView,
  proxyView,
  serviceView,
  zoneAddressView,
  zoneEgressView,
  zoneIngressView,
} from "./view-cache.ts";
import type { TopologySettings, World, ZoneGate } from "./world.ts";

export interface SnapshotSettings extends TopologySettings {
  readonly zoneGates?: ReadonlyMap<string, ZoneGate>;
  /** IP addresses by host name. */
  readonly resolved?: ReadonlyMap<string, string>;
}

/** The order of the resources does not matter; of two with one key the one with the greater version counts. */
export function snapshotWorld(resources: Iterable<Resource>, settings: SnapshotSettings): World {
  return new IndexedWorld(settings, new SnapshotTables(resources, settings));
}

class SnapshotTables implements Tables {
  readonly #byType: ReadonlyMap<string, Map<string, Resource>>;
  readonly #settings: SnapshotSettings;
  readonly #meshes = once(() => new Map(this.#list("Mesh").map((one) => [one.name, meshView(one)])));
  readonly #services = once(() => this.#serviceTable());
  readonly #proxies = once(() => this.#proxyTable());
  readonly #ingresses = once(() => this.#list("ZoneIngress").map(zoneIngressView));
  readonly #egresses = once(() => this.#list("ZoneEgress").map(zoneEgressView));
  readonly #addresses = once(() => this.#addressTable());
  readonly #others = new Map<string, ReadonlyMap<string, readonly Resource[]>>();

  constructor(resources: Iterable<Resource>, settings: SnapshotSettings) {
    this.#settings = settings;
    this.#byType = partition(resources);
  }

  mesh(name: string): MeshView | undefined {
    return this.#meshes().get(name);
  }

  meshes(): readonly MeshView[] {
    return [...this.#meshes().values()];
  }

  service(key: string): Service | undefined {
    return this.#services().byKey.get(key);
  }

  services(indexKey: string): readonly Service[] {
    return this.#services().groups.get(indexKey) ?? [];
  }

  proxy(key: string): Proxy | undefined {
    return this.#proxies().byKey.get(key);
  }

  proxies(indexKey: string): readonly Proxy[] {
    return this.#proxies().groups.get(indexKey) ?? [];
  }

  insight(key: string): ProxyInsight | undefined {
    const resource = this.#byType.get("DataplaneInsight")?.get(key);
    return resource === undefined ? undefined : insightView(resource);
  }

  serviceTags(mesh: string): readonly string[] {
    return this.#proxies().tagsOfMesh.get(mesh) ?? [];
  }

  zoneIngresses(): readonly ZoneIngress[] {
    return this.#ingresses();
  }

  zoneEgresses(): readonly ZoneEgress[] {
    return this.#egresses();
  }

  zoneAddresses(mesh: string): readonly ZoneAddress[] {
    return this.#addresses().get(mesh) ?? [];
  }

  resources(type: string, mesh: string): readonly Resource[] {
    let groups = this.#others.get(type);
    if (groups === undefined) {
      groups = grouped(this.#list(type), (resource) => [resource.mesh]);
      this.#others.set(type, groups);
    }
    return groups.get(mesh) ?? [];
  }

  zoneGate(zone: string): ZoneGate | undefined {
    return this.#settings.zoneGates?.get(zone);
  }

  resolvedAddress(host: string): string | undefined {
    return this.#settings.resolved?.get(host);
  }

  #serviceTable() {
    const services = SERVICE_KINDS.flatMap((kind) => this.#list(kind)).flatMap((one) => serviceView(one) ?? []);
    return {
      byKey: new Map(services.map((one) => [serviceKey(one.kind, one.mesh, one.name), one])),
      groups: grouped(services.sort(byKind), serviceIndexKeys),
    };
  }

  #proxyTable() {
    const proxies = this.#list("Dataplane").map(proxyView);
    const tags = new Map<string, Set<string>>();
    for (const { mesh, inbounds } of proxies) {
      for (const inbound of inbounds) {
        const service = inbound.tags[SERVICE_TAG];
        if (service !== undefined) setAt(tags, mesh).add(service);
      }
    }
    return {
      byKey: new Map(proxies.map((one) => [proxyKey(one.mesh, one.name), one])),
      groups: grouped(proxies, proxyIndexKeys),
      tagsOfMesh: new Map([...tags].map(([mesh, set]) => [mesh, [...set].sort()])),
    };
  }

  #addressTable(): ReadonlyMap<string, readonly ZoneAddress[]> {
    const addresses = this.#list("MeshZoneAddress").flatMap((one) => zoneAddressView(one) ?? []);
    return grouped(addresses, ({ mesh }) => [mesh]);
  }

  /** In order of key. */
  #list(type: string): Resource[] {
    return [...(this.#byType.get(type) ?? [])].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, resource]) => resource);
  }
}

function partition(resources: Iterable<Resource>): ReadonlyMap<string, Map<string, Resource>> {
  const byType = new Map<string, Map<string, Resource>>();
  for (const resource of resources) {
    let known = byType.get(resource.type);
    if (known === undefined) byType.set(resource.type, (known = new Map()));
    const key = proxyKey(resource.mesh, resource.name);
    const other = known.get(key);
    if (other === undefined || other.version < resource.version) known.set(key, resource);
  }
  return byType;
}

function grouped<V>(values: readonly V[], keysOf: (value: V) => readonly string[]): ReadonlyMap<string, readonly V[]> {
  const groups = new Map<string, V[]>();
  for (const value of values) {
    for (const key of keysOf(value)) {
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [value]);
      else group.push(value);
    }
  }
  return groups;
}

/** Kinds sort as their keys do; within one kind the order is kept. */
function byKind(a: Service, b: Service): number {
  if (a.kind === b.kind) return 0;
  return a.kind < b.kind ? -1 : 1;
}

function setAt(sets: Map<string, Set<string>>, key: string): Set<string> {
  const known = sets.get(key);
  if (known !== undefined) return known;
  const made = new Set<string>();
  sets.set(key, made);
  return made;
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
