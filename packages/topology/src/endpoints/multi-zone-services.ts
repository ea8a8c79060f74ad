/**
 * A MeshMultiZoneService: what its members have, under one name. Source: kuma v2.14.3: pkg/xds/topology/outbound.go
 * (fillMeshMultiZoneServices). Members are found by their labels at once and not by the status, which says the same later.
 */
import type { Service, ServicePort } from "../model/service.ts";
import type { World } from "../world/world.ts";
import { noAddress } from "./candidate.ts";
import type { Candidate } from "./endpoint-set.ts";
import { localCandidates } from "./local-instances.ts";
import { protocolsClash } from "./protocol-clash.ts";
import { candidatesOfZone, type RemoteMember } from "./remote-services.ts";
import { describeService, refOf } from "./service-ref.ts";
import type { ZoneDoors } from "./zone-doors.ts";

export interface MultiZoneOptions {
  /** As a zone ingress needs it: what runs here. */
  readonly isLocalOnly?: boolean;
  readonly zoneDoors?: ZoneDoors;
}

export function multiZoneCandidates(
  service: Service,
  port: ServicePort,
  world: World,
  { isLocalOnly = false, zoneDoors }: MultiZoneOptions = {},
): readonly Candidate[] {
  const found = service.members === undefined ? [] : world.meshServicesWith(service.members);
  const members = isLocalOnly ? found.filter(({ isLocal }) => isLocal) : found;
  if (members.length === 0) {
    const detail = `${describeService(service)} matches no ${isLocalOnly ? "local " : ""}MeshService`;
    return [noAddress(refOf(service), "", service.displayName, "memberUnknown", detail)];
  }
  const candidates: Candidate[] = [];
  const zones = new Map<string, RemoteMember[]>();
  for (const member of members) {
    const memberPort = member.ports.find((each) => each.port === port.port);
    const refusal = refusalOf(member, memberPort, service, port);
    if (refusal !== undefined || memberPort === undefined) {
      if (refusal !== undefined) candidates.push(refusal);
    } else if (member.isLocal) {
      candidates.push(...localCandidates(member, memberPort, world));
    } else {
      const list = zones.get(member.zone) ?? [];
      if (list.length === 0) zones.set(member.zone, list);
      list.push({ service: member, port: memberPort });
    }
  }
  for (const zoneMembers of zones.values()) candidates.push(...candidatesOfZone(zoneMembers, world, zoneDoors));
  return candidates;
}

function refusalOf(
  member: Service,
  memberPort: ServicePort | undefined,
  service: Service,
  port: ServicePort,
): Candidate | undefined {
  const name = describeService(member);
  const out = (gate: "memberUnknown" | "portMismatch" | "protocolMismatch" | "memberUnavailable", detail: string) =>
    noAddress(refOf(member), member.zone, member.displayName, gate, detail);
  if (member.mesh !== service.mesh) return out("memberUnknown", `${name} belongs to mesh ${member.mesh}`);
  if (memberPort === undefined) return out("portMismatch", `${name} has no port ${port.port}`);
  if (protocolsClash(port.protocol, memberPort.protocol)) {
    return out("protocolMismatch", `${name} speaks ${memberPort.protocol} on port ${port.port}, not ${port.protocol}`);
  }
  // A local one is not asked: its own endpoints say it, and sooner.
  if (!member.isLocal && !member.isAvailable) {
    return out("memberUnavailable", `${name} has no available instance, says its zone`);
  }
  return undefined;
}
