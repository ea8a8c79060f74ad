/**
 * `npm run bench -- traffic [--only NAME[,NAME]] [--trials T]`: what clients of the other zone see of changes, with real Envoys, all as processes
 * of their own. Prints one JSON line per figure on stdout and readable ones on stderr. Times in milliseconds.
 */
import { parseArgs } from "node:util";
import { distribution, formatDistribution, watchEventLoop } from "@isthmus/bench";
import { ENVOY } from "../harness/envoy-proxy.ts";
import { firstBackends } from "./first-backend.ts";
import { Lab } from "./lab.ts";
import { byHeader, byTimeout } from "./policy.ts";
import { byKill, byProbe, byPut, SERVICE, startInstance } from "./readiness.ts";
import { PAIR, twoInstances } from "./two-instances.ts";
import { zoneOnline } from "./zone-online.ts";

/** Those that take seconds each are repeated less. */
const SLOW_TRIALS = 0.1;
const ALL = ["put", "probe", "kill", "header", "timeout", "first", "online", "pair"] as const;

const { values } = parseArgs({
  allowPositionals: true,
  options: { only: { type: "string", default: ALL.join(",") }, trials: { type: "string", default: "100" } },
});
const trials = Number(values.trials);
const few = Math.max(3, Math.round(trials * SLOW_TRIALS));
const only = values.only.split(",");
const unknown = only.filter((name) => !(ALL as readonly string[]).includes(name));
if (unknown.length > 0 || !(trials > 0)) {
  process.stderr.write(`usage: npm run bench -- traffic [--only ${ALL.join(",")}] [--trials T]\n`);
  process.exit(2);
}
if (ENVOY === undefined) {
  process.stderr.write("this benchmark needs an Envoy: name it by ISTHMUS_ENVOY\n");
  process.exit(1);
}

const wants = (name: (typeof ALL)[number]): boolean => only.includes(name);
const loop = watchEventLoop();

if (wants("online")) report("online", await zoneOnline(few));
if (only.some((name) => name !== "online")) await withLab();
process.stderr.write(`  delay of this process, p99: ${loop.p99Ms().toFixed(2)} ms\n`);
process.exit(0);

async function withLab(): Promise<void> {
  const probed = Array.from({ length: few }, (_, i) => `probed${i}`);
  const plain = Array.from({ length: few }, (_, i) => `plain${i}`);
  const lab = await Lab.start([SERVICE, PAIR, ...(wants("first") ? [...probed, ...plain] : [])]);
  try {
    const port = await startInstance(lab);
    const putToServed = await byPut(lab, wants("put") ? trials : 0);
    if (wants("put")) report("put", { putToServed });
    if (wants("header")) report("header", { putToAnswer: await byHeader(lab, trials) });
    if (wants("timeout")) report("timeout", { putToRunning: await byTimeout(lab, trials) });
    if (wants("probe")) {
      const [dies, returns] = await byProbe(lab, port, few);
      report("workload dies", dies);
      report("workload returns", returns);
    }
    if (wants("kill")) report("kill", await byKill(lab, few));
    if (wants("first")) {
      report("first, checked", await firstBackends(lab, probed, true));
      report("first, not checked", await firstBackends(lab, plain, false));
    }
    if (wants("pair")) report("pair", await twoInstances(lab, few));
  } finally {
    await lab.stop();
  }
}

/** `times`: arrays of milliseconds by name. */
function report(figure: string, times: object): void {
  const entries = Object.entries(times) as [string, readonly number[]][];
  const all = Object.fromEntries(entries.map(([name, each]) => [name, distribution(each)]));
  process.stdout.write(`${JSON.stringify({ workload: "traffic", figure, at: new Date().toISOString(), ...all })}\n`);
  for (const [name, each] of Object.entries(all)) {
    process.stderr.write(`  ${figure}, ${name}: ${formatDistribution(each)} ms (min/p50/p90/p99/max)\n`);
  }
}
