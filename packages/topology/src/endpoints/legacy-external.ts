/** An ExternalService, under the value of its tag `kuma.io/service`: at its own address, or through the zone's egress. */
import { type Labels, labelsOf, objectOf, type Resource, textOf } from "@isthmus/resources";
import type { MeshView } from "../model/doors.ts";
import type { ServiceRef } from "../model/service.ts";
import { SERVICE_TAG, ZONE_TAG } from "../model/tags.ts";
import type { World } from "../world/world.ts";
import { excluded, included } from "./candidate.ts";
import { isUsable } from "./door.ts";
import { egressDoors } from "./egress-doors.ts";
import type { Candidate, Endpoint } from "./endpoint-set.ts";
import { localityOf } from "./local-instances.ts";
import { isPort } from "./socket-address.ts";

export function legacyExternalCandidates(ref: ServiceRef, mesh: MeshView, world: World): readonly Candidate[] {
  return externalServices(ref, world).flatMap((resource) =>
    mesh.routing.zoneEgress ? throughEgress(ref, resource, mesh, world) : [direct(ref, resource, mesh, world)],
  );
}

/** The real address, as a client without egress and an egress itself use it. A host name stays one: such clusters resolve names. */
export function direct(ref: ServiceRef, resource: Resource, mesh: MeshView, world: World): Candidate {
  const text = textOf(objectOf(resource.spec, "networking"), "address");
  const at = /^\[?(?<host>.*?)\]?:(?<port>\d+)$/u.exec(text)?.groups;
  const host = at?.host ?? "";
  const port = Number(at?.port ?? Number.NaN);
  const zone = tagsOf(resource)[ZONE_TAG] ?? "";
  const subject = { source: { kind: "external", address: text }, zone, service: ref } as const;
  if (host === "" || !isPort(port)) {
    return excluded(subject, "unresolvedAddress", `ExternalService ${resource.name} has no host and port: ${text}`);
  }
  return included(
    subject,
    { ...placed(resource, mesh, world), address: host, port },
    { detail: `ExternalService ${resource.name}`, ...REASONS },
  );
}

export function externalServices(ref: ServiceRef, world: World): readonly Resource[] {
  return world.all("ExternalService", ref.mesh).filter((resource) => tagsOf(resource)[SERVICE_TAG] === ref.name);
}

export function tagsOf(resource: Resource): Labels {
  return labelsOf(resource.spec, "tags");
}

const REASONS = { weightReason: "1 for each address", priorityReason: "outside of all zones" };

function throughEgress(ref: ServiceRef, resource: Resource, mesh: MeshView, world: World): readonly Candidate[] {
  return egressDoors(mesh, world).doors.map((door) => {
    const subject = { source: door.source, zone: tagsOf(resource)[ZONE_TAG] ?? "", service: ref };
    if (!isUsable(door)) return excluded(subject, door.gate, door.detail);
    return included(
      subject,
      { ...placed(resource, mesh, world), address: door.address, port: door.port },
      { detail: door.detail, weightReason: "1 for each egress", priorityReason: REASONS.priorityReason },
    );
  });
}

function placed(resource: Resource, mesh: MeshView, world: World): Omit<Endpoint, "address" | "port"> {
  const tags = tagsOf(resource);
  const zone = tags[ZONE_TAG] ?? "";
  const isFar = mesh.routing.isLocalityAware && zone !== "" && zone !== world.settings.zone;
  return { weight: 1, priority: isFar ? 1 : 0, locality: localityOf(zone), tags, labels: {} };
}
