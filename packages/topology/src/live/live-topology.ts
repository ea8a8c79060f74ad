/**
 * The topology of a running zone: follows the store, derives what follows from it, and writes back what this zone finds out:
 * generated MeshServices, statuses, addresses, host names, Workloads, the services of its ZoneIngresses.
 *
 * All commits of one turn of the event loop are one batch, and all that the batch changes is one commit. What is written comes
 * back as a change, is derived to be as it should, and ends there. Nothing polls: an idle zone has no timer but, while a
 * MeshService waits for its end, that of its grace period.
 */
import {
  type Change,
  type Collection,
  type CollectionDump,
  type DerivationGraph,
  type FlushStats,
  Reactor,
  type ReactorFailure,
} from "@isthmus/reactor";
import type { Registry, Resource } from "@isthmus/resources";
import type { Clock, Random, Service } from "@isthmus/std";
import { type CommitEvent, type Store, StoreWriter, type WriteEvent } from "@isthmus/store";
import type { VipUsage } from "../addresses/vip.ts";
import type { DroppedLabel, DropReason } from "../services/propagated-labels.ts";
import type { SnapshotSettings } from "../world/snapshot-world.ts";
import type { TopologyCollections } from "../world/topology-collections.ts";
import type { World } from "../world/world.ts";
import { type Component, ComponentTimes } from "./component-times.ts";
import { DIRECT_READ } from "./direct-read.ts";
import { HostResolver, type Lookup, namedHosts } from "./host-resolver.ts";
import { IngressFeed } from "./ingress-feed.ts";
import { type LiveCollections, liveCollections } from "./live-collections.ts";
import { type LiveProblem, liveProblems } from "./live-problems.ts";
import type { LiveSettings } from "./live-settings.ts";
import type { ServiceState } from "./service-state.ts";
import { VipFeed } from "./vip-feed.ts";
import { WakeUps } from "./wake-ups.ts";

export type TopologyEvent =
  | { readonly kind: "batch"; readonly stats: FlushStats; readonly components: ReadonlyMap<Component, number> }
  | WriteEvent
  | { readonly kind: "labelDropped"; readonly reason: DropReason }
  | { readonly kind: "problem"; readonly state: "appeared" | "gone"; readonly problem: LiveProblem }
  /** A derivation threw: a mistake of the program. What it gave before stays. */
  | { readonly kind: "defect"; readonly failure: ReactorFailure };

export interface LiveTopologyOptions {
  readonly store: Store;
  readonly registry: Registry;
  readonly clock: Clock;
  /** For the delays between tries of a write that failed. */
  readonly random: Random;
  readonly settings: LiveSettings;
  /** Asks the name service. */
  readonly lookup: Lookup;
  /** Must not throw. */
  readonly onEvent?: (event: TopologyEvent) => void;
  /** Derives more from what is stored: called once, with all tables there. What it makes is kept up to date in the same batches. */
  readonly extend?: (graph: DerivationGraph, tables: TopologyCollections) => void;
  /** Calls its argument in another turn of the event loop. Default: `setImmediate`. */
  readonly schedule?: (turn: () => void) => void;
}

export class LiveTopology implements Service {
  readonly name = "topology";
  readonly #options: LiveTopologyOptions;
  readonly #reactor: Reactor;
  readonly #collections: LiveCollections;
  readonly #times: ComponentTimes;
  readonly #vips: VipFeed;
  readonly #ingresses: IngressFeed;
  readonly #hosts: HostResolver;
  readonly #wakeUps: WakeUps;
  readonly #problems: Collection<LiveProblem>;
  readonly #writer: StoreWriter;
  readonly #world: World;
  #unsubscribe: (() => void) | undefined;
  #scheduledTurns = 0;

