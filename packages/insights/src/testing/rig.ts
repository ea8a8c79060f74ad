/** Zone insights over an empty memory store whose disk can fail; for the tests of this package. */
import { builtinTypes, Registry, type Resource } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import { type CommitEvent, createMemoryStore, type Op, type Store, StoreError } from "@isthmus/store";
import { FakeClock } from "@isthmus/testkit";
import type { ZonePeer } from "../zone-event.ts";
import { ZoneInsights, type ZoneInsightsOptions } from "../zone-insights.ts";

export interface Rig {
  readonly clock: FakeClock;
  readonly store: Store;
  readonly insights: ZoneInsights;
  readonly registry: Registry;
  /** Everything committed since the rig was made. */
  readonly commits: readonly CommitEvent[];
  readonly errors: readonly { readonly zone: string; readonly error: unknown }[];
  /** What the next commits do: "ok", fail like a full disk, or lose a race that many times. */
  disk: "ok" | "full" | number;
  /** Awaited before a commit is made. */
  gate: ((ops: readonly Op[]) => Promise<void>) | undefined;
  /** Commits that were asked for, also those that failed or changed nothing. */
  readonly asked: readonly (readonly Op[])[];
  /** Lets commits that were asked for end. The memory store needs no I/O: turns of the event loop are enough. */
  readonly settle: () => Promise<void>;
  readonly insightOf: (zone: string) => Resource | undefined;
  readonly subscriptionsOf: (zone: string) => readonly JsonObject[];
  readonly run: (...ops: Parameters<Store["commit"]>[0]) => Promise<void>;
  /** Another process on the same data. */
  readonly restarted: (options?: Partial<ZoneInsightsOptions>) => ZoneInsights;
}

const TURNS = 10;

export function rig(options: Partial<ZoneInsightsOptions> = {}): Rig {
  const clock = new FakeClock();
  const memory = createMemoryStore({ clock });
  const registry = new Registry(builtinTypes);
  const commits: CommitEvent[] = [];
  const errors: { zone: string; error: unknown }[] = [];
  memory.subscribe((event) => commits.push(event));
  const asked: (readonly Op[])[] = [];
  const store = failingStore(memory, async (ops) => {
    asked.push(ops);
    await made.gate?.(ops);
    if (made.disk === "full") return new StoreError("IO", "no space left");
    if (made.disk === "ok" || made.disk === 0) return undefined;
    made.disk -= 1;
    return new StoreError("VERSION_CONFLICT", "somebody was faster");
  });
  let ids = 0;
  const create = (more: Partial<ZoneInsightsOptions>): ZoneInsights =>
    new ZoneInsights({
      store,
      registry,
      clock,
      instanceId: "global-1",
      version: "2.14.3",
      newId: () => {
        ids += 1;
        return `id-${ids}`;
      },
      onError: (error, zone) => errors.push({ zone, error }),
      ...options,
      ...more,
    });
  const insightOf = (zone: string): Resource | undefined => memory.get({ type: "ZoneInsight", mesh: "", name: zone });
  const made: Rig = {
    clock,
    store,
    registry,
    commits,
    errors,
    disk: "ok",
    gate: undefined,
    asked,
    insights: create({}),
    insightOf,
    async settle() {
      for (let turn = 0; turn < TURNS; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    },
    subscriptionsOf: (zone) => (insightOf(zone)?.spec["subscriptions"] ?? []) as readonly JsonObject[],
    async run(...ops) {
      await memory.commit(ops);
    },
    restarted: (more = {}) => create({ instanceId: "global-2", ...more }),
  };
  return made;
}

export function peer(zone: string, connection = 1, more: Partial<ZonePeer> = {}): ZonePeer {
  return {
    zone,
    connection,
    instanceId: `${zone}-cp-1`,
    version: { version: "2.14.3", gitTag: "v2.14.3" },
    config: '{"store":{"type":"lmdb"}}',
    connectedAt: Date.UTC(2026, 0, 1),
    ...more,
  };
}

/** Every commit asks first; what comes back is thrown. */
export function failingStore(store: Store, failure: (ops: readonly Op[]) => Promise<Error | undefined>): Store {
  return {
    name: store.name,
    kind: store.kind,
    historyId: store.historyId,
    get revision() {
      return store.revision;
    },
    get: (key) => store.get(key),
    list: (type, options) => store.list(type, options),
    count: (type) => store.count(type),
    changes: (after, types) => store.changes(after, types),
    subscribe: (listener) => store.subscribe(listener),
    start: () => store.start(),
    stop: () => store.stop(),
    async commit(ops) {
      const error = await failure(ops);
      if (error !== undefined) throw error;
      return store.commit(ops);
    },
  };
}
