/** Tables whose reads are recorded by the derivation that they are read for. */
import type { Read } from "@isthmus/reactor";
import type { Resource } from "@isthmus/resources";
import type { MeshView, ZoneAddress, ZoneEgress, ZoneIngress } from "../model/doors.ts";
import type { Proxy } from "../model/proxy.ts";
import type { ProxyInsight } from "../model/proxy-insight.ts";
import type { Service } from "../model/service.ts";
import { proxyKey, resourceKey } from "./index-keys.ts";
import type { Tables } from "./indexed-world.ts";
import type { TopologyCollections } from "./topology-collections.ts";
import type { ZoneGate } from "./world.ts";

export type ReadCollections = Omit<TopologyCollections, "put" | "remove" | "replace" | "worldOf">;

export class ReactorTables implements Tables {
  readonly #from: ReadCollections;
  readonly #read: Read;

  constructor(from: ReadCollections, read: Read) {
    this.#from = from;
    this.#read = read;
  }

  mesh(name: string): MeshView | undefined {
    return this.#read.get(this.#from.meshes, proxyKey("", name));
  }

  meshes(): readonly MeshView[] {
    return this.#read.all(this.#from.meshes);
  }

  service(key: string): Service | undefined {
    return this.#read.get(this.#from.services, key);
  }

  services(indexKey: string): readonly Service[] {
    return this.#read.lookup(this.#from.servicesBy, indexKey);
  }

  proxy(key: string): Proxy | undefined {
    return this.#read.get(this.#from.proxies, key);
  }

  proxies(indexKey: string): readonly Proxy[] {
    return this.#read.lookup(this.#from.proxiesBy, indexKey);
  }

  insight(key: string): ProxyInsight | undefined {
    return this.#read.get(this.#from.insights, key);
  }

  serviceTags(mesh: string): readonly string[] {
    return this.#read.lookup(this.#from.serviceTagsBy, mesh).map(({ service }) => service);
  }

  zoneIngresses(): readonly ZoneIngress[] {
    return this.#read.all(this.#from.zoneIngresses);
  }

  zoneEgresses(): readonly ZoneEgress[] {
    return this.#read.all(this.#from.zoneEgresses);
  }

  zoneAddresses(mesh: string): readonly ZoneAddress[] {
    return this.#read.lookup(this.#from.zoneAddressesBy, mesh);
  }

  resources(type: string, mesh: string): readonly Resource[] {
    const viewed = this.#from.sources.get(type);
    if (viewed === undefined) return this.#read.lookup(this.#from.resourcesBy, resourceKey(type, mesh));
    return this.#read.all(viewed).filter((resource) => resource.type === type && resource.mesh === mesh);
  }

  zoneGate(zone: string): ZoneGate | undefined {
    return this.#read.get(this.#from.zoneGates, zone);
  }

  resolvedAddress(host: string): string | undefined {
    return this.#read.get(this.#from.resolved, host);
  }
}