  constructor(options: LiveTopologyOptions) {
    const { clock, store, settings, random, lookup } = options;
    this.#options = options;
    this.#times = new ComponentTimes(clock);
    const { timed } = this.#times;
    this.#reactor = new Reactor({
      clock,
      schedule: (flush) => this.#schedule(flush),
      onError: (failure) => this.#emit({ kind: "defect", failure }),
      onFlush: (stats) => this.#emit({ kind: "batch", stats, components: this.#times.take() }),
    });
    this.#collections = liveCollections(this.#reactor, settings, () => clock.now(), timed);
    const { tables, states, wakeUps, availableServices } = this.#collections;
    this.#world = tables.worldOf(DIRECT_READ);
    options.extend?.(this.#reactor, tables);
    this.#vips = new VipFeed(settings.vipRanges, this.#collections, timed);
    this.#ingresses = new IngressFeed({ tables, told: availableServices, settings, world: this.#world, clock, timed });
    const hosts = namedHosts(this.#reactor, tables);
    const unresolved = this.#reactor.source<string>("live/hosts/unresolved");
    const intervalMs = settings.dnsIntervalMs;
    this.#hosts = new HostResolver({ hosts, resolved: tables.resolved, unresolved, lookup, clock, intervalMs });
    this.#wakeUps = new WakeUps(clock, (keys) => {
      for (const key of keys) wakeUps.set(key, clock.now());
    });
    states.subscribe((changes) => this.#onStates(changes));
    this.#problems = liveProblems(this.#reactor, this.#collections, unresolved);
    this.#problems.subscribe((changes) => this.#onProblems(changes));
    this.#writer = new StoreWriter({
      store,
      clock,
      random,
      pending: () => {
        this.#settle();
        return this.#collections.writes.values();
      },
      onEvent: (event) => this.#emit(event),
    });
  }

  /** Resolves when all that follows from what is stored is derived; writing it goes on. */
  async start(): Promise<void> {
    if (this.#unsubscribe !== undefined) return;
    const { store, registry } = this.#options;
    this.#unsubscribe = store.subscribe((event) => this.#onCommit(event));
    this.#collections.tables.replace(registry.all().flatMap(({ name }) => store.list(name)));
    this.#turn();
  }

  async stop(): Promise<void> {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    this.#wakeUps.stop();
    this.#ingresses.stop();
    this.#hosts.stop();
    await this.#writer.stop();
  }

  /** Nothing is derived or written, and nothing will be until something changes or a grace period ends. */
  get isSettled(): boolean {
    return this.#scheduledTurns === 0 && !this.#writer.isBusy;
  }

  /**
   * What is stored now, as the functions of this package see it. It changes with the store, so it is good for as long as
   * nothing is awaited; for longer work see `contents`. Not to be called by an `onEvent`.
   */
  world(): World {
    this.#settle();
    return this.#world;
  }

  /** What a snapshot world is made of: for work that awaits, or is done in another thread. */
  contents(): { readonly resources: readonly Resource[]; readonly settings: SnapshotSettings } {
    const { store, registry, settings } = this.#options;
    const { zoneGates, resolved } = this.#collections.tables;
    const { zone, remoteWeights, systemNamespace } = settings;
    return {
      resources: registry.all().flatMap(({ name }) => store.list(name)),
      settings: {
        zone,
        remoteWeights,
        systemNamespace,
        zoneGates: new Map(zoneGates.entries()),
        resolved: new Map(resolved.entries()),
      },
    };
  }

  /** Every derived collection with its size and inputs: for diagnostics. */
  dump(): readonly CollectionDump[] {
    return this.#reactor.dump();
  }

  problems(): readonly LiveProblem[] {
    return this.#problems.values();
  }

  vipUsage(): readonly VipUsage[] {
    return this.#vips.usage();
  }

  /** Entries by what they are: for metrics. */
  sizes(): Readonly<Record<string, number>> {
    const { tables, states, hostnames, writes } = this.#collections;
    return {
      meshes: tables.meshes.size,
      dataplanes: tables.proxies.size,
      dataplaneInsights: tables.insights.size,
      services: states.size,
      hostnames: hostnames.size,
      zoneIngresses: tables.zoneIngresses.size,
      zoneEgresses: tables.zoneEgresses.size,
      zoneAddresses: tables.zoneAddresses.size,
      otherResources: tables.resources.size,
      pendingWrites: writes.size,
    };
  }

  #onCommit({ changes }: CommitEvent): void {
    const { tables } = this.#collections;
    for (const { key, after } of changes) {
      if (after === undefined) tables.remove(key);
      else tables.put(after);
    }
  }

  #schedule(work: () => void): void {
    this.#scheduledTurns += 1;
    (this.#options.schedule ?? setImmediate)(() => {
      this.#scheduledTurns -= 1;
      // Also before the start: the reactor schedules nothing more until what it scheduled has run.
      work();
      if (this.#unsubscribe !== undefined) this.#turn();
    });
  }

  /** Statuses first: the services of ingresses take longer, and wait for the next turn. */
  #turn(): void {
    this.#settle();
    this.#writer.poke();
    if (this.#ingresses.isDue()) this.#schedule(() => this.#ingresses.compute());
  }

  /** Brings everything up to date. Addresses are given out after a batch, and used in the next one. */
  #settle(): void {
    do this.#reactor.flush();
    while (this.#vips.takeGiven());
  }

  #onStates(changes: readonly Change<ServiceState>[]): void {
    for (const { key, before, after } of changes) {
      this.#wakeUps.set(key, after?.wakeAt);
      const known = new Set(before?.dropped.map(labelText));
      for (const label of after?.dropped ?? []) {
        if (!known.has(labelText(label))) this.#emit({ kind: "labelDropped", reason: label.reason });
      }
    }
    this.#wakeUps.arm();
  }

  #onProblems(changes: readonly Change<LiveProblem>[]): void {
    for (const { before, after } of changes) {
      if (before !== undefined) this.#emit({ kind: "problem", state: "gone", problem: before });
      if (after !== undefined) this.#emit({ kind: "problem", state: "appeared", problem: after });
    }
  }

  #emit(event: TopologyEvent): void {
    this.#options.onEvent?.(event);
  }
}

const labelText = ({ dataplane, key, reason }: DroppedLabel): string => `${dataplane}\u0000${key}\u0000${reason}`;
