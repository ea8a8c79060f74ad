/**
 * The main job in one command: a global and zones as real processes on embedded storage, sample resources in each, a live
 * table of what is in sync, two measured changes, and requests from zone to zone where there is an Envoy. Goes on until Ctrl-C; a second
 * start finds its data.
 */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { RestResource, SyncStatus } from "@isthmus/api";
import { findEnvoy } from "@isthmus/dp/envoy-binary";
import { errorMessage, isJsonObject, type JsonObject } from "@isthmus/std";
import colors from "picocolors";
import { applyDocuments } from "../apply/apply-documents.ts";
import { formatStatus, isConverged } from "../commands/sync.ts";
import { readDocuments } from "../documents.ts";
import { CommandError, ExitCode } from "../exit-code.ts";
import { busyPorts, DemoChild, ownCommand } from "./child.ts";
import { type DemoProcess, demoLayout } from "./layout.ts";
import { type Arrival, clientFor, displayName, measureArrivals } from "./measure.ts";
import { samplesFolder } from "./samples.ts";
import { LiveTraffic, showTraffic } from "./show-traffic.ts";
import { Traffic } from "./traffic.ts";
import { TRAFFIC_ZONES, trafficLayout } from "./traffic-layout.ts";

export interface DemoOptions {
  readonly zones: number;
  readonly data: string;
  readonly portOffset: number;
  readonly once: boolean;
  /** Services and Envoys, where there is an Envoy. */
  readonly hasProxies: boolean;
}

const REFRESH_MS = 500;
const CONVERGE_MS = 60_000;
const SAME_SIGNAL_MS = 1_000;
const POLICY = "demo-timeout";
const SERVICE = "backend";
const REVISION = "demo/revision";
const NO_ENVOY =
  "no Envoy was found (`node scripts/envoy-tool.mjs` gets one): neither proxies nor requests between zones";

export async function runDemo(options: DemoOptions): Promise<void> {
  const data = resolve(options.data);
  const layout = demoLayout(options.zones, data, options.portOffset);
  const [global, ...zones] = layout;
  if (!global) throw new CommandError("no global in the layout");
  const busy = await busyPorts(layout);
  if (busy.length > 0) throw new CommandError(`cannot start:\n  ${busy.join("\n  ")}`);

  const isFirstStart = !existsSync(global.folder);
  const children: DemoChild[] = [];
  const envoy = options.hasProxies ? findEnvoy() : undefined;
  let traffic =
    envoy === undefined ? undefined : new Traffic(trafficLayout(zones, options.portOffset), samplesFolder(), envoy);
  const stopped = untilStopped();
  const killAll = (): void => {
    traffic?.kill();
    for (const child of children) child.kill();
  };
  process.once("exit", killAll);
  const whole = async (): Promise<void> => {
    console.log(
      colors.bold(
        `Isthmus: a global and ${zones.length} zone${zones.length === 1 ? "" : "s"}, data in ${options.data}${isFirstStart ? "" : " (found)"}`,
      ),
    );
    await start(global, children);
    await Promise.all(zones.map((zone) => start(zone, children)));
    await applySamples(global, zones, traffic === undefined ? 0 : TRAFFIC_ZONES);
    const status = await converged(global, zones.length);
    console.log(`\n${formatStatus(status, false)}\n`);
    await measure(global, zones);
    if (traffic !== undefined) traffic = await runTraffic(traffic, global);
    else if (options.hasProxies) console.log(`\n${NO_ENVOY}`);
    printHints(global, zones, traffic);
    if (options.once) return;
    await watch(global, children, traffic, stopped);
  };
  try {
    // Ctrl-C ends whatever it is at; what that had still started ends with this process.
    await Promise.race([whole(), stopped]);
  } finally {
    console.log("\nstopping");
    await traffic?.stop();
    const [first, ...others] = children;
    await Promise.all(others.map((child) => child.stop()));
    await first?.stop();
  }
}

async function start(process_: DemoProcess, children: DemoChild[]): Promise<void> {
  const child = new DemoChild({
    name: process_.name,
    folder: process_.folder,
    logName: "log.jsonl",
    args: ownCommand(process_.args),
    readyUrl: `http://127.0.0.1:${process_.diagnosticsPort}/ready`,
  });
  children.push(child);
  const ms = await child.ready();
  console.log(
    `  ${process_.name.padEnd(8)} ready after ${ms.toFixed(0)} ms   REST http://127.0.0.1:${process_.restPort}   log ${child.logFile}`,
  );
}

