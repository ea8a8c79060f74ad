/**
 * A proxy goes offline in a mesh of 10,000 proxies and 1,000 services: from the commit of its DataplaneInsight to the commit of
 * the MeshInsight that shows it, in memory and on disk, for one change and while changes keep coming; beside what the disk alone takes,
 * and beside counting everything anew. To reach: 100 ms.
 */
import { closeSync, constants, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { builtinTypes, numberOf, objectOf, Registry } from "@isthmus/resources";
import { type JsonObject, systemClock, systemRandom } from "@isthmus/std";
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

/** One proxy after the other goes offline: the number of those that are online says which changes an insight contains. */
async function stream(store: Store, count: number): Promise<readonly number[]> {
  const online = (spec: JsonObject | undefined): number => numberOf(objectOf(spec ?? {}, "dataplanes"), "online");
  const key = { type: "MeshInsight", mesh: "", name: "default" };
  const first = online(store.get(key)?.spec);
  const asked: number[] = [];
  const times: number[] = [];
  const unsubscribe = store.subscribe(({ changes: stored }) => {
    for (const { after } of stored.filter((each) => each.key.type === key.type)) {
      const shown = first - online(after?.spec);
      while (times.length < shown) times.push(performance.now() - (asked[times.length] ?? 0));
    }
  });
  for (let n = 0; n < count; n += 1) {
    asked.push(performance.now());
    await store.commit([
      put(insight(`dp-${n + 100}`, { subscriptions: ["closed"], issued: "ca-1", supported: ["ca-1"] })),
    ]);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  while (times.length < count) await new Promise((resolve) => setTimeout(resolve, 5));
  unsubscribe();
  return times;
}

/** The change and the insight are a transaction each, and a transaction is two writes that are waited for. */
function fourSyncs(descriptor: number): number {
  const start = performance.now();
  for (let write = 0; write < 4; write += 1) writeSync(descriptor, Buffer.alloc(4_096, write), 0, 4_096, 0);
  return performance.now() - start;
}

async function series(runs: number, once: () => number | Promise<number>): Promise<readonly number[]> {
  const times: number[] = [];
  for (let run = 0; run < runs; run += 1) times.push(await once());
  return times;
}

function report(name: string, times: readonly number[]): void {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number): string => (sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(2);
  process.stdout.write(`${name}, ms: p50 ${at(0.5)}, p99 ${at(0.99)}, max ${at(1)}\n`);
}
report("memory: change to insight stored", await series(40, () => flip(memory)));
report("disk: change to insight stored", await series(40, () => flip(disk)));
report("disk: the same while changes keep coming", await stream(disk, 400));
const file = openSync(join(folder.path, "syncs"), constants.O_CREAT | constants.O_RDWR | constants.O_DSYNC);
report("disk: its four synchronous writes alone", await series(40, () => fourSyncs(file)));
closeSync(file);

describe(`${PROXIES} proxies, ${SERVICES} services`, () => {
  bench("counted anew", () => {
    referenceMeshInsight(memory, "default");
  });
});
