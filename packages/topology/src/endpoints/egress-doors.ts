/**
 * Where traffic leaves the own zone: listeners of Dataplanes of the mesh, or, when none serves, ZoneEgress resources. The two
 * never mix: they have different identities and know different server names.
 * Source: kuma v2.14.3: pkg/xds/context/mesh_context_builder.go (resolveZoneEgresses).
 */
import type { MeshView } from "../model/doors.ts";
import type { World } from "../world/world.ts";
import { checkDoors, type Door, type DoorClaim } from "./door.ts";
import type { Gate } from "./endpoint-set.ts";
import { hasIdentities } from "./secured-mesh.ts";

export interface EgressDoors {
  readonly profile: "listener" | "resource";
  /** Never empty: a zone without any egress is one unusable door. */
  readonly doors: readonly Door[];
}

export function egressDoors(mesh: MeshView, world: World): EgressDoors {
  const zone = world.settings.zone;
  const claims: DoorClaim[] = [];
  const closed: Door[] = [];
  for (const proxy of world.zoneProxies(mesh.name, "ZoneEgress")) {
    for (const listener of proxy.listeners) {
      if (listener.kind !== "ZoneEgress") continue;
      const source = { kind: "zoneEgress", zone, name: proxy.name } as const;
      const title = `listener ${listener.section} of Dataplane ${proxy.name}`;
      const refusal = refusalOf(listener.isReady, mesh, title, world);
      if (refusal === undefined) {
        claims.push({ source, zone, address: listener.address, port: listener.port, title });
      } else {
        closed.push({ source, zone, ...refusal });
      }
    }
  }
  if (claims.length > 0) return { profile: "listener", doors: [...checkDoors(claims, world), ...closed] };
  return { profile: "resource", doors: [...resourceDoors(mesh.name, world, closed.length > 0), ...closed] };
}

/** ZoneEgress resources of the own zone; a zone does not get those of others. */
export function resourceDoors(mesh: string, world: World, hasOthers = false): readonly Door[] {
  const { zone } = world.settings;
  const egresses = world.zoneEgresses().filter((egress) => egress.zone === "" || egress.zone === zone);
  if (egresses.length > 0) {
    return checkDoors(
      egresses.map(({ name, address, port }) => ({
        source: { kind: "zoneEgress", zone, name },
        zone,
        address,
        port,
        title: `ZoneEgress ${name}`,
      })),
      world,
    );
  }
  if (hasOthers) return [];
  const detail = `zone ${zone} has no ZoneEgress and no Dataplane of mesh ${mesh} with a listener for egress`;
  return [{ source: { kind: "none", what: "egress" }, zone, gate: "noEgress", detail }];
}

function refusalOf(
  isReady: boolean,
  mesh: MeshView,
  title: string,
  world: World,
): { readonly gate: Gate; readonly detail: string } | undefined {
  // Kuma sends to such listeners, which get no configuration: what is sent there is lost.
  if (mesh.mode !== "Exclusive") {
    return { gate: "noEgress", detail: `${title} serves nothing: mesh ${mesh.name} is not in mode Exclusive` };
  }
  if (!hasIdentities(mesh.name, world)) {
    return { gate: "meshWithoutMtls", detail: `${title} serves nothing: mesh ${mesh.name} has no MeshIdentity` };
  }
  return isReady ? undefined : { gate: "notHealthy", detail: `${title} is not ready` };
}
