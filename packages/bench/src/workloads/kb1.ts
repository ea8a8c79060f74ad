/** KB1: a policy is put at the global's REST; how long until each zone has it. All else quiet. */
import { seededRandom } from "@isthmus/testkit";
import { watchEventLoop } from "../event-loop-delay.ts";
import { connectFleet, meshServices } from "../fleet.ts";
import { MockZone } from "../mock-zone.ts";
import { distribution, poissonGapMs, round } from "../statistics.ts";
import type { System } from "../systems.ts";

export interface Kb1Options {
  readonly zones: number;
  readonly resources: number;
  readonly trials: number;
  readonly seed: number;
}

/** A global runs for weeks: what is measured is compiled code. */
const WARM_UP_TRIALS = 200;
const MEAN_GAP_MS = 30;

export async function kb1(system: System, options: Kb1Options) {
  const loader = system.name === "floor" ? undefined : await loadServices(system, options.resources);
  const fleet = await connectFleet(system.kdsUrl, options.zones);
  const random = seededRandom(options.seed);
  const perZone: number[] = [];
  const lastZone: number[] = [];
  const puts: number[] = [];
  const loop = watchEventLoop();
  for (let trial = -WARM_UP_TRIALS; trial < options.trials; trial += 1) {
    await new Promise((resolve) => setTimeout(resolve, poissonGapMs(random, MEAN_GAP_MS)));
    const name = `kb1-${trial + WARM_UP_TRIALS}`;
    const arrivals = fleet.expect("MeshTimeout", name, "upsert");
    const started = performance.now();
    await put(system.restUrl, name);
    const putMs = performance.now() - started;
    const latencies = (await arrivals).map((at) => at - started);
    if (trial < 0) continue;
    puts.push(putMs);
    perZone.push(...latencies);
    lastZone.push(Math.max(...latencies));
  }
  loop.stop();
  fleet.close();
  loader?.close();
  return {
    perZone: distribution(perZone),
    lastZone: distribution(lastZone),
    put: distribution(puts),
    generatorDelayP99Ms: round(loop.p99Ms()),
  };
}

/** Fills the global from one zone, which stays connected. */
export async function loadServices(system: System, count: number): Promise<MockZone> {
  const loader = new MockZone({ url: system.kdsUrl, name: "loader" });
  await loader.connect();
  if (count > 0) await loader.uploadMeshServices(meshServices(count));
  return loader;
}

async function put(restUrl: string, name: string): Promise<void> {
  const response = await fetch(`${restUrl}/meshes/default/meshtimeouts/${name}`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      type: "MeshTimeout",
      mesh: "default",
      name,
      spec: {
        targetRef: { kind: "Mesh" },
        to: [{ targetRef: { kind: "Mesh" }, default: { idleTimeout: "1m0s", http: { requestTimeout: "15s" } } }],
      },
    }),
  });
  if (!response.ok) throw new Error(`put ${name}: ${response.status} ${await response.text()}`);
}
