/**
 * The running sums of one service of a mesh: what of it stands in the ServiceInsight.
 * Source: kuma v2.14.3: pkg/insights/resyncer.go, populateInsight.
 */

import type { ProxyStatus } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import type { ServiceKind, ServiceUse } from "./dataplane-facts.ts";
import { nonZero, present, type Sign, sortedJson, Tallies } from "./proxy-counts.ts";

/** An ExternalService: `address` is where it really is. */
export interface ExternalFacts {
  readonly mesh: string;
  readonly service: string;
  readonly address: string;
  readonly zone: string;
}

/** Of a service that proxies of several kinds claim, the first of these is shown; Kuma shows that of the first proxy. */
const KINDS: readonly ServiceKind[] = ["internal", "gateway_delegated", "gateway_builtin"];

class KindTally {
  uses = 0;
  online = 0;
  readonly issued = new Tallies();
  readonly zones = new Tallies();
}

export class ServiceTally {
  readonly #kinds = new Map<ServiceKind, KindTally>();
  /** By name of the ExternalService. */
  readonly #externals = new Map<string, ExternalFacts>();
  /** What `toJson` gave, for meshes of either mode. */
  #shown: { readonly isExclusive: boolean; readonly json: JsonObject | undefined } | undefined;

  get isEmpty(): boolean {
    return this.#kinds.size === 0 && this.#externals.size === 0;
  }

  get hasProxies(): boolean {
    return this.#kinds.size > 0;
  }

  count({ kind, zone }: ServiceUse, status: ProxyStatus, issuedBackend: string, sign: Sign): void {
    this.#shown = undefined;
    const tally = this.#kinds.get(kind) ?? new KindTally();
    tally.uses += sign;
    // A proxy of which a part is not ready counts as offline here.
    if (status === "online") tally.online += sign;
    if (issuedBackend !== "") tally.issued.count(issuedBackend, sign);
    if (zone !== "") tally.zones.count(zone, sign);
    if (tally.uses === 0) this.#kinds.delete(kind);
    else this.#kinds.set(kind, tally);
  }

  /** `facts` undefined: it is gone. */
  setExternal(name: string, facts: ExternalFacts | undefined): void {
    this.#shown = undefined;
    if (facts === undefined) this.#externals.delete(name);
    else this.#externals.set(name, facts);
  }

  /**
   * Undefined: not to be shown. With exclusive MeshServices only delegated gateways are, which no MeshService stands for.
   * The same object until something changes.
   */
  toJson(isExclusive: boolean): JsonObject | undefined {
    if (this.#shown?.isExclusive !== isExclusive) this.#shown = { isExclusive, json: this.#render(isExclusive) };
    return this.#shown.json;
  }

  #render(isExclusive: boolean): JsonObject | undefined {
    const kinds = isExclusive ? (["gateway_delegated"] as const) : KINDS;
    const tallies = kinds.flatMap((kind) => this.#kinds.get(kind) ?? []);
    const externals = isExclusive ? [] : [...this.#externals].sort(([a], [b]) => (a < b ? -1 : 1));
    const [first] = externals;
    const kind = kinds.find((each) => this.#kinds.has(each));
    if (kind === undefined && first === undefined) return undefined;
    const issued = sumOf(tallies.map((tally) => tally.issued));
    const zones = [
      ...new Set([...tallies.flatMap(({ zones: of }) => of.keys()), ...externals.map(([, { zone }]) => zone)]),
    ]
      .filter((zone) => zone !== "")
      .sort();
    const online = tallies.reduce((sum, tally) => sum + tally.online, 0);
    const total = tallies.reduce((sum, tally) => sum + tally.uses, 0);
    const isExternal = kind === undefined;
    const address = isExternal ? (first?.[1].address ?? "") : "";
    return {
      status: isExternal ? "not_available" : statusOf(online, total),
      // The total is the sum, which is made when it is shown.
      dataplanes: nonZero({ online, offline: total - online }),
      ...present({ issuedBackends: sortedJson(issued, (count) => count) }),
      ...(kind === "internal" ? {} : { serviceType: isExternal ? "external" : kind }),
      ...(address === "" ? {} : { addressPort: address }),
      ...(zones.length === 0 ? {} : { zones }),
    };
  }
}

function statusOf(online: number, total: number): string {
  if (online === 0) return "offline";
  return online === total ? "online" : "partially_degraded";
}

function sumOf(tallies: readonly Tallies[]): ReadonlyMap<string, number> {
  const [first, ...others] = tallies;
  if (others.length === 0) return first?.entries() ?? new Map<string, number>();
  const sum = new Map<string, number>();
  for (const tally of tallies) for (const [key, count] of tally.entries()) sum.set(key, (sum.get(key) ?? 0) + count);
  return sum;
}
