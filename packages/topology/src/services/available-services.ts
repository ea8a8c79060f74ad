/**
 * `ZoneIngress.availableServices`: what other zones may reach by the legacy `kuma.io/service`, by tag set and with the number of
 * instances. Source: kuma v2.14.3: pkg/zone/available_services.go, pkg/xds/ingress/dataplane.go.
 */
import { selectGateway } from "@isthmus/policy";
import { flagOf, type Labels, labelsOf, MESH_LABEL, objectOf, objectsOf, type Resource } from "@isthmus/resources";
import { type JsonObject, jsonEquals } from "@isthmus/std";
import type { AvailableService, MeshView, ZoneIngress } from "../model/doors.ts";
import type { Proxy } from "../model/proxy.ts";
import { ZONE_TAG } from "../model/tags.ts";
import type { World } from "../world/world.ts";

export interface AvailableServicesSettings {
  /** `experimental.ingressTagFilters`: prefixes of the tags that are told; empty: all. */
  readonly tagFilters: readonly string[];
}

/** Instances, then external services, then gateways that other meshes may use; each by mesh and tags. */
export function availableServices(world: World, settings: AvailableServicesSettings): readonly AvailableService[] {
  const instances = world
    .meshes()
    .filter(isTold)
    .flatMap(({ name }) =>
      counted(
        name,
        world.proxies(name).flatMap((proxy) => toldTags(proxy, settings)),
        false,
      ),
    );
  return [...instances, ...otherServices(world)];
}

/** Not in meshes that use MeshServices only: nothing reads it there. */
function isTold({ mode }: MeshView): boolean {
  return mode !== "Exclusive";
}

/** Tag sets of the instances that a Dataplane offers, one for each healthy inbound. Nothing finds a service without tags. */
function toldTags({ inbounds }: Proxy, { tagFilters }: AvailableServicesSettings): readonly Labels[] {
  const passes = (tag: string): boolean =>
    tagFilters.length === 0 || tagFilters.some((prefix) => tag.startsWith(prefix));
  return inbounds
    .filter(({ isHealthy }) => isHealthy)
    .map(({ tags }) => Object.fromEntries(Object.entries(tags).filter(([tag]) => passes(tag))))
    .filter((tags) => Object.keys(tags).length > 0);
}

/** Those that are no inbounds of Dataplanes. */
function otherServices(world: World): readonly AvailableService[] {
  const meshes = world.meshes();
  return [
    ...meshes.filter(isTold).flatMap((mesh) => externalServicesOf(world, mesh)),
    ...meshes.flatMap((mesh) => gatewaysOf(world, mesh)),
  ];
}

/** Whether the zone owns it: only then it writes its services there. */
export function isOwnIngress({ zone }: ZoneIngress, world: World): boolean {
  return zone === "" || zone === world.settings.zone;
}

/** The ingress with these services: the same object when it has them already. */
export function withAvailableServices<R extends Pick<Resource, "spec">>(
  resource: R,
  services: readonly AvailableService[],
): R {
  const { availableServices: before = [], ...rest } = resource.spec;
  const after = services.map(asJson);
  if (jsonEquals(before, after)) return resource;
  return { ...resource, spec: after.length === 0 ? rest : { ...rest, availableServices: after } };
}

/** Those that can be reached from this zone only, when external traffic goes through egresses. */
function externalServicesOf(world: World, { name, routing }: MeshView): readonly AvailableService[] {
  if (!routing.zoneEgress) return [];
  const tagSets = world.all("ExternalService", name).map(({ spec }) => labelsOf(spec, "tags"));
  return counted(
    name,
    tagSets.filter((tags) => tags[ZONE_TAG] === world.settings.zone),
    true,
  );
}

/** Also in meshes that use MeshServices only: it is other meshes that need to know. */
function gatewaysOf(world: World, { name }: MeshView): readonly AvailableService[] {
  const gateways = world.all("MeshGateway", name);
  if (gateways.length === 0) return [];
  const proxies = world.proxies(name).filter(({ gateway }) => gateway?.type === "BUILTIN");
  return counted(
    name,
    proxies.flatMap((proxy) => crossMeshTags(proxy, gateways)),
    false,
  );
}

function crossMeshTags({ resource, mesh, gateway }: Proxy, gateways: readonly Resource[]): readonly Labels[] {
  const definition = selectGateway(resource, gateways);
  if (definition === undefined) return [];
  const listeners = objectsOf(objectOf(definition.spec, "conf"), "listeners");
  return listeners
    .filter((listener) => flagOf(listener, "crossMesh"))
    .map((listener) => ({
      [MESH_LABEL]: mesh,
      ...gateway?.tags,
      ...labelsOf(definition.spec, "tags"),
      ...labelsOf(listener, "tags"),
    }));
}

function counted(mesh: string, tagSets: readonly Labels[], isExternal: boolean): readonly AvailableService[] {
  const counts = new Map<string, AvailableService>();
  for (const tags of tagSets) {
    const text = tagText(tags);
    counts.set(text, { mesh, tags, instances: (counts.get(text)?.instances ?? 0) + 1, isExternal });
  }
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, service]) => service);
}

/** Orders tag sets as Kuma does. */
const tagText = (tags: Labels): string =>
  Object.keys(tags)
    .sort()
    .map((tag) => `${tag}=${tags[tag]}`)
    .join(",");

/** As proto3 JSON prints it. */
function asJson({ mesh, tags, instances, isExternal }: AvailableService): JsonObject {
  return { tags, instances, mesh, ...(isExternal ? { externalService: true } : {}) };
}
