/**
 * Where a remote zone is entered for the services of a mesh: its MeshZoneAddresses, or, when it has none, the advertised
 * addresses of its ZoneIngresses. Source: kuma v2.14.3: pkg/xds/topology/outbound.go (fillRemoteMeshServices).
 */
import type { ZoneIngress } from "../model/doors.ts";
import type { World } from "../world/world.ts";
import { checkDoors, type Door, type DoorClaim } from "./door.ts";

/** Where a zone is entered. What is computed here, unless the caller keeps it from one service to the next. */
export type ZoneDoors = (mesh: string, zone: string, world: World) => readonly Door[];

/** Never empty: a zone without any door is one unusable door. What is known of the zone as a whole comes before its doors. */
export function zoneDoors(mesh: string, zone: string, world: World): readonly Door[] {
  const doors = ownDoors(mesh, zone, world);
  const closed = world.zoneGate(zone);
  return closed === undefined
    ? doors
    : doors.map(({ source }) => ({ source, zone, gate: closed.gate, detail: closed.detail }));
}

/** ZoneIngresses of a zone with an address that others can reach, checked; those without are unusable doors. */
export function ingressDoors(ingresses: readonly ZoneIngress[], world: World): readonly Door[] {
  const claims: DoorClaim[] = [];
  const closed: Door[] = [];
  for (const ingress of ingresses) {
    const { zone, name, advertised } = ingress;
    const source = { kind: "zoneIngress", zone, name } as const;
    const title = `ZoneIngress ${name}`;
    if (advertised === undefined) {
      closed.push({ source, zone, gate: "noIngressAddress", detail: `${title} has no advertised address and port` });
    } else {
      claims.push({ source, zone, ...advertised, title });
    }
  }
  return [...checkDoors(claims, world), ...closed];
}

/** "" and the own zone are no other zone. */
export function isRemoteZone(zone: string, { settings }: World): boolean {
  return zone !== "" && zone !== settings.zone;
}

function ownDoors(mesh: string, zone: string, world: World): readonly Door[] {
  const addresses = world.zoneAddresses(mesh).filter((address) => address.zone === zone);
  // A zone with one MeshZoneAddress has moved to listeners of Dataplanes, which know other SNIs than a ZoneIngress: no fallback.
  if (addresses.length > 0) {
    return checkDoors(
      addresses.map(({ resource, address, port }) => ({
        source: { kind: "zoneAddress", zone, mesh, name: resource.name },
        zone,
        address,
        port,
        title: `MeshZoneAddress ${resource.name}`,
      })),
      world,
    );
  }
  const ingresses = world.zoneIngresses().filter((ingress) => ingress.zone === zone);
  if (ingresses.length > 0) return ingressDoors(ingresses, world);
  return [
    {
      source: { kind: "none", what: `zone ${zone}` },
      zone,
      gate: "noIngressAddress",
      detail: `zone ${zone} has neither a MeshZoneAddress in mesh ${mesh} nor a ZoneIngress`,
    },
  ];
}
