/** The reads of `World` over tables with indexes. What the tables are, and whether reads are recorded, is theirs. */
import type { Labels, Resource } from "@isthmus/resources";
import { WORKLOAD_LABEL } from "@isthmus/resources";
import type { MeshView, ZoneAddress, ZoneEgress, ZoneIngress } from "../model/doors.ts";
import type { Proxy } from "../model/proxy.ts";
import type { ProxyInsight } from "../model/proxy-insight.ts";
import type { ProxySelector, Service, ServiceKind } from "../model/service.ts";
import { SERVICE_TAG } from "../model/tags.ts";
import {
  carriesAll,
  isSelected,
  labelLookup,
  meshServiceLookup,
  proxiesOfLabel,
  proxiesOfListener,
  proxiesOfMesh,
  proxiesOfTag,
  proxyKey,
  selectableLabels,
  serviceKey,
  servicesOfMesh,
  servicesOfOrigin,
  tagLookup,
} from "./index-keys.ts";
import type { ServiceOrigin, TopologySettings, World, ZoneGate } from "./world.ts";

/** Keys and index keys are those of `index-keys.ts`; lists are in order of key. */
export interface Tables {
  mesh(name: string): MeshView | undefined;
  meshes(): readonly MeshView[];
  service(key: string): Service | undefined;
  services(indexKey: string): readonly Service[];
  proxy(key: string): Proxy | undefined;
  proxies(indexKey: string): readonly Proxy[];
  insight(key: string): ProxyInsight | undefined;
  serviceTags(mesh: string): readonly string[];
  zoneIngresses(): readonly ZoneIngress[];
  zoneEgresses(): readonly ZoneEgress[];
  zoneAddresses(mesh: string): readonly ZoneAddress[];
  resources(type: string, mesh: string): readonly Resource[];
  zoneGate(zone: string): ZoneGate | undefined;
  resolvedAddress(host: string): string | undefined;
}

export class IndexedWorld implements World {
  readonly settings: TopologySettings;
  readonly #tables: Tables;

  constructor(settings: TopologySettings, tables: Tables) {
    this.settings = settings;
    this.#tables = tables;
  }

  mesh(name: string): MeshView | undefined {
    return this.#tables.mesh(name);
  }

  meshes(): readonly MeshView[] {
    return this.#tables.meshes();
  }

  service(kind: ServiceKind, mesh: string, name: string): Service | undefined {
    return this.#tables.service(serviceKey(kind, mesh, name));
  }

  services(kind: ServiceKind, mesh: string): readonly Service[] {
    return this.#tables.services(servicesOfMesh(kind, mesh));
  }

  serviceByOrigin(kind: ServiceKind, mesh: string, origin: ServiceOrigin): Service | undefined {
    return this.#tables.services(servicesOfOrigin(kind, mesh, origin))[0];
  }

  meshServicesWith(labels: Labels): readonly Service[] {
    const group = this.#tables.services(meshServiceLookup(labels));
    return group.filter((service) => carriesAll(selectableLabels(service), labels));
  }

  proxy(mesh: string, name: string): Proxy | undefined {
    return this.#tables.proxy(proxyKey(mesh, name));
  }

  proxies(mesh: string): readonly Proxy[] {
    return this.#tables.proxies(proxiesOfMesh(mesh));
  }

  insight(mesh: string, name: string): ProxyInsight | undefined {
    return this.#tables.insight(proxyKey(mesh, name));
  }

  serviceTags(mesh: string): readonly string[] {
    return this.#tables.serviceTags(mesh);
  }

  selected(mesh: string, selector: ProxySelector): readonly Proxy[] {
    return this.#candidates(mesh, selector).filter((proxy) => isSelected(proxy, selector));
  }

  proxiesOfService(mesh: string, service: string): readonly Proxy[] {
    return this.#tables.proxies(proxiesOfTag(mesh, SERVICE_TAG, service));
  }

  proxiesOfWorkload(mesh: string, workload: string): readonly Proxy[] {
    return this.#tables.proxies(proxiesOfLabel(mesh, WORKLOAD_LABEL, workload));
  }

  zoneProxies(mesh: string, kind: "ZoneIngress" | "ZoneEgress"): readonly Proxy[] {
    return this.#tables.proxies(proxiesOfListener(mesh, kind));
  }

  zoneIngresses(): readonly ZoneIngress[] {
    return this.#tables.zoneIngresses();
  }

  zoneEgresses(): readonly ZoneEgress[] {
    return this.#tables.zoneEgresses();
  }

  zoneAddresses(mesh: string): readonly ZoneAddress[] {
    return this.#tables.zoneAddresses(mesh);
  }

  all(type: string, mesh: string): readonly Resource[] {
    return this.#tables.resources(type, mesh);
  }

  zoneGate(zone: string): ZoneGate | undefined {
    return this.#tables.zoneGate(zone);
  }

  resolvedAddress(host: string): string | undefined {
    return this.#tables.resolvedAddress(host);
  }

  #candidates(mesh: string, { name, tags, labels }: ProxySelector): readonly Proxy[] {
    if (name !== undefined) {
      const proxy = this.proxy(mesh, name);
      return proxy === undefined ? [] : [proxy];
    }
    if (tags !== undefined) return this.#tables.proxies(tagLookup(mesh, tags));
    return labels === undefined ? [] : this.#tables.proxies(labelLookup(mesh, labels));
  }
}
