/**
 * Candidates of one port of a service, whoever asks: the part that all clients share and that a zone keeps per service.
 * What follows for one client (reach, subset, load balancing policies) is in client-endpoints.ts.
 */
import { assertNever } from "@isthmus/std";
import type { Service, ServicePort, ServiceRef } from "../model/service.ts";
import type { World } from "../world/world.ts";
import type { BaseSet } from "./base-set.ts";
import { gateAll, noAddress } from "./candidate.ts";
import type { Candidate, Gate } from "./endpoint-set.ts";
import { externalCandidates } from "./external-services.ts";
import { legacyCandidates } from "./legacy-services.ts";
import { localCandidates } from "./local-instances.ts";
import { multiZoneCandidates } from "./multi-zone-services.ts";
import { remoteCandidates } from "./remote-services.ts";
import { describeService } from "./service-ref.ts";
import { type ZoneDoors, zoneDoors } from "./zone-doors.ts";

/** `port`: that of the service; of no meaning for a legacy one. */
export function baseEndpoints(ref: ServiceRef, port: number, world: World, doorsOf: ZoneDoors = zoneDoors): BaseSet {
  const without = (gate: Gate, detail: string): BaseSet => ({
    service: ref,
    port,
    target: undefined,
    candidates: [noAddress(ref, "", ref.name, gate, detail)],
  });
  const mesh = world.mesh(ref.mesh);
  if (mesh === undefined) return without("serviceUnknown", `there is no mesh ${ref.mesh}`);
  if (ref.kind === "legacy") {
    return { service: ref, port, target: undefined, candidates: legacyCandidates(ref, mesh, world) };
  }
  const service = world.service(ref.kind, ref.mesh, ref.name);
  if (service === undefined)
    return without("serviceUnknown", `there is no ${ref.kind} ${ref.name} in mesh ${ref.mesh}`);
  const servicePort = service.ports.find((each) => each.port === port);
  if (servicePort === undefined) {
    const ports = service.ports.map((each) => each.port).join(", ") || "none";
    return without("portMismatch", `${describeService(service)} has no port ${port}, its ports: ${ports}`);
  }
  return {
    service: ref,
    port,
    target: { service, port: servicePort },
    candidates: withoutConflict(service, candidatesOf(service, servicePort, world, doorsOf), world),
  };
}

function candidatesOf(service: Service, port: ServicePort, world: World, doorsOf: ZoneDoors): readonly Candidate[] {
  switch (service.kind) {
    case "MeshService":
      return service.isLocal ? localCandidates(service, port, world) : remoteCandidates(service, port, world, doorsOf);
    case "MeshMultiZoneService":
      return multiZoneCandidates(service, port, world, { zoneDoors: doorsOf });
    case "MeshExternalService":
      return externalCandidates(service, world);
    default:
      return assertNever(service.kind);
  }
}

/** Two resources with one KRI would have one cluster and one server name. The smaller name in the store has them. */
function withoutConflict(service: Service, candidates: readonly Candidate[], world: World): readonly Candidate[] {
  const { kind, mesh, displayName: name, namespace, zone } = service;
  const owner = world.serviceByOrigin(kind, mesh, { name, namespace, zone });
  if (owner === undefined || owner.name === service.name) return candidates;
  const detail = `${kind} ${owner.name} has the same display name, namespace and zone`;
  return gateAll(candidates, "nameConflict", detail);
}
