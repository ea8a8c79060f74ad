/** A world that is what the store holds, with nothing derived from it: what is asked about it does not change by itself. */
import type { Topology } from "@isthmus/api";
import type { Registry } from "@isthmus/resources";
import type { Revision, Store } from "@isthmus/store";
import { type SnapshotSettings, snapshotWorld, type World } from "@isthmus/topology";
import type { TopologySource, WorldContents } from "../topology-api/topology-source.ts";

export class StoreWorld implements TopologySource {
  readonly #store: Pick<Store, "list" | "revision">;
  readonly #registry: Registry;
  readonly #settings: SnapshotSettings;
  #last: { readonly revision: Revision; readonly world: World } | undefined;

  constructor(store: Pick<Store, "list" | "revision">, registry: Registry, settings: SnapshotSettings) {
    this.#store = store;
    this.#registry = registry;
    this.#settings = settings;
  }

  world(): World {
    const { revision } = this.#store;
    if (this.#last?.revision !== revision) {
      const { resources, settings } = this.contents();
      this.#last = { revision, world: snapshotWorld(resources, settings) };
    }
    return this.#last.world;
  }

  contents(): WorldContents {
    const resources = this.#registry.all().flatMap(({ name }) => this.#store.list(name));
    return { resources, settings: this.#settings };
  }

  dump(): Topology["collections"] {
    return [];
  }

  problems(): Topology["problems"] {
    return [];
  }
}
