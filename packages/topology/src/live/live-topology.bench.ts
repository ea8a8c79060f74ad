/**
 * A readiness change in a zone at the stated bounds: 1,000 services, 10,000 instances here, 9 other zones. From the commit of
 * the Dataplane to the commit of the status that follows from it, in memory and on disk: at most 10 ms.
 */
import { join } from "node:path";
import { builtinTypes, Registry, type Resource } from "@isthmus/resources";
import { systemClock } from "@isthmus/std";
import { createMemoryStore, type Op, openLmdbStore, type Store } from "@isthmus/store";
import { tempFolder } from "@isthmus/testkit";
import { bench, describe } from "vitest";
import { instance, largeWorld, SERVICES } from "../testing/large-world.ts";
import { LiveTopology } from "./live-topology.ts";
import { LIVE_SETTINGS } from "./testing/live-rig.ts";

const put = (resource: Resource): Op => ({ kind: "put", resource });
const registry = new Registry(builtinTypes);

async function running(store: Store): Promise<LiveTopology> {
  await store.commit(largeWorld().map(put));
  const topology = new LiveTopology({
    store,
    registry,
    clock: systemClock,
    random: Math.random,
    settings: LIVE_SETTINGS,
    lookup: () => Promise.resolve([]),
  });
  await topology.start();
  while (!topology.isSettled) await turn();
  return topology;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

let changes = 0;
/** Resolves when the status of the service of the instance is stored. */
async function changeReadiness(store: Store): Promise<void> {
  changes += 1;
  const index = changes % SERVICES;
  const healthy = Math.floor(changes / SERVICES) % 2 === 0 ? 9 : 10;
  const isStored = new Promise<void>((resolve) => {
    const unsubscribe = store.subscribe(({ changes: stored }) => {
      const found = stored.some(
        ({ key, after }) =>
          key.name === `service-${index}` && after?.labels["isthmus.io/healthy-instances"] === String(healthy),
      );
      if (!found) return;
      unsubscribe();
      resolve();
    });
  });
  await store.commit([put(instance(index, healthy === 9 ? "NotReady" : "Ready"))]);
  await isStored;
}

const memory = createMemoryStore({ clock: systemClock });
await running(memory);
const folder = await tempFolder("isthmus-bench-");
const disk = await openLmdbStore({ folder: join(folder.path, "data"), clock: systemClock });
await running(disk);

describe("readiness to stored status", () => {
  bench("in memory", () => changeReadiness(memory), { iterations: 300, time: 0, warmupIterations: 20, warmupTime: 0 });
  bench("on disk", () => changeReadiness(disk), {
    iterations: 300,
    time: 0,
    warmupIterations: 20,
    warmupTime: 0,
    teardown: async (_, mode) => {
      if (mode !== "run") return;
      await disk.stop();
      await folder.remove();
    },
  });
});

describe("start", () => {
  bench(
    "20,000 resources, all with addresses",
    async () => {
      const topology = new LiveTopology({
        store: memory,
        registry,
        clock: systemClock,
        random: Math.random,
        settings: LIVE_SETTINGS,
        lookup: () => Promise.resolve([]),
      });
      await topology.start();
      while (!topology.isSettled) await turn();
      await topology.stop();
    },
    { iterations: 3, time: 0, warmupIterations: 0, warmupTime: 0 },
  );
});
