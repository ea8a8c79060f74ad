/** Insights of meshes over a memory store, with what tests write and read of them. */
import { builtinTypes, Registry, type Resource } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import { createMemoryStore, type Op, type ResourceDraft, type Store } from "@isthmus/store";
import { FakeClock } from "@isthmus/testkit";
import { type MeshInsightEvent, MeshInsights, type MeshInsightsOptions } from "../mesh-insights.ts";

/** Far more than any test needs: who is not settled by then writes in a loop. */
const TURNS_MAX = 200;
const registry = new Registry(builtinTypes);

export class MeshRig {
  readonly clock = new FakeClock();
  readonly store: Store;
  readonly events: MeshInsightEvent[] = [];
  readonly #options: Partial<MeshInsightsOptions>;
  insights: MeshInsights;

  constructor(options: Partial<MeshInsightsOptions> = {}, wrap: (store: Store) => Store = (store) => store) {
    this.store = wrap(createMemoryStore({ clock: this.clock }));
    this.#options = options;
    this.insights = this.#create();
  }

  /** The process ends, another one takes over the store. */
  async restart(): Promise<void> {
    await this.insights.stop();
    this.insights = this.#create();
    await this.insights.start();
    await this.settled();
  }

  /** Stores them in one commit, without waiting for what follows. */
  async commit(...drafts: readonly ResourceDraft[]): Promise<void> {
    await this.store.commit(drafts.map((resource): Op => ({ kind: "put", resource })));
  }

  async delete(type: string, name: string, mesh = type === "Mesh" ? "" : "default"): Promise<void> {
    await this.store.commit([{ kind: "delete", key: { type, mesh, name } }]);
  }

  /** Some turns of the event loop: what need not wait for a pause is done. */
  async turns(count = 10): Promise<void> {
    for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }

  /** Pauses pass. */
  async settled(): Promise<void> {
    for (let turns = 0; turns < TURNS_MAX; turns += 1) {
      await this.turns(1);
      if (this.insights.isSettled) return;
      if (this.clock.pendingTimers > 0) this.clock.advance(1_000);
    }
    throw new Error(`not settled after ${TURNS_MAX} turns`);
  }

  meshInsight(mesh = "default"): JsonObject | undefined {
    return this.#get("MeshInsight", "", mesh)?.spec;
  }

  services(mesh = "default"): JsonObject | undefined {
    return this.#get("ServiceInsight", mesh, `all-services-${mesh}`)?.spec["services"] as JsonObject | undefined;
  }

  /** Times that an insight was computed since the last call. */
  computed(): readonly string[] {
    const computed = this.events.flatMap((event) =>
      event.kind === "computed" ? [`${event.insight} ${event.mesh} ${event.reason} ${event.result}`] : [],
    );
    this.events.length = 0;
    return computed;
  }

  #get(type: string, mesh: string, name: string): Resource | undefined {
    return this.store.get({ type, mesh, name });
  }

  #create(): MeshInsights {
    return new MeshInsights({
      store: this.store,
      registry,
      clock: this.clock,
      random: () => 0.5,
      onEvent: (event) => {
        this.events.push(event);
        if (event.kind === "defect") throw new Error("a derivation threw", { cause: event.failure.error });
      },
      ...this.#options,
    });
  }
}
