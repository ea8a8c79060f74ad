/** Names that a question uses and that nothing here has: most likely misspelt, and worth more than a report without change. */
import { displayName, type Resource } from "@isthmus/resources";
import { SERVICE_KINDS } from "../model/read-service.ts";
import type { World } from "../world/world.ts";
import type { Losses } from "./world-without.ts";

export function unknownNames(world: World, { zones, ingresses, services }: Losses): readonly string[] {
  const meshes = world.meshes().map(({ name }) => name);
  const doors = [
    ...world.zoneIngresses(),
    ...meshes.flatMap((mesh) => [...world.zoneAddresses(mesh), ...world.zoneProxies(mesh, "ZoneIngress")]),
  ];
  const all = meshes.flatMap((mesh) => SERVICE_KINDS.flatMap((kind) => world.services(kind, mesh)));
  const knownZones = new Set([world.settings.zone, ...[...doors, ...all].map(({ zone }) => zone)]);
  const knownDoors = namesOf(doors);
  const knownServices = namesOf(all);
  return [
    ...zones.filter((name) => !knownZones.has(name)).map((name) => `zone ${name}`),
    ...ingresses.filter((name) => !knownDoors.has(name)).map((name) => `ingress ${name}`),
    ...services.filter((name) => !knownServices.has(name)).map((name) => `service ${name}`),
  ];
}

function namesOf(views: readonly { readonly resource: Resource }[]): ReadonlySet<string> {
  return new Set(views.flatMap(({ resource }) => [resource.name, displayName(resource)]));
}
