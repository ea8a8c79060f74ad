/**
 * `npm run bench -- kb1 --zones 10,100 --resources 1000`: one JSON line per round and a table at the end.
 * Options: --zones N[,N] --resources M --trials T --store memory|lmdb --seconds S --seed S --kuma (drives the kuma-cp of KUMA_BIN as well).
 */
import { parseArgs } from "node:util";
import { formatDistribution } from "./statistics.ts";
import { commit, type System, startFloor, startIsthmus, startKuma } from "./systems.ts";
import { kb1 } from "./workloads/kb1.ts";
import { kb2 } from "./workloads/kb2.ts";
import { kb4 } from "./workloads/kb4.ts";
import { kb5 } from "./workloads/kb5.ts";
import { kb10 } from "./workloads/kb10.ts";
import { kb11 } from "./workloads/kb11.ts";

const WORKLOADS = ["kb1", "kb2", "kb4", "kb5", "kb10", "kb11"] as const;
type Workload = (typeof WORKLOADS)[number];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    zones: { type: "string", default: "10" },
    resources: { type: "string", default: "1000" },
    trials: { type: "string", default: "40" },
    store: { type: "string", default: "memory" },
    seconds: { type: "string", default: "60" },
    seed: { type: "string", default: "1" },
    kuma: { type: "boolean", default: false },
  },
});

const workload = positionals[0] as Workload | undefined;
if (!workload || !WORKLOADS.includes(workload)) {
  process.stderr.write(
    `usage: npm run bench -- ${WORKLOADS.join("|")} [--zones N[,N]] [--resources M] [--trials T] [--store memory|lmdb] [--seconds S] [--kuma]\n`,
  );
  process.exit(2);
}
if (values.store !== "memory" && values.store !== "lmdb") throw new Error("--store has to be memory or lmdb");
const store = values.store;
const options = {
  resources: Number(values.resources),
  trials: Number(values.trials),
  seconds: Number(values.seconds),
  seed: Number(values.seed),
};
const hasFloor = workload === "kb1";

for (const zones of values.zones.split(",").map(Number)) {
  const starters: (() => Promise<System>)[] = [() => startIsthmus(store)];
  if (hasFloor) starters.push(startFloor);
  if (values.kuma) starters.push(() => startKuma(process.env["KUMA_BIN"] ?? ""));
  const p50 = new Map<string, number>();
  for (const start of starters) {
    const system = await start();
    try {
      const result = await run(workload, system, zones);
      process.stdout.write(
        `${JSON.stringify({ workload, system: system.name, zones, ...options, commit: commit(), at: new Date().toISOString(), readyMs: Math.round(system.readyMs), ...result })}\n`,
      );
      for (const [figure, value] of Object.entries(result)) {
        if (typeof value === "object")
          process.stderr.write(
            `  ${system.name} ${zones} zones, ${figure}: ${formatDistribution(value)} ms (min/p50/p90/p99/max)\n`,
          );
        else process.stderr.write(`  ${system.name} ${zones} zones, ${figure}: ${value}\n`);
      }
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
process.exit(0);

function run(name: Workload, system: System, zones: number) {
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
      return kb11(system, { ...options, zones });
  }
}
