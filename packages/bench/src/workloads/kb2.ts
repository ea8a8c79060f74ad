/** KB2: a MeshService is new, changed, removed in zone A; how long until every other zone knows. */
import { seededRandom } from "@isthmus/testkit";
import { watchEventLoop } from "../event-loop-delay.ts";
import { connectFleet, meshServiceSpec } from "../fleet.ts";
import { distribution, poissonGapMs, round } from "../statistics.ts";
import type { System } from "../systems.ts";
import type { Kb1Options } from "./kb1.ts";
import { loadServices } from "./kb1.ts";

const MEAN_GAP_MS = 30;
const CREATE_PORT = 8080;
const UPDATE_PORT = 9090;

export async function kb2(system: System, options: Kb1Options) {
  const loader = await loadServices(system, options.resources);
  const fleet = await connectFleet(system.kdsUrl, options.zones + 1);
  const source = fleet.zones[0];
  if (!source) throw new Error("no zone");
  const random = seededRandom(options.seed);
  const figures = { create: [] as number[], update: [] as number[], remove: [] as number[] };
  const last: number[] = [];
  const loop = watchEventLoop();
  for (let trial = 0; trial < options.trials; trial += 1) {
    const name = `kb2-${trial}`;
    const wireName = name;
    const steps = [
      {
        figure: figures.create,
        event: "upsert",
        services: [{ name, spec: meshServiceSpec(name, CREATE_PORT) }],
        removed: [],
      },
      {
        figure: figures.update,
        event: "upsert",
        services: [{ name, spec: meshServiceSpec(name, UPDATE_PORT) }],
        removed: [],
      },
      { figure: figures.remove, event: "removal", services: [], removed: [wireName] },
    ] as const;
    for (const step of steps) {
      await new Promise((resolve) => setTimeout(resolve, poissonGapMs(random, MEAN_GAP_MS)));
      const arrivals = fleet.expect("MeshService", name, step.event, source.name);
      const started = performance.now();
      await source.uploadMeshServices(step.services, step.removed);
      const latencies = (await arrivals).map((at) => at - started);
      step.figure.push(...latencies);
      last.push(Math.max(...latencies));
    }
  }
  loop.stop();
  fleet.close();
  loader.close();
  return {
    perZone: distribution([...figures.create, ...figures.update, ...figures.remove]),
    create: distribution(figures.create),
    update: distribution(figures.update),
    remove: distribution(figures.remove),
    lastZone: distribution(last),
    generatorDelayP99Ms: round(loop.p99Ms()),
  };
}
