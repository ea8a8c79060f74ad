/**
 * `npm run bench -- kb1 --zones 10,100 --resources 1000`: one JSON line per round and a table at the end.
 * Options: --zones N[,N] --resources M --proxies P[,P] --trials T --store memory|lmdb --seconds S --seed S --kuma (drives the kuma-cp of KUMA_BIN as well).
 */
import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { type Distribution, formatDistribution } from "./statistics.ts";
import { commit, type System, startFloor, startIsthmus, startKuma } from "./systems.ts";
import { kb1 } from "./workloads/kb1.ts";
import { kb2 } from "./workloads/kb2.ts";
import { kb3 } from "./workloads/kb3.ts";
import { kb4 } from "./workloads/kb4.ts";
import { kb5 } from "./workloads/kb5.ts";
import { kb10 } from "./workloads/kb10.ts";
import { kb11 } from "./workloads/kb11.ts";
import { kb12 } from "./workloads/kb12.ts";

/** Those that drive a global, or a Kuma, with mock zones; those that start zones themselves and drive them with mock proxies. */
const OF_GLOBALS = ["kb1", "kb2", "kb4", "kb5", "kb10", "kb11"] as const;
const OF_ZONES = ["kb3", "kb12"] as const;
type OfGlobals = (typeof OF_GLOBALS)[number];
type OfZones = (typeof OF_ZONES)[number];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    zones: { type: "string", default: "10" },
    proxies: { type: "string", default: "1" },
    resources: { type: "string", default: "1000" },
    trials: { type: "string", default: "40" },
    store: { type: "string", default: "memory" },
    seconds: { type: "string", default: "60" },
    seed: { type: "string", default: "1" },
    kuma: { type: "boolean", default: false },
  },
});

// What a generator receives lies outside of the heap; V8 would collect everything for every few megabytes of it.
setFlagsFromString("--heap-growing-percent=100");
const workload = positionals[0];
const ofGlobals = OF_GLOBALS.find((each) => each === workload);
const ofZones = OF_ZONES.find((each) => each === workload);
if (ofGlobals === undefined && ofZones === undefined) {
  process.stderr.write(
    `usage: npm run bench -- ${[...OF_GLOBALS, ...OF_ZONES].join("|")} [--zones N[,N]] [--resources M] [--proxies P[,P]] [--trials T] [--store memory|lmdb] [--seconds S] [--kuma]\n`,
  );
  process.exit(2);
}
if (values.store !== "memory" && values.store !== "lmdb") throw new Error("--store has to be memory or lmdb");
const store: "memory" | "lmdb" = values.store;
const options = {
  resources: Number(values.resources),
  trials: Number(values.trials),
  seconds: Number(values.seconds),
  seed: Number(values.seed),
};

if (ofGlobals !== undefined) {
  for (const zones of values.zones.split(",").map(Number)) await roundOfGlobals(ofGlobals, zones);
}
if (ofZones !== undefined) {
  for (const proxies of values.proxies.split(",").map(Number)) await roundOfZones(ofZones, proxies);
}
process.exit(0);

async function roundOfGlobals(workload: OfGlobals, zones: number): Promise<void> {
  const starters: (() => Promise<System>)[] = [() => startIsthmus(store)];
  if (workload === "kb1") starters.push(startFloor);
  if (values.kuma) starters.push(() => startKuma(process.env["KUMA_BIN"] ?? ""));
  const p50 = new Map<string, number>();
  for (const start of starters) {
    const system = await start();
    try {
      const result = await run(workload, system, start, zones);
      report(workload, system.name, `${zones} zones`, { zones, readyMs: Math.round(system.readyMs) }, result);
      if ("perZone" in result) p50.set(system.name, result.perZone.p50);
      if ("generatorDelayP99Ms" in result && result.generatorDelayP99Ms > result.perZone.p50 / 10) {
        process.stderr.write(
          `  void: the generator's own delay (${result.generatorDelayP99Ms} ms at p99) exceeds 10 % of the p50\n`,
        );
      }
    } finally {
      await system.stop();
    }
  }
  const floor = p50.get("floor");
  if (floor !== undefined) {
    for (const [name, value] of p50) {
      if (name !== "floor")
        process.stderr.write(`  ratio ${name} to floor at ${zones} zones: ${(value / floor).toFixed(2)}\n`);
    }
  }
}

async function roundOfZones(workload: OfZones, proxies: number): Promise<void> {
  const own = { store, proxies, services: options.resources, trials: options.trials };
  const result = workload === "kb3" ? await kb3({ ...own, seed: options.seed }) : await kb12(own);
  report(workload, `isthmus (${store})`, `${proxies} proxies`, { proxies }, result);
}

function report(workload: string, system: string, size: string, more: object, result: object): void {
  const whole = { workload, system, ...options, ...more, commit: commit(), at: new Date().toISOString(), ...result };
  process.stdout.write(`${JSON.stringify(whole)}\n`);
  for (const [figure, value] of Object.entries(result) as [string, Distribution | number][]) {
    const text = typeof value === "object" ? `${formatDistribution(value)} ms (min/p50/p90/p99/max)` : String(value);
    process.stderr.write(`  ${system} ${size}, ${figure}: ${text}\n`);
  }
}

function run(name: OfGlobals, system: System, startAnother: () => Promise<System>, zones: number) {
  switch (name) {
    case "kb1":
      return kb1(system, { ...options, zones });
    case "kb2":
      return kb2(system, { ...options, zones });
    case "kb4":
      return kb4(system, { ...options, zones });
    case "kb5":
      return kb5(system, { ...options, zones });
    case "kb10":
      return kb10(system, { ...options, zones });
    case "kb11":
      return kb11(system, startAnother, { ...options, zones });
  }
}
