/** The topology as the store has it: a snapshot for each revision that somebody asks about. */
import type { Registry } from "@isthmus/resources";
import type { Revision, Store } from "@isthmus/store";
import { type SnapshotSettings, snapshotWorld, type World } from "@isthmus/topology";
import type { WorldContents, WorldSource } from "./world-source.ts";

export class StoreWorld implements WorldSource {
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
}
