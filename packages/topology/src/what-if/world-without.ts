/**
 * A world as it would be with some zones, doors or services gone. It only leaves out: what is computed from it is what would be
 * computed from a store without those resources.
 */
import { displayName, homeZone, type Labels, type Resource } from "@isthmus/resources";
import type { MeshView, ZoneAddress, ZoneEgress, ZoneIngress } from "../model/doors.ts";
import type { Proxy } from "../model/proxy.ts";
import type { ProxyInsight } from "../model/proxy-insight.ts";
import { SERVICE_KINDS } from "../model/read-service.ts";
import type { ProxySelector, Service, ServiceKind } from "../model/service.ts";
import { SERVICE_TAG } from "../model/tags.ts";
import type { ServiceOrigin, TopologySettings, World, ZoneGate } from "../world/world.ts";

export interface Losses {
  readonly zones: readonly string[];
  /** ZoneIngresses, MeshZoneAddresses, and Dataplanes with a listener for ingress: name in the store, or display name. */
  readonly ingresses: readonly string[];
  /** MeshServices, MeshMultiZoneServices, MeshExternalServices: name in the store, or display name, which may mean several. */
  readonly services: readonly string[];
}

/** Whether the resource would be gone. Global-scoped settings and policies stay with whoever has them. */
export function isLost(resource: Resource, losses: Losses): boolean {
  if (losses.zones.includes(zoneOf(resource))) return true;
  const names = [resource.name, displayName(resource)];
  if (SERVICE_KINDS.some((kind) => kind === resource.type)) return names.some((name) => losses.services.includes(name));
  if (resource.type === "ZoneIngress" || resource.type === "MeshZoneAddress") {
    return names.some((name) => losses.ingresses.includes(name));
  }
  return resource.type === "Dataplane" && hasIngress(resource) && names.some((name) => losses.ingresses.includes(name));
}

export function worldWithout(world: World, losses: Losses): World {
  return new WorldWithout(world, losses);
}

/** "" for what belongs to no zone, and for a ZoneIngress or ZoneEgress of the own zone that says none. */
function zoneOf({ type, labels, spec }: Resource): string {
  const home = homeZone({ labels }) ?? "";
  if (type !== "ZoneIngress" && type !== "ZoneEgress") return home;
  return typeof spec.zone === "string" && spec.zone !== "" ? spec.zone : home;
}

function hasIngress({ spec }: Resource): boolean {
  const listeners = (spec.networking as { readonly listeners?: unknown } | undefined)?.listeners;
  return (
    Array.isArray(listeners) &&
    listeners.some((listener: { readonly type?: unknown }) => listener.type === "ZoneIngress")
  );
}

class WorldWithout implements World {
  readonly settings: TopologySettings;
  readonly #world: World;
  readonly #isKept: (view: { readonly resource: Resource }) => boolean;

  constructor(world: World, losses: Losses) {
    this.settings = world.settings;
    this.#world = world;
    const kept = new WeakMap<Resource, boolean>();
    this.#isKept = ({ resource }) => {
      let isKept = kept.get(resource);
      if (isKept === undefined) kept.set(resource, (isKept = !isLost(resource, losses)));
      return isKept;
    };
  }

  mesh(name: string): MeshView | undefined {
    return this.#one(this.#world.mesh(name));
  }

  meshes(): readonly MeshView[] {
    return this.#world.meshes().filter(this.#isKept);
  }

  service(kind: ServiceKind, mesh: string, name: string): Service | undefined {
    return this.#one(this.#world.service(kind, mesh, name));
  }

  services(kind: ServiceKind, mesh: string): readonly Service[] {
    return this.#world.services(kind, mesh).filter(this.#isKept);
  }

  serviceByOrigin(kind: ServiceKind, mesh: string, origin: ServiceOrigin): Service | undefined {
    const found = this.#world.serviceByOrigin(kind, mesh, origin);
    if (found === undefined || this.#isKept(found)) return found;
    // Another of the same origin takes its place: rare, so looked for the long way.
    return this.services(kind, mesh).find(
      ({ displayName: name, namespace, zone }) =>
        name === origin.name && namespace === origin.namespace && zone === origin.zone,
    );
  }

  meshServicesWith(labels: Labels): readonly Service[] {
    return this.#world.meshServicesWith(labels).filter(this.#isKept);
  }

  proxy(mesh: string, name: string): Proxy | undefined {
    return this.#one(this.#world.proxy(mesh, name));
  }

  proxies(mesh: string): readonly Proxy[] {
    return this.#world.proxies(mesh).filter(this.#isKept);
  }

  insight(mesh: string, name: string): ProxyInsight | undefined {
    return this.proxy(mesh, name) === undefined ? undefined : this.#world.insight(mesh, name);
  }

  serviceTags(mesh: string): readonly string[] {
    const tags = this.proxies(mesh).flatMap(({ inbounds }) =>
      inbounds.flatMap((inbound) => inbound.tags[SERVICE_TAG] ?? []),
    );
    return [...new Set(tags)].sort();
  }

  selected(mesh: string, selector: ProxySelector): readonly Proxy[] {
    return this.#world.selected(mesh, selector).filter(this.#isKept);
  }

  proxiesOfService(mesh: string, service: string): readonly Proxy[] {
    return this.#world.proxiesOfService(mesh, service).filter(this.#isKept);
  }

  proxiesOfWorkload(mesh: string, workload: string): readonly Proxy[] {
    return this.#world.proxiesOfWorkload(mesh, workload).filter(this.#isKept);
  }

  zoneProxies(mesh: string, kind: "ZoneIngress" | "ZoneEgress"): readonly Proxy[] {
    return this.#world.zoneProxies(mesh, kind).filter(this.#isKept);
  }

  zoneIngresses(): readonly ZoneIngress[] {
    return this.#world.zoneIngresses().filter(this.#isKept);
  }

  zoneEgresses(): readonly ZoneEgress[] {
    return this.#world.zoneEgresses().filter(this.#isKept);
  }

  zoneAddresses(mesh: string): readonly ZoneAddress[] {
    return this.#world.zoneAddresses(mesh).filter(this.#isKept);
  }

  all(type: string, mesh: string): readonly Resource[] {
    return this.#world.all(type, mesh).filter((resource) => this.#isKept({ resource }));
  }

  zoneGate(zone: string): ZoneGate | undefined {
    return this.#world.zoneGate(zone);
  }

  resolvedAddress(host: string): string | undefined {
    return this.#world.resolvedAddress(host);
  }

  #one<V extends { readonly resource: Resource }>(view: V | undefined): V | undefined {
    return view === undefined || this.#isKept(view) ? view : undefined;
  }
}
