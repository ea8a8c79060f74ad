/** An explanation as lines of text: what is in, in order of use, then what is out and by which gate. */
import { assertNever } from "@isthmus/std";
import type { CandidateSource } from "../endpoints/endpoint-set.ts";
import { socketAddress } from "../endpoints/socket-address.ts";
import type { ExplainedCandidate, ExplainedService, Explanation } from "./explanation.ts";

export function explainText(explanation: Explanation): string {
  const { from, to, summary, candidates, services, policies, overprovisioningFactor } = explanation;
  const client = from === undefined ? "" : `from  Dataplane ${from.mesh}/${from.dataplane}${inZone(from.zone)}\n`;
  const port = to.port === 0 ? "" : `:${to.port}`;
  const kind = to.kind === "legacy" ? "kuma.io/service" : to.kind;
  const lines = [
    `${client}to    ${kind} ${to.mesh}/${to.name}${port}`,
    summary,
    ...candidates.map(candidateText),
    ...services.filter(({ kind: each }) => each === "MeshService").map(serviceText),
    ...(policies.length === 0 ? [] : [`policies: ${policies.join(", ")}`]),
    ...(overprovisioningFactor === undefined ? [] : [`overprovisioning factor: ${overprovisioningFactor}`]),
  ];
  return `${lines.join("\n")}\n`;
}

function candidateText(candidate: ExplainedCandidate): string {
  const { endpoint, source, zone, gate, detail, weightReason, priorityReason, syncAgeSeconds } = candidate;
  const age = syncAgeSeconds === undefined ? "" : `, last heard of ${syncAgeSeconds} s ago`;
  if (endpoint === undefined) return `- ${sourceText(source)}${inZone(zone)}: ${gate}: ${detail}${age}`;
  const { address, port, weight, priority, locality, localityWeight } = endpoint;
  const subZone = locality === undefined || locality.subZone === "" ? "" : ` ${locality.subZone}`;
  const share = localityWeight === undefined ? "" : `, locality weight ${localityWeight}`;
  return [
    `+ ${socketAddress(address, port)}${inZone(locality?.zone ?? "")}${subZone}, priority ${priority}, weight ${weight}${share}`,
    `    what: ${detail}${age}`,
    `    weight: ${weightReason}`,
    `    priority: ${priorityReason}`,
  ].join("\n");
}

function serviceText({ displayName, zone, isLocal, isAvailable, healthyInstances }: ExplainedService): string {
  const state = isAvailable ? "Available" : "Unavailable";
  const count = healthyInstances === undefined ? "unknown" : String(healthyInstances);
  return `health: MeshService ${displayName}${inZone(zone)}${isLocal ? " (local)" : ""}: ${state}, healthy instances: ${count}`;
}

function sourceText(source: CandidateSource): string {
  switch (source.kind) {
    case "instance":
      return `Dataplane ${source.dataplane}${source.inbound === "" ? "" : ` inbound ${source.inbound}`}`;
    case "zoneIngress":
      return `ZoneIngress ${source.name}`;
    case "zoneAddress":
      return `MeshZoneAddress ${source.name}`;
    case "zoneEgress":
      return `egress ${source.name}`;
    case "external":
      return `external ${source.address}`;
    case "none":
      return source.what;
    default:
      return assertNever(source);
  }
}

function inZone(zone: string): string {
  return zone === "" ? "" : ` (zone ${zone})`;
}
