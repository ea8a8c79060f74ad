/** What would change if zones, doors or services went away. Counts of clients are of the own zone. */
import type { ServiceRef } from "../model/service.ts";
import type { Losses } from "./world-without.ts";

export interface WhatIfReport {
  readonly losses: Losses;
  /** Names among the losses that mean nothing here. */
  readonly unknown: readonly string[];
  /** Ports of services that had endpoints and would have none. */
  readonly servicesWithoutEndpoints: readonly LostService[];
  /** Ports of services that could be served by several zones and would be by one. Only services that span zones. */
  readonly servicesInOneZoneOnly: readonly SingleZoneService[];
  /** Share of the traffic by zone, all pairs of client and service alike; "" is what is outside of all zones. Ascending. */
  readonly loadShift: readonly LoadShift[];
  /** Share of it that would find no endpoint, and that finds none now. */
  readonly lostLoad: { readonly before: number; readonly after: number };
  /** Number of sets whose first endpoints are of that priority. */
  readonly prioritiesUsed: readonly PriorityUse[];
  /** Policies that keep the clients of services without endpoints from other zones. */
  readonly policiesBlockingFailover: readonly BlockingPolicy[];
}

export interface AffectedService {
  readonly service: ServiceRef;
  /** As its author named it. */
  readonly displayName: string;
  /** 0 for a legacy service. */
  readonly port: number;
}

export interface LostService extends AffectedService {
  readonly zone: string;
  /** Proxies of the own zone that would find no endpoint. */
  readonly clients: number;
  /** First reason of each candidate that is left, each once. */
  readonly reasons: readonly string[];
}

export interface SingleZoneService extends AffectedService {
  readonly zone: string;
  readonly zonesBefore: readonly string[];
}

export interface LoadShift {
  readonly zone: string;
  readonly before: number;
  readonly after: number;
}

export interface PriorityUse {
  readonly priority: number;
  readonly before: number;
  readonly after: number;
}

export interface BlockingPolicy extends AffectedService {
  readonly policies: readonly string[];
  /** Zones that could serve. */
  readonly zones: readonly string[];
  readonly detail: string;
}

/** Whether something would stop working: the exit code of a check in CI. */
export function isHarmful(report: WhatIfReport): boolean {
  return report.servicesWithoutEndpoints.length > 0;
}