/** Requests, where everything that they take can be started; without them the demo goes on. */
async function runTraffic(traffic: Traffic, global: DemoProcess): Promise<Traffic | undefined> {
  console.log("\nstarting services, their sidecars, and an ingress and egress of each zone");
  try {
    await traffic.start(global);
    await showTraffic(traffic, global);
    return traffic;
  } catch (error) {
    await traffic.stop();
    console.log(colors.red(`no requests between zones: ${errorMessage(error)}`));
    return undefined;
  }
}

/** @param withEnvoys so many zones, from the first, get their Dataplanes from proxies */
async function applySamples(global: DemoProcess, zones: readonly DemoProcess[], withEnvoys: number): Promise<void> {
  const folder = samplesFolder();
  console.log(`\napplying ${join("deploy", "demo")}`);
  const targets = [
    { process: global, files: ["global.yaml"] },
    ...zones.map((zone, i) => ({
      process: zone,
      files: i < withEnvoys ? ["zone.yaml"] : ["dataplanes.yaml", "zone.yaml"],
    })),
  ];
  for (const { process: target, files } of targets) {
    const { documents, problems } = await readDocuments(files.map((file) => join(folder, file)));
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
    const applied = lines.filter((line) => !line.startsWith(" "));
    console.log(`  ${target.name.padEnd(8)} ${applied.join(", ")}`);
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

function printHints(global: DemoProcess, zones: readonly DemoProcess[], traffic: Traffic | undefined): void {
  const zone = zones.at(0);
  const request = traffic?.routes.at(0);
  console.log(`
try, in another terminal:
  npx isthmus sync status                       what is stored where, on the global
  npx isthmus sync status --types               the same per type
  npx isthmus get meshservices                  services of all zones, as the global knows them
  npx isthmus get meshtimeouts -s http://127.0.0.1:${zone?.restPort ?? 6681}
  npx isthmus apply -f deploy/demo/global.yaml
  curl http://127.0.0.1:${global.restPort}/sync
  curl http://127.0.0.1:${global.diagnosticsPort}/metrics${
    request === undefined
      ? ""
      : `
  curl ${request.url}    a request of ${request.label}
  npx isthmus explain --from web-1 --to backend --kind MeshMultiZoneService -s http://127.0.0.1:${zone?.restPort ?? 6681}`
  }
`);
}

/** Redraws the table in a terminal; elsewhere prints it when it changes. */
async function watch(
  global: DemoProcess,
  children: readonly DemoChild[],
  traffic: Traffic | undefined,
  stopped: Promise<void>,
): Promise<void> {
  const live = traffic === undefined ? undefined : new LiveTraffic(traffic);
  const end = new AbortController();
  void stopped.then(() => end.abort());
  console.log("live, Ctrl-C stops:");
  let shown = "";
  let lines = 0;
  while (!end.signal.aborted) {
    const endedPrograms = children.filter((child) => child.hasEnded).map((child) => child.name);
    const ended = [...endedPrograms, ...(traffic?.ended() ?? [])];
    const status = await clientFor(global)
      .syncStatus()
      .then((status) => formatStatus(status, false))
      .catch(() => "the global does not answer");
    const requests = (await live?.lines()) ?? [];
    const all = [
      status,
      ...(requests.length === 0 ? [] : ["", "the last requests, and the zones that answered:", ...requests]),
      ...(ended.length === 0 ? [] : [colors.red(`ended: ${ended.join(", ")}`)]),
    ].join("\n");
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

/**
 * The first signal; a later one ends the demo at once, and its processes with it. One Ctrl-C may come more than once: from the terminal, from npm,
 * and from the script that npm runs.
 */
function untilStopped(): Promise<void> {
  let firstMs: number | undefined;
  return new Promise((done) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      process.on(signal, () => {
        firstMs ??= performance.now();
        if (performance.now() - firstMs > SAME_SIGNAL_MS) process.exit(ExitCode.interrupted);
        done();
      });
    }
  });
}
