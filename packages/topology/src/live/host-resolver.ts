/**
 * Host names in place of addresses: of ZoneIngresses behind a load balancer, of MeshZoneAddresses, of Dataplanes. Envoy takes
 * addresses only, so they are looked up here, and again at an interval as long as something names them. A name that cannot be
 * looked up any more keeps its last address: a name server that fails must not take zones away.
 *
 * Few at a time: the system's resolver blocks a thread of a pool that the store needs, too.
 * Source of what is taken of several: kuma v2.14.3: pkg/xds/topology/dataplanes.go.
 */
import { isIP } from "node:net";
import type { Collection, DerivationGraph, Source } from "@isthmus/reactor";
import { type Clock, errorMessage, type TimerHandle } from "@isthmus/std";
import type { TopologyCollections } from "../world/topology-collections.ts";

const LOOKUPS_MAX = 2;

/** Addresses of a host; rejects when there is none. */
export type Lookup = (host: string) => Promise<readonly string[]>;

export interface HostResolverOptions {
  /** Keys are the host names to look up. */
  readonly hosts: Collection<true>;
  readonly resolved: Source<string>;
  /** Why a host without an address has none. */
  readonly unresolved: Source<string>;
  readonly lookup: Lookup;
  readonly clock: Clock;
  /** Between two lookups of a name, ms. */
  readonly intervalMs: number;
}

/** The host names that something in the tables has in place of an address. */
export function namedHosts(graph: DerivationGraph, tables: TopologyCollections): Collection<true> {
  const hostsOf = (addresses: readonly string[]): readonly string[] =>
    addresses.filter((address) => address !== "" && isIP(address) === 0);
  const indexes = [
    graph.index("live/hosts/dataplanes", tables.proxies, ({ inbounds, listeners }) =>
      hostsOf([...inbounds, ...listeners].map(({ address }) => address)),
    ),
    graph.index("live/hosts/ingresses", tables.zoneIngresses, ({ advertised }) =>
      hostsOf(advertised === undefined ? [] : [advertised.address]),
    ),
    graph.index("live/hosts/egresses", tables.zoneEgresses, ({ address }) => hostsOf([address])),
    graph.index("live/hosts/addresses", tables.zoneAddresses, ({ address }) => hostsOf([address])),
  ];
  return graph.merge(
    "live/hosts",
    indexes.map(
      (index): Collection<true> => graph.map(`${index.name}/names`, index as Collection<unknown>, () => true as const),
    ),
  );
}

export class HostResolver {
  readonly #options: HostResolverOptions;
  readonly #waiting = new Set<string>();
  #underWay = 0;
  #timer: TimerHandle | undefined;
  #isStopped = false;

  constructor(options: HostResolverOptions) {
    this.#options = options;
    options.hosts.subscribe((changes) => {
      for (const { key, after } of changes) {
        if (after === undefined) this.#forget(key);
        else this.#waiting.add(key);
      }
      this.#work();
    });
  }

  stop(): void {
    this.#isStopped = true;
    this.#waiting.clear();
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #forget(host: string): void {
    this.#waiting.delete(host);
    this.#options.resolved.delete(host);
    this.#options.unresolved.delete(host);
  }

  #work(): void {
    for (const host of this.#waiting) {
      if (this.#underWay >= LOOKUPS_MAX) return;
      this.#waiting.delete(host);
      this.#underWay += 1;
      void this.#lookUp(host).finally(() => {
        this.#underWay -= 1;
        if (!this.#isStopped) this.#work();
      });
    }
    if (this.#underWay === 0) this.#arm();
  }

  async #lookUp(host: string): Promise<void> {
    const { lookup, resolved, unresolved, hosts } = this.#options;
    const found = await lookup(host).then(
      (addresses) => [...addresses].sort()[0] ?? new Error("it has no address"),
      (error: unknown) => error,
    );
    if (this.#isStopped || !hosts.has(host)) return;
    if (typeof found === "string") {
      resolved.set(host, found);
      unresolved.delete(host);
    } else if (!resolved.has(host)) unresolved.set(host, errorMessage(found));
  }

  /** The next round begins when this one has ended. */
  #arm(): void {
    const { hosts, clock, intervalMs } = this.#options;
    if (this.#timer !== undefined || this.#isStopped || hosts.size === 0) return;
    this.#timer = clock.setTimeout(() => {
      this.#timer = undefined;
      for (const host of hosts.keys()) this.#waiting.add(host);
      this.#work();
    }, intervalMs);
  }
}
