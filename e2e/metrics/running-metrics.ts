/** A global and a zone under it in this process, with some traffic, and what a scrape of each shows. */
import { composeGlobal } from "@isthmus/global";
import { createLogger, type MetricDescription, openInstance } from "@isthmus/runtime";
import { eventually, freePorts, tempFolder } from "@isthmus/testkit";
import { composeZone } from "@isthmus/zone";
import { configOf } from "../contract/configuration.ts";
import { type Families, parseFamilies } from "./families.ts";

export interface Scraped {
  /** Everything that the program declares, also what has no series yet. */
  readonly declared: readonly MetricDescription[];
  readonly families: Families;
  readonly diagnosticsPort: number;
}

export interface RunningMetrics {
  readonly global: Scraped;
  readonly zone: Scraped;
  stop(): Promise<void>;
}

export async function runningMetrics(): Promise<RunningMetrics> {
  const folder = await tempFolder("isthmus-metrics-");
  const ports = await freePorts(5);
  const [globalApi = 0, globalDiagnostics = 0, kds = 0, zoneApi = 0, zoneDiagnostics = 0] = ports;
  const global = await openInstance(
    { name: "global", zoneLabel: "Global" },
    configOf(folder.path, {
      "apiServer.http.port": globalApi,
      "diagnostics.serverPort": globalDiagnostics,
      "multizone.global.kds.grpcPort": kds,
      "multizone.global.kds.interface": "127.0.0.1",
    }),
    createLogger({ level: "off", name: "global" }),
  );
  const zone = await openInstance(
    { name: "east", zoneLabel: "east" },
    configOf(folder.path, {
      "apiServer.http.port": zoneApi,
      "diagnostics.serverPort": zoneDiagnostics,
      "dpServer.port": 0,
      "multizone.zone.name": "east",
      "multizone.zone.globalAddress": `grpcs://127.0.0.1:${kds}`,
      "multizone.zone.kds.tlsSkipVerify": "true",
    }),
    createLogger({ level: "off", name: "east" }),
  );
  const programs = [await composeGlobal(global), await composeZone(zone)];
  for (const { service } of programs) await service.start();
  await zone.store.commit([
    {
      kind: "put",
      resource: {
        type: "Dataplane",
        mesh: "default",
        name: "web-1",
        labels: {},
        spec: { networking: { address: "10.0.0.1", inbound: [{ port: 80, tags: { "kuma.io/service": "web" } }] } },
      },
    },
  ]);
  await eventually(() => global.store.list("Dataplane").length === 1, { what: "the Dataplane of the zone" });
  await eventually(() => zone.store.get({ type: "Mesh", mesh: "", name: "default" }) !== undefined);
  for (const port of [globalApi, zoneApi]) {
    for (const path of ["/", "/meshes", "/nothing"]) await fetch(`http://127.0.0.1:${port}${path}`);
  }
  return {
    global: {
      declared: global.metrics.describe(),
      families: await scrape(globalDiagnostics),
      diagnosticsPort: globalDiagnostics,
    },
    zone: {
      declared: zone.metrics.describe(),
      families: await scrape(zoneDiagnostics),
      diagnosticsPort: zoneDiagnostics,
    },
    async stop() {
      for (const { service } of programs.reverse()) await service.stop();
      await folder.remove();
    },
  };
}

async function scrape(port: number): Promise<Families> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`);
  return parseFamilies(await response.text());
}
