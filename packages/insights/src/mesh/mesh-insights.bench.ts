/**
 * A proxy goes offline in a mesh of 10,000 proxies and 1,000 services: from the commit of its DataplaneInsight to the commit of
 * the MeshInsight that shows it, in memory and on disk, beside counting everything anew. To reach: 100 ms.
 */
import { join } from "node:path";
import { builtinTypes, Registry } from "@isthmus/resources";
import { systemClock, systemRandom } from "@isthmus/std";
import { createMemoryStore, type Op, openLmdbStore, type ResourceDraft, type Store } from "@isthmus/store";
import { tempFolder } from "@isthmus/testkit";
import { bench, describe } from "vitest";
import { MeshInsights, MIN_PAUSE_MS } from "./mesh-insights.ts";
import { dataplane, insight, mesh, policy } from "./testing/mesh-samples.ts";
import { referenceMeshInsight } from "./testing/reference-insights.ts";

const PROXIES = 10_000;
const SERVICES = 1_000;
const POLICIES = 100;
const put = (resource: ResourceDraft): Op => ({ kind: "put", resource });

async function running(store: Store): Promise<void> {
  const proxies = Array.from({ length: PROXIES }, (_, n) => [
    dataplane(`dp-${n}`, { inbounds: [{ service: `service-${n % SERVICES}`, zone: `zone-${n % 10}` }] }),
    insight(`dp-${n}`, { issued: "ca-1", supported: ["ca-1"] }),
  ]);
  const policies = Array.from({ length: POLICIES }, (_, n) => policy("MeshTimeout", `timeout-${n}`));
  await store.commit([mesh(), ...proxies.flat(), ...policies].map(put));
  const insights = new MeshInsights({
    store,
    registry: new Registry(builtinTypes),
    clock: systemClock,
    random: systemRandom,
  });
  await insights.start();
  while (!insights.isSettled) await new Promise((resolve) => setImmediate(resolve));
}

let changes = 0;
/** Resolves when the MeshInsight shows it. A pause is let pass before, since none is part of the way. */
async function flip(store: Store): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, MIN_PAUSE_MS + 10));
  changes += 1;
  const subscriptions = [changes % 2 === 0 ? ("open" as const) : ("closed" as const)];
  const start = performance.now();
  const isStored = new Promise<number>((resolve) => {
    const unsubscribe = store.subscribe(({ changes: stored }) => {
      if (!stored.some(({ key }) => key.type === "MeshInsight")) return;
      unsubscribe();
      resolve(performance.now() - start);
    });
  });
  await store.commit([put(insight("dp-77", { subscriptions, issued: "ca-1", supported: ["ca-1"] }))]);
  return isStored;
}

const memory = createMemoryStore({ clock: systemClock });
await running(memory);
const folder = await tempFolder("isthmus-bench-");
const disk = await openLmdbStore({ folder: join(folder.path, "data"), clock: systemClock });
await running(disk);

async function report(name: string, store: Store, runs = 40): Promise<void> {
  const times: number[] = [];
  for (let run = 0; run < runs; run += 1) times.push(await flip(store));
  times.sort((a, b) => a - b);
  const at = (share: number): string => (times[Math.floor(share * (times.length - 1))] ?? 0).toFixed(2);
  process.stdout.write(`${name}: change to insight stored, ms: p50 ${at(0.5)}, p99 ${at(0.99)}, max ${at(1)}\n`);
}
await report("memory", memory);
await report("disk", disk);

describe(`${PROXIES} proxies, ${SERVICES} services`, () => {
  bench("counted anew", () => {
    referenceMeshInsight(memory, "default");
  });
});
