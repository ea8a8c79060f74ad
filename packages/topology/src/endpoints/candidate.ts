/** Making of candidates: each is either in, with an endpoint and why, or out by one gate. */
import type { ServiceRef } from "../model/service.ts";
import type { Candidate, CandidateSource, Endpoint, Gate } from "./endpoint-set.ts";

/** What a candidate is, before it is known whether it is in. */
export interface Subject {
  readonly source: CandidateSource;
  readonly zone: string;
  readonly service: ServiceRef;
}

export interface Reasons {
  readonly detail: string;
  readonly weightReason: string;
  readonly priorityReason: string;
}

export function included({ source, zone, service }: Subject, endpoint: Endpoint, reasons: Reasons): Candidate {
  return { source, zone, service, endpoint, gate: undefined, ...reasons };
}

export function excluded({ source, zone, service }: Subject, gate: Gate, detail: string): Candidate {
  return { source, zone, service, endpoint: undefined, gate, detail, weightReason: "", priorityReason: "" };
}

/** For what has no address of its own: a zone, a member, the service itself. */
export function noAddress(service: ServiceRef, zone: string, what: string, gate: Gate, detail: string): Candidate {
  return excluded({ source: { kind: "none", what }, zone, service }, gate, detail);
}

/** Leaves out those that are in; what is out already keeps its gate, unless the new one is asked earlier. */
export function gateAll(candidates: readonly Candidate[], gate: Gate, detail: string): readonly Candidate[] {
  const rank = GATE_ORDER.indexOf(gate);
  return candidates.map((candidate) =>
    candidate.gate === undefined || GATE_ORDER.indexOf(candidate.gate) > rank
      ? excluded(candidate, gate, detail)
      : candidate,
  );
}

/** The order in which gates are asked: the first that applies is the reason. */
export const GATE_ORDER: readonly Gate[] = [
  "serviceUnknown",
  "notReachable",
  "portMismatch",
  "protocolMismatch",
  "nameConflict",
  "zoneDisabled",
  "withdrawn",
  "zoneDown",
  "meshWithoutMtls",
  "noIngressAddress",
  "duplicateAddress",
  "unresolvedAddress",
  "noEgress",
  "memberUnknown",
  "memberUnavailable",
  "notHealthy",
  "subsetMismatch",
  "policy",
];
