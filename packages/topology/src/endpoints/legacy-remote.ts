/** What ZoneIngresses of other zones list under one `kuma.io/service`, through them or, if the mesh says so, through the own egress. */
import type { AvailableService, MeshView, ZoneIngress } from "../model/doors.ts";
import type { ServiceRef } from "../model/service.ts";
import { SERVICE_TAG, ZONE_TAG } from "../model/tags.ts";
import type { World } from "../world/world.ts";
import { excluded, gateAll, included } from "./candidate.ts";
import { type Door, isUsable } from "./door.ts";
import { resourceDoors } from "./egress-doors.ts";
import type { Candidate } from "./endpoint-set.ts";
import { localityOf } from "./local-instances.ts";
import { remoteShares, type Share } from "./remote-weights.ts";
import { socketAddress } from "./socket-address.ts";
import { ingressDoors, isRemoteZone } from "./zone-doors.ts";

export interface LegacyRemoteOptions {
  /** As an egress sees it, which does not go through itself. */
  readonly isDirect?: boolean;
}

export function legacyRemoteCandidates(
  ref: ServiceRef,
  mesh: MeshView,
  world: World,
  { isDirect = false }: LegacyRemoteOptions = {},
): readonly Candidate[] {
  const candidates = [...ingressesByZone(ref, mesh, world)].flatMap(([zone, ingresses]) => {
    const closed = world.zoneGate(zone);
    const own =
      mesh.routing.zoneEgress && !isDirect
        ? throughEgress(ref, mesh, ingresses, world)
        : throughIngress(ref, mesh, zone, ingresses, world);
    return closed === undefined ? own : gateAll(own, closed.gate, closed.detail);
  });
  if (mesh.hasMtls) return candidates;
  return gateAll(
    candidates,
    "meshWithoutMtls",
    `mesh ${mesh.name} has no mTLS, and zones route by the server name of TLS`,
  );
}

/** Distinct addresses of all ingresses of other zones that list anything. */
export function remoteIngressAddresses(world: World): number {
  const addresses = world.zoneIngresses().flatMap(({ zone, advertised, availableServices }) => {
    const counts = isRemoteZone(zone, world) && advertised !== undefined && availableServices.length > 0;
    return counts ? [socketAddress(advertised.address, advertised.port)] : [];
  });
  return new Set(addresses).size;
}

/** Entries of an ingress for the service. */
export function entriesOf(ref: ServiceRef, { availableServices }: ZoneIngress): readonly AvailableService[] {
  return availableServices.filter(({ mesh, tags }) => mesh === ref.mesh && tags[SERVICE_TAG] === ref.name);
}

/** Only those that list the service: an ingress that has just started lists nothing and must not stand for the others. */
function ingressesByZone(ref: ServiceRef, mesh: MeshView, world: World): ReadonlyMap<string, readonly ZoneIngress[]> {
  const zones = new Map<string, ZoneIngress[]>();
  for (const ingress of world.zoneIngresses()) {
    if (!isRemoteZone(ingress.zone, world)) continue;
    if (entriesOf({ ...ref, mesh: mesh.name }, ingress).length === 0) continue;
    const list = zones.get(ingress.zone) ?? [];
    if (list.length === 0) zones.set(ingress.zone, list);
    list.push(ingress);
  }
  return zones;
}

function throughIngress(
  ref: ServiceRef,
  mesh: MeshView,
  zone: string,
  ingresses: readonly ZoneIngress[],
  world: World,
): readonly Candidate[] {
  const doors = ingressDoors(ingresses, world);
  const usable = doors.filter(isUsable);
  return doors.flatMap((door) => {
    const subject = { source: door.source, zone, service: ref };
    if (!isUsable(door)) return [excluded(subject, door.gate, door.detail)];
    const ingress = ingresses.find(({ name }) => door.source.kind === "zoneIngress" && door.source.name === name);
    const entries = ingress === undefined ? [] : entriesOf(ref, ingress);
    return entries.map((entry) => {
      const share = shareOf(entry.instances, usable.length, usable.indexOf(door), world);
      return entryCandidate(ref, mesh, entry, door, share, zone, world);
    });
  });
}

function throughEgress(
  ref: ServiceRef,
  mesh: MeshView,
  ingresses: readonly ZoneIngress[],
  world: World,
): readonly Candidate[] {
  const doors = resourceDoors(mesh.name, world);
  const [ingress] = ingresses.filter(({ advertised }) => advertised !== undefined);
  if (ingress === undefined) {
    return ingressDoors(ingresses, world).flatMap((door) =>
      isUsable(door) ? [] : [excluded({ source: door.source, zone: door.zone, service: ref }, door.gate, door.detail)],
    );
  }
  const share = { weight: 1, reason: "1 for each egress" };
  return doors.flatMap((door) =>
    isUsable(door)
      ? entriesOf(ref, ingress).map((entry) => entryCandidate(ref, mesh, entry, door, share, ingress.zone, world))
      : [excluded({ source: door.source, zone: ingress.zone, service: ref }, door.gate, door.detail)],
  );
}

function entryCandidate(
  ref: ServiceRef,
  mesh: MeshView,
  entry: AvailableService,
  door: Extract<Door, { readonly address: string }>,
  share: Share,
  ingressZone: string,
  world: World,
): Candidate {
  const subject = { source: door.source, zone: ingressZone, service: ref };
  if (entry.instances < 1)
    return excluded(subject, "notHealthy", `zone ${ingressZone} has no instance, says its ingress`);
  const zone = entry.tags[ZONE_TAG] ?? "";
  const isFar = mesh.routing.isLocalityAware && zone !== "" && zone !== world.settings.zone;
  return included(
    subject,
    {
      address: door.address,
      port: door.port,
      weight: share.weight,
      priority: isFar ? 1 : 0,
      locality: localityOf(zone),
      tags: entry.tags,
      labels: {},
    },
    {
      detail: door.detail,
      weightReason: share.reason,
      priorityReason: isFar
        ? "of another zone, and the mesh routes by locality"
        : "the mesh does not route by locality",
    },
  );
}

function shareOf(instances: number, addresses: number, index: number, { settings }: World): Share {
  if (settings.remoteWeights === "kuma") {
    return { weight: Math.max(1, instances), reason: `${instances} instances, as the ingress lists them` };
  }
  return remoteShares("isthmus", instances, addresses)[index] ?? { weight: 1, reason: "" };
}
