/** The store that the configuration asks for, with Kuma's store metrics bound to it. */

import type { Clock } from "@isthmus/std";
import { createMemoryStore, openLmdbStore, type Store, type StoreOptions } from "@isthmus/store";
import type { Config } from "./config/schema.ts";
import type { Logger } from "./log.ts";
import type { Metrics } from "./metrics.ts";
import { dataFolder } from "./work-folder.ts";

export async function openStore(options: {
  readonly config: Config;
  readonly folder: string;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Logger;
}): Promise<Store> {
  const { config, folder, clock, metrics } = options;
  const log = options.log.part("store");
  const operations = metrics.histogram("store", "Duration of store operations, seconds", [
    "operation",
    "resource_type",
  ]);
  const conflicts = metrics.counter("store_conflicts", "Writes refused because of a newer version", ["resource_type"]);
  const storeOptions: StoreOptions = {
    clock,
    observe: (operation, type, seconds) => operations.observe({ operation, resource_type: type }, seconds),
    onConflict: (type) => conflicts.inc({ resource_type: type }),
    onListenerError: (error) => log.error({ error: String(error) }, "a listener of the store failed"),
  };
  const store =
    config.store.type === "memory"
      ? createMemoryStore(storeOptions)
      : await openLmdbStore({ ...storeOptions, folder: dataFolder(config, folder) });
  metrics.gauge("isthmus_store_revision", "Revision of the store", [], (gauge) => gauge.set(store.revision));
  return store;
}
