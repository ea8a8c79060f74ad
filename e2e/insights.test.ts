/** Insights over two programs: what a proxy of a zone does shows on the global, and what died with its control plane is offline. */
import { composeGlobal } from "@isthmus/global";
import { createLogger, openInstance } from "@isthmus/runtime";
import type { JsonObject } from "@isthmus/std";
import type { ResourceDraft } from "@isthmus/store";
import { eventually, freePorts, tempFolder } from "@isthmus/testkit";
import { composeZone } from "@isthmus/zone";
import { expect, it, onTestFinished } from "vitest";
import { configOf } from "./contract/configuration.ts";

const CONNECTED_AT = "2026-01-01T00:00:00Z";
const log = createLogger({ level: "off", name: "insights" });
const dataplane: ResourceDraft = {
  type: "Dataplane",
  mesh: "default",
  name: "web-1",
  labels: {},
  spec: { networking: { address: "10.0.0.1", inbound: [{ port: 80, tags: { "kuma.io/service": "web" } }] } },
};

function insight(instance: string): ResourceDraft {
  const subscription = { id: "1", controlPlaneInstanceId: instance, connectTime: CONNECTED_AT };
  return { ...dataplane, type: "DataplaneInsight", spec: { subscriptions: [subscription] } };
}

it("a proxy is online on the global as soon as its zone says so, and offline when its control plane died", async () => {
  const folder = await tempFolder("isthmus-insights-");
  onTestFinished(() => folder.remove());
  const [globalPort = 0, kds = 0, zonePort = 0] = await freePorts(3);
  const globalConfig = configOf(folder.path, {
    "apiServer.http.port": globalPort,
    "multizone.global.kds.grpcPort": kds,
    "multizone.global.kds.interface": "127.0.0.1",
    "multizone.global.kds.tlsEnabled": false,
  });
  const global = await composeGlobal(await openInstance({ name: "global", zoneLabel: "Global" }, globalConfig, log));
  await global.service.start();
  onTestFinished(() => global.service.stop());

  const zoneConfig = configOf(folder.path, {
    "apiServer.http.port": zonePort,
    "multizone.zone.name": "east",
    "multizone.zone.globalAddress": `grpc://127.0.0.1:${kds}`,
  });
  const instance = await openInstance({ name: "east", zoneLabel: "east" }, zoneConfig, log);
  const { store, instanceId } = instance;
  await store.commit([
    { kind: "put", resource: dataplane },
    { kind: "put", resource: insight("an-instance-that-died") },
  ]);
  const zone = await composeZone(instance);
  await zone.service.start();
  onTestFinished(() => zone.service.stop());
  const closed = store.get({ type: "DataplaneInsight", mesh: "default", name: "web-1" })?.spec;
  expect(JSON.stringify(closed)).toContain("disconnectTime");

  const dataplanes = async (): Promise<unknown> => {
    const response = await fetch(`http://127.0.0.1:${globalPort}/mesh-insights/default`);
    return response.ok ? ((await response.json()) as JsonObject)["dataplanes"] : undefined;
  };
  const shows = (wanted: object) => async (): Promise<boolean> =>
    JSON.stringify(await dataplanes()) === JSON.stringify(wanted);
  await eventually(shows({ total: 1, offline: 1 }), { what: "a proxy that is offline" });

  await store.commit([{ kind: "put", resource: insight(instanceId) }]);
  await eventually(shows({ total: 1, online: 1 }), { what: "a proxy that is online" });
  const [service] = (
    (await (await fetch(`http://127.0.0.1:${globalPort}/service-insights`)).json()) as { items: JsonObject[] }
  ).items;
  expect(service).toMatchObject({ name: "web", status: "online", dataplanes: { total: 1, online: 1 } });
  // The services of a mesh are told to every zone.
  await eventually(() => store.list("ServiceInsight").some(({ spec }) => JSON.stringify(spec).includes('"online"')), {
    what: "the services of the mesh in the zone",
  });
});
