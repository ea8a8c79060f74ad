/**
 * The main job in one command: a global and zones as real processes on embedded storage, sample resources in each, a live
 * table of what is in sync, and two measured changes. Goes on until Ctrl-C; a second start finds its data.
 */
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { RestResource, SyncStatus } from "@isthmus/api";
import { isJsonObject, type JsonObject } from "@isthmus/std";
import colors from "picocolors";
import { applyDocuments } from "../apply/apply-documents.ts";
import { formatStatus, isConverged } from "../commands/sync.ts";
import { readDocuments } from "../documents.ts";
import { CommandError } from "../exit-code.ts";
import { busyPorts, DemoChild } from "./child.ts";
import { type DemoProcess, demoLayout } from "./layout.ts";
import { type Arrival, clientFor, displayName, measureArrivals } from "./measure.ts";

export interface DemoOptions {
  readonly zones: number;
  readonly data: string;
  readonly portOffset: number;
  readonly once: boolean;
}

const REFRESH_MS = 500;
const CONVERGE_MS = 20_000;
const POLICY = "demo-timeout";
const SERVICE = "backend";
const REVISION = "demo/revision";

export async function runDemo(options: DemoOptions): Promise<void> {
  const data = resolve(options.data);
  const layout = demoLayout(options.zones, data, options.portOffset);
  const [global, ...zones] = layout;
  if (!global) throw new CommandError("no global in the layout");
  const busy = await busyPorts(layout);
  if (busy.length > 0) throw new CommandError(`cannot start:\n  ${busy.join("\n  ")}`);

  const isFirstStart = !existsSync(global.folder);
  const children: DemoChild[] = [];
  const stopped = untilStopped();
  const killAll = (): void => {
    for (const child of children) child.kill();
  };
  process.once("exit", killAll);
  try {
    console.log(
      colors.bold(
        `Isthmus: a global and ${zones.length} zone${zones.length === 1 ? "" : "s"}, data in ${options.data}${isFirstStart ? "" : " (found)"}`,
      ),
    );
    await start(global, children);
    await Promise.all(zones.map((zone) => start(zone, children)));
    await applySamples(global, zones);
    const status = await converged(global, zones.length);
    console.log(`\n${formatStatus(status, false)}\n`);
    await measure(global, zones);
    printHints(global, zones);
    if (options.once) return;
    await watch(global, children, stopped);
  } finally {
    console.log("\nstopping");
    await Promise.all(children.filter((child) => child.process.role === "zone").map((child) => child.stop()));
    await Promise.all(children.map((child) => child.stop()));
    process.off("exit", killAll);
  }
}

async function start(process_: DemoProcess, children: DemoChild[]): Promise<void> {
  const child = new DemoChild(process_);
  children.push(child);
  const ms = await child.ready();
  console.log(
    `  ${process_.name.padEnd(8)} ready after ${ms.toFixed(0)} ms   REST http://127.0.0.1:${process_.restPort}   log ${child.logFile}`,
  );
}

async function applySamples(global: DemoProcess, zones: readonly DemoProcess[]): Promise<void> {
  const folder = samplesFolder();
  console.log(`\napplying ${join("deploy", "demo")}`);
  const targets = [
    { process: global, file: "global.yaml" },
    ...zones.map((zone) => ({ process: zone, file: "zone.yaml" })),
  ];
  for (const { process: target, file } of targets) {
    const { documents, problems } = await readDocuments([join(folder, file)]);
    if (problems.length > 0) throw new CommandError(problems.join("\n"));
    // A zone refuses resources of a mesh that has not come down yet, so the sync itself is what the samples wait for.
    await until(
      `mesh default at ${target.name}`,
      async () => (await clientFor(target).find("meshes/default")) !== undefined,
    );
    const server = `http://127.0.0.1:${target.restPort}`;
    const lines: string[] = [];
    const result = await applyDocuments(clientFor(target), documents, {
      mesh: "default",
      server,
      report: (line) => lines.push(line),
    });
    if (result.failures.length > 0) throw new CommandError(`${target.name}: ${result.failures.join("\n")}`);
    console.log(`  ${target.name.padEnd(8)} ${lines.join(", ")}`);
  }
}

async function converged(global: DemoProcess, zones: number): Promise<SyncStatus> {
  let last: SyncStatus | undefined;
  await until("every zone in sync", async () => {
    last = await clientFor(global).syncStatus();
    return last.zones.filter((zone) => zone.online).length === zones && isConverged(last);
  });
  if (!last) throw new CommandError("no status");
  return last;
}

