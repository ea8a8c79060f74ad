/** One receiving control plane with a real store: batches in short form in, rows and holds out. For tests. */
import {
  builtinTypes,
  defineType,
  flow,
  hashedName,
  json,
  ORIGIN_LABEL,
  openObject,
  Registry,
  type ResourceKey,
  ZONE_LABEL,
} from "@isthmus/resources";
import { createMemoryStore, type Op, type ResourceDraft, type Store } from "@isthmus/store";
import { FakeClock } from "@isthmus/testkit";
import type { HoldsChanged } from "../../guard/hold.ts";
import { type HoldEvent, HoldRegistry } from "../../guard/hold-registry.ts";
import { type ApplyOutcome, type ReceivedBatch, type Rejection, wireNameOf } from "../../session/received-resource.ts";
import { Applier } from "../applier.ts";

/** A type that no code knows. */
const gadget = defineType({
  name: "Gadget",
  scope: "Mesh",
  format: json(openObject),
  kds: flow("globalToZones", "zoneToGlobal", "acrossZones"),
  emptyStatus: {},
  path: "gadgets",
});

export const registry = new Registry([...builtinTypes, gadget]);

export interface Connection {
  readonly zone?: string;
  readonly historyId?: string | undefined;
}

export interface RigOptions {
  readonly store?: Store;
  readonly registry?: Registry;
}

export type BatchInput = Partial<Omit<ReceivedBatch, "upserts" | "invalid">> & {
  readonly upserts?: readonly ResourceDraft[];
  readonly invalid?: readonly (string | Rejection)[];
};

export class ApplyRig {
  readonly kind: "zone" | "global";
  readonly clock = new FakeClock();
  readonly store: Store;
  readonly events: HoldEvent[] = [];
  readonly changes: HoldsChanged[] = [];
  readonly registry: Registry;
  holds: HoldRegistry;
  applier: Applier;
  #nonce = 0;

  constructor(kind: "zone" | "global" = "zone", connection: Connection = {}, options: RigOptions = {}) {
    this.kind = kind;
    this.registry = options.registry ?? registry;
    this.store = options.store ?? createMemoryStore({ clock: this.clock, historyId: "own" });
    this.holds = this.#newHolds();
    this.applier = this.#newApplier(connection);
  }

  /** The stream breaks; the source, or another one, comes back. */
  reconnect(connection: Connection = {}): void {
    this.applier.close();
    this.applier = this.#newApplier(connection);
  }

  /** The process dies and starts again with what the store has. */
  async restart(connection: Connection = {}): Promise<void> {
    this.applier.close();
    await this.holds.close();
    this.holds = this.#newHolds();
    this.applier = this.#newApplier(connection);
  }

  open(connection: Connection): Applier {
    return this.#newApplier(connection);
  }

  /** Local rows. */
  async put(...drafts: readonly ResourceDraft[]): Promise<void> {
    await this.store.commit(drafts.map((resource): Op => ({ kind: "put", resource })));
  }

  /** First response with exactly these. */
  first(type: string, upserts: readonly ResourceDraft[], more: BatchInput = {}): Promise<ApplyOutcome> {
    return this.apply({ ...more, type, initial: true, upserts });
  }

  /** Later response. */
  later(type: string, upserts: readonly ResourceDraft[], removed: readonly ResourceKey[] = [], more: BatchInput = {}) {
    return this.apply({ ...more, type, upserts, removed: removed.map(wireNameOf) });
  }

  async apply(input: BatchInput, applier = this.applier): Promise<ApplyOutcome> {
    const outcome = await applier.apply(this.batch(input));
    await this.holds.idle();
    return outcome;
  }

  batch({ upserts = [], invalid = [], ...rest }: BatchInput): ReceivedBatch {
    this.#nonce += 1;
    return {
      type: "Gadget",
      nonce: String(this.#nonce),
      initial: false,
      removed: [],
      intents: [],
      ...rest,
      upserts: upserts.map((resource) => ({ wireName: wireNameOf(resource), version: "1", resource })),
      invalid: invalid.map((entry) =>
        typeof entry === "string" ? { wireName: entry, kind: "invalid", reason: "spec: no" } : entry,
      ),
    };
  }

  /** First responses of all types, with the given content. */
  async all(content: readonly ResourceDraft[], connection?: Connection): Promise<void> {
    if (connection !== undefined) this.reconnect(connection);
    const byType = new Map<string, ResourceDraft[]>();
    for (const draft of content) {
      const drafts = byType.get(draft.type);
      if (drafts === undefined) byType.set(draft.type, [draft]);
      else drafts.push(draft);
    }
    const types = this.kind === "zone" ? this.registry.towardsZones() : this.registry.towardsGlobal();
    const first = types.filter(({ name }) => name === "Config");
    for (const { name } of first) await this.first(name, byType.get(name) ?? []);
    const others = types.filter(({ name }) => name !== "Config");
    await Promise.all(others.map(({ name }) => this.first(name, byType.get(name) ?? [])));
    await this.holds.idle();
  }

  names(type: string): readonly string[] {
    return this.store.list(type).map((row) => row.name);
  }

  /** `<id> <deletions>/<of>` of every hold. */
  held(): readonly string[] {
    return this.holds.list().map((hold) => `${hold.id} ${hold.wouldDelete}/${hold.of}`);
  }

  #newHolds(): HoldRegistry {
    const { store, clock } = this;
    const holds = new HoldRegistry({ store, clock, onEvent: (event) => this.events.push(event) });
    holds.subscribe((change) => this.changes.push(change));
    return holds;
  }

  #newApplier({ zone = "east", historyId }: Connection): Applier {
    const side = this.kind === "zone" ? ({ kind: "zone", zone } as const) : ({ kind: "global" } as const);
    const { registry, store, holds, clock } = this;
    return new Applier({ registry, store, side, holds, clock }, { zone, historyId });
  }
}

/** As a global sends it. */
export function fromGlobal(type: string, name: string, more: Partial<ResourceDraft> = {}): ResourceDraft {
  return { ...draft(type, name), ...more, labels: { [ORIGIN_LABEL]: "global", ...more.labels } };
}

/** As a zone sends it, or as a global forwards it with `origin` "global". */
export function fromZone(zone: string, type: string, name: string, more: Partial<ResourceDraft> = {}): ResourceDraft {
  return { ...draft(type, name), ...more, labels: { [ORIGIN_LABEL]: "zone", [ZONE_LABEL]: zone, ...more.labels } };
}

/** Under the name that a zone's resource has on its way to the global. */
export function hashed(resource: ResourceDraft): ResourceDraft {
  const labels = { ...resource.labels, "kuma.io/display-name": resource.name };
  return { ...resource, labels, name: hashedName({ ...resource, labels }) };
}

export function draft(type: string, name: string): ResourceDraft {
  const descriptor = registry.get(type);
  if (descriptor === undefined) throw new Error(`no type ${type}`);
  const status = descriptor.emptyStatus;
  const mesh = descriptor.scope === "Mesh" ? "default" : "";
  return { type, mesh, name, labels: {}, spec: {}, ...(status === undefined ? {} : { status }) };
}

/** `count` names: prefix-0, prefix-1, ... */
export function several(count: number, make: (name: string) => ResourceDraft, prefix = "r"): readonly ResourceDraft[] {
  return Array.from({ length: count }, (_, i) => make(`${prefix}-${i}`));
}

export const zoneResource = (name: string): ResourceDraft => draft("Zone", name);
export const clusterId = (id: string): ResourceDraft =>
  fromGlobal("Config", "kuma-cluster-id", { spec: { config: id } });
