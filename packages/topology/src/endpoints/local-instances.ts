/**
 * Instances of a MeshService in its own zone: healthy inbounds of the Dataplanes that it selects.
 * Source: kuma v2.14.3: pkg/xds/topology/outbound.go (fillLocalMeshServices), pkg/core/resources/apis/meshservice/match.go.
 */
import type { Labels } from "@isthmus/resources";
import type { Inbound, Proxy } from "../model/proxy.ts";
import type { Service, ServicePort, ServiceRef } from "../model/service.ts";
import { ZONE_TAG } from "../model/tags.ts";
import type { World } from "../world/world.ts";
import { excluded, included, noAddress, type Subject } from "./candidate.ts";
import type { Candidate } from "./endpoint-set.ts";
import { protocolsClash } from "./protocol-clash.ts";
import { describeService, refOf } from "./service-ref.ts";
import { lookUpAddress } from "./socket-address.ts";

export function localCandidates(service: Service, port: ServicePort, world: World): readonly Candidate[] {
  const ref = refOf(service);
  const proxies = service.proxies === undefined ? [] : world.selected(service.mesh, service.proxies);
  if (proxies.length === 0) {
    const detail = `${describeService(service)} selects no Dataplane`;
    return [noAddress(ref, service.zone, service.displayName, "notHealthy", detail)];
  }
  return proxies.flatMap((proxy) => instances(proxy, service, port, ref, world));
}

/** Locality of what runs in a zone; without one it stands outside of all. */
export function localityOf(zone: string): { readonly zone: string; readonly subZone: string } | undefined {
  return zone === "" ? undefined : { zone, subZone: "" };
}

/** Zone of an inbound: its tag, else the Dataplane's label. */
export function zoneOfInbound(inbound: Inbound, proxy: Proxy): string {
  return inbound.tags[ZONE_TAG] ?? proxy.labels[ZONE_TAG] ?? "";
}

export interface Instance {
  readonly subject: Subject;
  readonly proxy: Proxy;
  readonly inbound: Inbound;
  readonly weight: number;
  readonly weightReason: string;
  readonly priority: number;
  readonly priorityReason: string;
}

/** An inbound that was found to be an instance: in when it is healthy and has an address. */
export function instanceCandidate(instance: Instance, world: World): Candidate {
  const { subject, proxy, inbound, weight, weightReason, priority, priorityReason } = instance;
  if (!inbound.isHealthy) return excluded(subject, "notHealthy", unhealthyReason(inbound, proxy));
  const found = lookUpAddress(inbound.address, world);
  if (!found.isUsable) return excluded(subject, "unresolvedAddress", `Dataplane ${proxy.name}: ${found.detail}`);
  return included(
    subject,
    {
      address: found.address,
      port: inbound.port,
      weight,
      priority,
      locality: localityOf(subject.zone),
      tags: inbound.tags,
      labels: proxy.labels,
    },
    { detail: `inbound ${inbound.section} of Dataplane ${proxy.name} is ready`, weightReason, priorityReason },
  );
}

export function instanceSubject(proxy: Proxy, inbound: Inbound, service: ServiceRef): Subject {
  return {
    source: { kind: "instance", mesh: proxy.mesh, dataplane: proxy.name, inbound: inbound.section },
    zone: zoneOfInbound(inbound, proxy),
    service,
  };
}

function instances(
  proxy: Proxy,
  service: Service,
  port: ServicePort,
  ref: ServiceRef,
  world: World,
): readonly Candidate[] {
  const inbounds = proxy.inbounds.filter((inbound) => isTargetOf(port, inbound));
  if (inbounds.length === 0) {
    const source = { kind: "instance", mesh: proxy.mesh, dataplane: proxy.name, inbound: "" } as const;
    const wanted = typeof port.target === "number" ? `port ${port.target}` : `name ${port.target}`;
    return [
      excluded(
        { source, zone: proxy.zone, service: ref },
        "portMismatch",
        `Dataplane ${proxy.name} has no inbound with ${wanted}`,
      ),
    ];
  }
  const isAlive = hasHealthySelected(proxy, service.proxies?.tags);
  return inbounds.map((inbound) => {
    const subject = instanceSubject(proxy, inbound, ref);
    if (protocolsClash(port.protocol, inbound.protocol)) {
      const detail = `inbound ${inbound.section} of Dataplane ${proxy.name} speaks ${inbound.protocol}, the port ${port.protocol}`;
      return excluded(subject, "protocolMismatch", detail);
    }
    if (inbound.isHealthy && !isAlive) {
      const detail = `no inbound of Dataplane ${proxy.name} that carries the selected tags is ready`;
      return excluded(subject, "notHealthy", detail);
    }
    return instanceCandidate(
      {
        subject,
        proxy,
        inbound,
        weight: 1,
        weightReason: "1 for each instance",
        priority: 0,
        priorityReason: "in the own zone",
      },
      world,
    );
  });
}

function isTargetOf(port: ServicePort, inbound: Inbound): boolean {
  return typeof port.target === "number" ? port.target === inbound.port : port.target === inbound.name;
}

/** Kuma looks for Dataplanes among the healthy inbounds: one whose selected inbound is down is none, whatever its others do. */
function hasHealthySelected({ inbounds }: Proxy, tags: Labels | undefined): boolean {
  if (tags === undefined) return true;
  const wanted = Object.entries(tags);
  return inbounds.some(
    (inbound) => inbound.isHealthy && wanted.every(([key, value]) => value === "*" || inbound.tags[key] === value),
  );
}

function unhealthyReason(inbound: Inbound, proxy: Proxy): string {
  const what =
    inbound.state === "NotReady" ? "is not ready" : inbound.state === "Ignored" ? "is ignored" : "is not healthy";
  return `inbound ${inbound.section} of Dataplane ${proxy.name} ${what}`;
}
