/**
 * The result of endpointsFor: where a client may send the traffic of one port of one service, and for every candidate,
 * also those that are left out, why. Stripped of reasons it is the EDS.
 */
import type { Labels } from "@isthmus/resources";
import type { ServiceRef } from "../model/service.ts";

export interface Locality {
  readonly zone: string;
  readonly subZone: string;
}

export interface Endpoint {
  readonly address: string;
  readonly port: number;
  /** At least 1. */
  readonly weight: number;
  /** 0 is used first. */
  readonly priority: number;
  /** Undefined: none. */
  readonly locality: Locality | undefined;
  /** Share of the locality within its priority, where a policy weighs localities (affinity tags). */
  readonly localityWeight?: number;
  /** Tags of the inbound, or those that name the remote zone. */
  readonly tags: Labels;
  /** Labels of the Dataplane; empty for others. */
  readonly labels: Labels;
}

/** Every way for a candidate to be left out. The order is that of the checks: the first that applies is the reason. */
export type Gate =
  | "serviceUnknown"
  | "notReachable"
  | "portMismatch"
  | "protocolMismatch"
  | "nameConflict"
  | "zoneDisabled"
  | "withdrawn"
  | "zoneDown"
  | "meshWithoutMtls"
  | "noIngressAddress"
  | "duplicateAddress"
  | "unresolvedAddress"
  | "noEgress"
  | "memberUnknown"
  | "memberUnavailable"
  | "notHealthy"
  | "subsetMismatch"
  | "policy";

/** What the candidate is. */
export type CandidateSource =
  | { readonly kind: "instance"; readonly mesh: string; readonly dataplane: string; readonly inbound: string }
  | { readonly kind: "zoneIngress"; readonly zone: string; readonly name: string }
  | { readonly kind: "zoneAddress"; readonly zone: string; readonly mesh: string; readonly name: string }
  | { readonly kind: "zoneEgress"; readonly zone: string; readonly name: string }
  | { readonly kind: "external"; readonly address: string }
  /** No address at all: a zone, a member, or the service itself. */
  | { readonly kind: "none"; readonly what: string };

export interface Candidate {
  readonly source: CandidateSource;
  /** "" when it belongs to none. */
  readonly zone: string;
  /** The service it came through: for a MeshMultiZoneService the member. */
  readonly service: ServiceRef;
  /** Defined: it is in, with this endpoint. */
  readonly endpoint: Endpoint | undefined;
  /** Defined: it is out, and why. */
  readonly gate: Gate | undefined;
  /** One sentence: the fact behind the gate, or why it is in. */
  readonly detail: string;
  /** How the weight came about, such as `6 healthy instances / 2 addresses`; "" when out. */
  readonly weightReason: string;
  /** Why this priority, with the policy if one decided; "" when out. */
  readonly priorityReason: string;
}

export interface EndpointSet {
  readonly service: ServiceRef;
  readonly port: number;
  /** In order of priority, zone, address, port. */
  readonly endpoints: readonly Endpoint[];
  /** Those that are in first, in the order of the endpoints, then the others. */
  readonly candidates: readonly Candidate[];
  /** Policies that shaped it: type, mesh and the name that its author gave it, ascending. */
  readonly policies: readonly string[];
  /** Percent, as Envoy has it: a priority spills over once its healthy share times this is below 100. Undefined: Envoy's 140. */
  readonly overprovisioningFactor?: number;
}
