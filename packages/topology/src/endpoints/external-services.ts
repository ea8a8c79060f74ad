/**
 * A MeshExternalService as its clients see it: one endpoint for each egress of the own zone, which knows the real addresses.
 * Source: kuma v2.14.3: pkg/xds/topology/outbound.go (fillExternalServicesOutboundsThroughEgress).
 *
 * Kuma also sends what the egress then resets: to a mesh that the egress does not serve for want of mTLS, to a service of
 * another zone, to the second of two services with one server name. Those are left out here, which fails at once and says why.
 */
import type { MeshView } from "../model/doors.ts";
import type { Service } from "../model/service.ts";
import type { World } from "../world/world.ts";
import { excluded, gateAll, included } from "./candidate.ts";
import { isUsable } from "./door.ts";
import { egressDoors } from "./egress-doors.ts";
import type { Candidate, Gate } from "./endpoint-set.ts";
import { localityOf } from "./local-instances.ts";
import { describeService, refOf } from "./service-ref.ts";

export function externalCandidates(service: Service, world: World): readonly Candidate[] {
  const mesh = world.mesh(service.mesh);
  if (mesh === undefined) return [];
  const { profile, doors } = egressDoors(mesh, world);
  const isOwnZone = service.zone === "" || service.zone === world.settings.zone;
  const isFar = mesh.routing.isLocalityAware && !isOwnZone;
  const ref = refOf(service);
  const candidates = doors.map((door) => {
    const subject = { source: door.source, zone: door.zone, service: ref };
    if (!isUsable(door)) return excluded(subject, door.gate, door.detail);
    return included(
      subject,
      {
        address: door.address,
        port: door.port,
        weight: 1,
        priority: isFar ? 1 : 0,
        locality: localityOf(service.zone),
        tags: service.resource.labels,
        labels: {},
      },
      {
        detail: door.detail,
        weightReason: "1 for each egress",
        priorityReason: isFar ? "of another zone, and the mesh routes by locality" : "through the own zone's egress",
      },
    );
  });
  const refusal = refusalOf(service, mesh, profile, world);
  return refusal === undefined ? candidates : gateAll(candidates, refusal.gate, refusal.detail);
}

function refusalOf(
  service: Service,
  mesh: MeshView,
  profile: "listener" | "resource",
  world: World,
): { readonly gate: Gate; readonly detail: string } | undefined {
  if (profile === "listener") return undefined;
  if (!mesh.hasMtls) {
    return { gate: "meshWithoutMtls", detail: `a ZoneEgress serves meshes with mTLS, mesh ${mesh.name} has none` };
  }
  const taker = serverNameTaker(service, world);
  if (taker !== undefined) {
    const detail = `its server name is that of ${describeService(taker)}, to which the egress forwards it`;
    return { gate: "nameConflict", detail };
  }
  if (service.zone !== "" && service.zone !== world.settings.zone) {
    return {
      gate: "noEgress",
      detail: `it belongs to zone ${service.zone}, and a ZoneEgress serves its own zone's alone`,
    };
  }
  return undefined;
}

/**
 * Hashed server names know mesh and display name alone: of external services that share both (one made in the zone, one on
 * the global; kuma#16041) an egress can serve one. The one of no zone comes first, then the name in the store decides.
 */
export function serverNameTaker(service: Service, world: World): Service | undefined {
  const [first] = world
    .services("MeshExternalService", service.mesh)
    .filter((other) => other.displayName === service.displayName && hasPortOf(other, service))
    .filter(({ zone }) => zone === "" || zone === world.settings.zone)
    .sort((a, b) => compareText(a.zone, b.zone) || compareText(a.name, b.name));
  return first === undefined || first.name === service.name ? undefined : first;
}

function hasPortOf(other: Service, service: Service): boolean {
  return other.ports.some(({ port }) => service.ports.some((own) => own.port === port));
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
