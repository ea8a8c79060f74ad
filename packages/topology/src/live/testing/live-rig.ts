/** A live topology over a memory store, with what tests write and read of it. */
import { builtinTypes, Registry, type Resource, type ResourceKey } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import { createMemoryStore, type ResourceDraft, type Store } from "@isthmus/store";
import { FakeClock } from "@isthmus/testkit";
import { DEFAULT_VIP_RANGES } from "../../addresses/plan-vips.ts";
import { SETTINGS } from "../../testing/resources.ts";
import type { LiveSettings } from "../live-settings.ts";
import { LiveTopology, type TopologyEvent } from "../live-topology.ts";

export const GRACE_MS = 3_600_000;

export const LIVE_SETTINGS: LiveSettings = {
  ...SETTINGS,
  generatesMeshServices: true,
  generator: {
    isByWorkload: false,
    propagation: { isEnabled: false, allowedKeys: [] },
    deletionGracePeriodMs: GRACE_MS,
  },
  vipRanges: DEFAULT_VIP_RANGES,
  ingressTagFilters: [],
  ingressUpdateMs: 1_000,
  dnsIntervalMs: 10_000,
};

const registry = new Registry(builtinTypes);
/** Far more than any test needs: who is not settled by then writes in a loop. */
const TURNS_MAX = 200;

export class LiveRig {
  readonly clock = new FakeClock();
  readonly store: Store;
  readonly settings: LiveSettings;
  readonly events: TopologyEvent[] = [];
  /** What the name service knows. */
  readonly dns = new Map<string, readonly string[]>();
  topology: LiveTopology;

  constructor(settings: Partial<LiveSettings> = {}, wrap: (store: Store) => Store = (store) => store) {
    this.store = wrap(createMemoryStore({ clock: this.clock }));
    this.settings = { ...LIVE_SETTINGS, ...settings };
    this.topology = this.#create();
  }

  async start(...resources: readonly Resource[]): Promise<void> {
    if (resources.length > 0) await this.commit(resources);
    await this.topology.start();
    await this.settled();
  }

  /** The process ends, another one takes over the store. */
  async restart(): Promise<void> {
    await this.topology.stop();
    this.topology = this.#create();
    await this.start();
  }

  /** Stores them in one commit, and waits for what follows. */
  async put(...resources: readonly Resource[]): Promise<void> {
    await this.commit(resources);
    await this.settled();
  }

  async delete(...keys: readonly ResourceKey[]): Promise<void> {
    await this.store.commit(keys.map(({ type, mesh, name }) => ({ kind: "delete", key: { type, mesh, name } })));
    await this.settled();
  }

  async pass(ms: number): Promise<void> {
    this.clock.advance(ms);
    await this.settled();
  }

  async settled(): Promise<void> {
    for (let turns = 0; turns < TURNS_MAX; turns += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      if (this.topology.isSettled) return;
    }
    throw new Error(`not settled after ${TURNS_MAX} turns`);
  }

  get(type: string, name: string, mesh = "default"): Resource | undefined {
    return this.store.get({ type, mesh, name });
  }

  service(name: string): Resource {
    const found = this.get("MeshService", name);
    if (found === undefined) throw new Error(`no MeshService ${name}`);
    return found;
  }

  status(type: string, name: string): JsonObject {
    return this.get(type, name)?.status ?? {};
  }

  vipOf(type: string, name: string): string | undefined {
    return this.topology.world().service(type as "MeshService", "default", name)?.vips[0];
  }

  hostnamesOf(type: string, name: string): readonly string[] | undefined {
    return this.topology.world().service(type as "MeshService", "default", name)?.hostnames;
  }

  names(type: string): readonly string[] {
    return this.store.list(type).map(({ name }) => name);
  }

  /** Ops of commits since the last call. */
  written(): number {
    const ops = this.events.reduce((sum, event) => (event.kind === "written" ? sum + event.ops : sum), 0);
    this.events.length = 0;
    return ops;
  }

  problems(): readonly string[] {
    return this.topology.problems().map(({ kind, resource }) => `${kind} ${resource?.name ?? "settings"}`);
  }

  #create(): LiveTopology {
    return new LiveTopology({
      store: this.store,
      registry,
      clock: this.clock,
      random: () => 0.5,
      settings: this.settings,
      lookup: (host) => {
        const addresses = this.dns.get(host);
        return addresses === undefined ? Promise.reject(new Error("NXDOMAIN")) : Promise.resolve(addresses);
      },
      onEvent: (event) => {
        this.events.push(event);
        if (event.kind === "defect") throw new Error("a derivation threw", { cause: event.failure.error });
      },
    });
  }

  /** Stores them in one commit. */
  async commit(resources: readonly Resource[]): Promise<void> {
    await this.store.commit(
      resources.map((resource) => ({ kind: "put", resource: asDraft(resource, this.store.get(resource)) })),
    );
  }
}

/** As a writer does that knows nothing of statuses: what is stored of it stays. */
function asDraft({ type, mesh, name, labels, spec, status }: Resource, stored: Resource | undefined): ResourceDraft {
  const kept = stored?.status ?? status ?? registry.get(type)?.emptyStatus;
  const draft = { type, mesh, name, labels: { ...stored?.labels, ...labels }, spec };
  return { ...draft, ...(kept === undefined ? {} : { status: kept }), ...ownerOf(type, mesh) };
}

function ownerOf(type: string, mesh: string): { readonly owner?: ResourceKey } {
  return mesh === "" || type === "Mesh" ? {} : { owner: { type: "Mesh", mesh: "", name: mesh } };
}
