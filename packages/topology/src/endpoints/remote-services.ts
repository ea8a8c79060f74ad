/**
 * A MeshService of another zone: one endpoint for each usable address of that zone, whatever runs behind it.
 * Source: kuma v2.14.3: pkg/xds/topology/outbound.go (fillRemoteMeshServices).
 */
import { healthyInstancesOf } from "../model/healthy-instances.ts";
import type { Service, ServicePort } from "../model/service.ts";
import { SERVICE_TAG, ZONE_TAG } from "../model/tags.ts";
import { legacyDestinationName } from "../names/destination-name.ts";
import type { World } from "../world/world.ts";
import { excluded, gateAll, included, noAddress } from "./candidate.ts";
import { type Door, isUsable, type UsableDoor } from "./door.ts";
import type { Candidate } from "./endpoint-set.ts";
import { remoteShares } from "./remote-weights.ts";
import { isSecured } from "./secured-mesh.ts";
import { describeService, refOf } from "./service-ref.ts";
import { isRemoteZone, type ZoneDoors, zoneDoors } from "./zone-doors.ts";

const REMOTE_PRIORITY = 1;

export function remoteCandidates(
  service: Service,
  port: ServicePort,
  world: World,
  doorsOf: ZoneDoors = zoneDoors,
): readonly Candidate[] {
  return candidatesOfZone([{ service, port }], world, doorsOf);
}

export interface RemoteMember {
  readonly service: Service;
  readonly port: ServicePort;
}

/**
 * Candidates of several services of one zone that share its addresses, as members of a MeshMultiZoneService do. They are
 * reached by one server name, so an address stands for the instances of all of them and appears once. Never empty.
 */
export function candidatesOfZone(
  members: readonly RemoteMember[],
  world: World,
  doorsOf: ZoneDoors = zoneDoors,
): readonly Candidate[] {
  const [first, ...others] = members;
  if (first === undefined) return [];
  const { service } = first;
  const { zone, mesh } = service;
  const ref = refOf(service);
  if (!isRemoteZone(zone, world)) {
    const detail = `${describeService(service)} was made elsewhere but names ${zone === "" ? "no zone" : "the own zone"}`;
    return [noAddress(ref, zone, service.displayName, "noIngressAddress", detail)];
  }
  const doors = doorsOf(mesh, zone, world);
  const usable = doors.filter(isUsable);
  const healthy = sumOf(members.map((member) => healthyInstancesOf(member.service)));
  const shares = remoteShares(world.settings.remoteWeights, healthy, usable.length);
  const tags = { [SERVICE_TAG]: legacyDestinationName(service, first.port), [ZONE_TAG]: zone };
  const candidates = doors.map((door): Candidate => {
    const subject = { source: door.source, zone, service: ref };
    if (!isUsable(door)) return excluded(subject, door.gate, door.detail);
    const share = shares[usable.indexOf(door)];
    return included(
      subject,
      {
        address: door.address,
        port: door.port,
        weight: share?.weight ?? 1,
        priority: REMOTE_PRIORITY,
        locality: { zone, subZone: "" },
        tags,
        labels: {},
      },
      { detail: door.detail, weightReason: share?.reason ?? "", priorityReason: "in another zone" },
    );
  });
  return [
    ...(isSecured(mesh, world) ? candidates : gateAll(candidates, "meshWithoutMtls", withoutMtls(mesh))),
    ...others.flatMap((other) => sharedDoors(usable, other.service, service)),
  ];
}

export function withoutMtls(mesh: string): string {
  return `mesh ${mesh} has neither mTLS nor a MeshIdentity, and zones route by the server name of TLS`;
}

/** Of members that do not say, each counts as one; undefined when none says. */
function sumOf(counts: readonly (number | undefined)[]): number | undefined {
  if (counts.every((count) => count === undefined)) return undefined;
  return counts.reduce<number>((sum, count) => sum + (count ?? 1), 0);
}

function sharedDoors(doors: readonly UsableDoor[], other: Service, first: Service): readonly Candidate[] {
  return doors.map((door: Door) =>
    excluded(
      { source: door.source, zone: door.zone, service: refOf(other) },
      "duplicateAddress",
      `the same address stands for it and for ${describeService(first)}: one server name reaches both`,
    ),
  );
}