/** Changes one policy on the global and one service in a zone, and tells how long each took to be stored everywhere. */
async function measure(global: DemoProcess, zones: readonly DemoProcess[]): Promise<void> {
  const [source, ...others] = zones;
  if (!source) return;
  const policyPath = `meshes/default/meshtimeouts/${POLICY}`;
  const policy = await clientFor(global).get(policyPath);
  // Two values in turn, so that every start changes something.
  const timeout = JSON.stringify(policy["spec"]).includes('"15s"') ? "16s" : "15s";
  report(
    `policy MeshTimeout/${POLICY} changed on the global, stored in`,
    await measureArrivals(
      () => clientFor(global).put(policyPath, withRequestTimeout(policy, timeout)),
      zones,
      "meshes/default/meshtimeouts",
      (item) => displayName(item) === POLICY && JSON.stringify(item["spec"]).includes(`"${timeout}"`),
    ),
  );

  const servicePath = `meshes/default/meshservices/${SERVICE}`;
  const service = await clientFor(source).get(servicePath);
  // A label, which no traffic depends on.
  const revision = String(Date.now());
  const changed = { ...(service as JsonObject), labels: { ...service.labels, [REVISION]: revision } };
  report(
    `MeshService/${SERVICE} changed in ${source.name}, stored in`,
    await measureArrivals(
      () => clientFor(source).put(servicePath, changed),
      [global, ...others],
      "meshes/default/meshservices",
      (item) => item.labels?.["kuma.io/zone"] === source.name && item.labels[REVISION] === revision,
    ),
  );
}

function report(what: string, arrivals: readonly Arrival[]): void {
  const list = arrivals.map((arrival) => `${arrival.place} ${colors.green(`${arrival.ms.toFixed(1)} ms`)}`);
  console.log(`${what} ${list.join(", ")}`);
}

function printHints(global: DemoProcess, zones: readonly DemoProcess[]): void {
  const zone = zones.at(0);
  console.log(`
try, in another terminal:
  npx isthmus sync status                       what is stored where, on the global
  npx isthmus sync status --types               the same per type
  npx isthmus get meshservices                  services of all zones, as the global knows them
  npx isthmus get meshtimeouts -s http://127.0.0.1:${zone?.restPort ?? 6681}
  npx isthmus apply -f deploy/demo/global.yaml
  curl http://127.0.0.1:${global.restPort}/sync
  curl http://127.0.0.1:${global.diagnosticsPort}/metrics
`);
}

/** Redraws the table in a terminal; elsewhere prints it when it changes. */
async function watch(global: DemoProcess, children: readonly DemoChild[], stopped: Promise<void>): Promise<void> {
  const end = new AbortController();
  void stopped.then(() => end.abort());
  console.log("live, Ctrl-C stops:");
  let shown = "";
  let lines = 0;
  while (!end.signal.aborted) {
    const ended = children.filter((child) => child.hasEnded).map((child) => child.process.name);
    const text = await clientFor(global)
      .syncStatus()
      .then((status) => formatStatus(status, false))
      .catch(() => "the global does not answer");
    const all = ended.length === 0 ? text : `${text}\n${colors.red(`ended: ${ended.join(", ")}`)}`;
    if (all !== shown) {
      if (process.stdout.isTTY && lines > 0) process.stdout.write(`\x1b[${lines}A\x1b[0J`);
      console.log(all);
      shown = all;
      lines = all.split("\n").length;
    }
    await Promise.race([stopped, new Promise((done) => setTimeout(done, REFRESH_MS))]);
  }
}

function withRequestTimeout(policy: RestResource, requestTimeout: string): JsonObject {
  const spec = policy["spec"];
  const to = [{ targetRef: { kind: "Mesh" }, default: { http: { requestTimeout } } }];
  return { ...(policy as JsonObject), spec: { ...(isJsonObject(spec) ? spec : {}), to } };
}

async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + CONVERGE_MS;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new CommandError(`${what}: not reached within ${CONVERGE_MS} ms`);
    await new Promise((done) => setTimeout(done, 20));
  }
}

function untilStopped(): Promise<void> {
  return new Promise((done) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => done());
  });
}

/** The samples lie beside the packages in the repository; the bundle is three folders below its root. */
function samplesFolder(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  for (const folder of [join(here, "../../../deploy/demo"), join(here, "../../../../deploy/demo")]) {
    if (existsSync(folder)) return folder;
  }
  throw new CommandError("the folder deploy/demo is missing");
}
