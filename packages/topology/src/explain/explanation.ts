/**
 * An endpoint set with its reasons, for people and programs. It adds facts about the services and zones that took part, and
 * takes nothing away: the endpoints of the explanation are those of the set.
 */

import type { Candidate, CandidateSource, Endpoint, EndpointSet, Gate } from "../endpoints/endpoint-set.ts";
import { refKey } from "../endpoints/service-ref.ts";
import { healthyInstancesOf } from "../model/healthy-instances.ts";
import type { Proxy } from "../model/proxy.ts";
import type { Service, ServiceKind, ServiceRef } from "../model/service.ts";
import type { World } from "../world/world.ts";

export interface Explanation {
  readonly from: { readonly mesh: string; readonly dataplane: string; readonly zone: string } | undefined;
  readonly to: {
    readonly kind: ServiceRef["kind"];
    readonly mesh: string;
    readonly name: string;
    readonly port: number;
  };
  readonly summary: string;
  readonly candidates: readonly ExplainedCandidate[];
  /** Services that candidates came through. */
  readonly services: readonly ExplainedService[];
  readonly policies: readonly string[];
  readonly overprovisioningFactor: number | undefined;
}

export interface ExplainedCandidate {
  readonly source: CandidateSource;
  readonly zone: string;
  readonly service: ServiceRef;
  /** Undefined: left out. */
  readonly endpoint: Endpoint | undefined;
  /** Why it is left out. */
  readonly gate: Gate | undefined;
  readonly detail: string;
  readonly weightReason: string;
  readonly priorityReason: string;
  /** Seconds since its zone was last heard of; undefined for the own zone and where that is not known. */
  readonly syncAgeSeconds: number | undefined;
}

/** What the owner of a service says of its health. */
export interface ExplainedService {
  readonly kind: ServiceKind;
  readonly name: string;
  readonly displayName: string;
  readonly zone: string;
  readonly isLocal: boolean;
  readonly isAvailable: boolean;
  readonly healthyInstances: number | undefined;
}

export interface ExplainOptions {
  readonly client?: Proxy;
  /** Age of what is known of another zone. */
  readonly syncAgeSeconds?: (zone: string) => number | undefined;
}

export function explain(set: EndpointSet, world: World, options: ExplainOptions = {}): Explanation {
  const { client, syncAgeSeconds } = options;
  return {
    from: client === undefined ? undefined : { mesh: client.mesh, dataplane: client.name, zone: client.zone },
    to: { ...set.service, port: set.port },
    summary: summaryOf(set),
    candidates: set.candidates.map((candidate) => ({
      ...candidate,
      syncAgeSeconds: ageOf(candidate, world, syncAgeSeconds),
    })),
    services: servicesOf(set, world).map(explainedService),
    policies: set.policies,
    overprovisioningFactor: set.overprovisioningFactor,
  };
}

/** What is left without the reasons: the set as Envoy gets it. */
export function endpointsOfExplanation({ candidates }: Explanation): readonly Endpoint[] {
  return candidates.flatMap(({ endpoint }) => endpoint ?? []);
}

function summaryOf({ endpoints, candidates }: EndpointSet): string {
  const used = `${endpoints.length} of ${candidates.length} candidates ${endpoints.length === 1 ? "is" : "are"} in`;
  if (endpoints.length > 0) {
    const first = Math.min(...endpoints.map(({ priority }) => priority));
    return `${used}; traffic goes to priority ${first} while it is healthy`;
  }
  const gates = [...new Set(candidates.map(({ gate }) => gate))];
  return `${used}; no traffic is possible: ${gates.join(", ")}`;
}

function ageOf({ zone }: Candidate, world: World, ageOfZone: ExplainOptions["syncAgeSeconds"]): number | undefined {
  return zone === "" || zone === world.settings.zone ? undefined : ageOfZone?.(zone);
}

function servicesOf(set: EndpointSet, world: World): readonly Service[] {
  const refs = new Map([set.service, ...set.candidates.map(({ service }) => service)].map((ref) => [refKey(ref), ref]));
  return [...refs.values()].flatMap((ref) =>
    ref.kind === "legacy" ? [] : (world.service(ref.kind, ref.mesh, ref.name) ?? []),
  );
}

function explainedService(service: Service): ExplainedService {
  const { kind, name, displayName, zone, isLocal, isAvailable } = service;
  return { kind, name, displayName, zone, isLocal, isAvailable, healthyInstances: healthyInstancesOf(service) };
}
