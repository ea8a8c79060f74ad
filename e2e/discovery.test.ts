/** Dataplanes of one zone become services of all: a zone scales, drains, dies, and the others follow. Real processes over KDS. */
import type { RestResource } from "@isthmus/api";
import { isJsonObject, type JsonObject, type JsonValue } from "@isthmus/std";
import { eventually } from "@isthmus/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ControlPlane } from "./harness/control-plane.ts";
import { Deployment } from "./harness/deployment.ts";
import { SERVICES } from "./harness/samples.ts";

const MULTI_ZONE = "meshes/default/meshmultizoneservices";
const HEALTHY = "isthmus.io/healthy-instances";

let deployment: Deployment;
let east: ControlPlane;
let west: ControlPlane;
beforeAll(async () => {
  deployment = await Deployment.start({ zones: ["east", "west"], zone: { "meshService.deletionGracePeriod": "1s" } });
  east = deployment.zone("east");
  west = deployment.zone("west");
  const { global } = deployment;
  await global.api.put("meshes/default", { type: "Mesh", name: "default", meshServices: { mode: "Exclusive" } });
  await global.api.put(`${MULTI_ZONE}/shop`, {
    type: "MeshMultiZoneService",
    mesh: "default",
    name: "shop",
    spec: {
      selector: { meshService: { matchLabels: { "kuma.io/display-name": "backend" } } },
      ports: [{ port: 8080, appProtocol: "http" }],
    },
  });
  for (const zone of [east, west]) {
    await eventually(async () => member(await zone.api.get("meshes/default"), "meshServices", "mode") === "Exclusive");
    await eventually(() => zone.byDisplayName(MULTI_ZONE, "shop"));
  }
});
afterAll(() => deployment.stop());

const dataplanePath = (name: string): string => `meshes/default/dataplanes/${name}`;

function dataplane(name: string, address: string, state: "Ready" | "NotReady" = "Ready"): JsonObject {
  const inbound = { port: 8080, tags: { "kuma.io/service": "backend", "kuma.io/protocol": "http" }, state };
  return { type: "Dataplane", mesh: "default", name, networking: { address, inbound: [inbound] } };
}

/** A member of a member. */
function member(value: JsonValue | RestResource | undefined, ...path: readonly string[]): JsonValue | undefined {
  return path.reduce<JsonValue | undefined>(
    (object, key) => (isJsonObject(object) ? object[key] : undefined),
    value as JsonValue | undefined,
  );
}

/** The service of that zone as another one has it. */
async function serviceOf(zone: string, at: ControlPlane): Promise<RestResource | undefined> {
  const items = await at.api.listResources(SERVICES);
  return items.find(({ labels }) => labels?.["kuma.io/zone"] === zone && labels["kuma.io/display-name"] === "backend");
}

async function zonesOfShop(at: ControlPlane): Promise<readonly string[]> {
  const shop = await at.byDisplayName(MULTI_ZONE, "shop");
  const services = member(shop, "status", "meshServices");
  if (!Array.isArray(services)) return [];
  return (services as readonly JsonValue[])
    .map((one) => member(one, "zone"))
    .filter((zone) => typeof zone === "string");
}

const isIn = async (zone: string, at: ControlPlane, state: string, healthy: string): Promise<boolean> => {
  const service = await serviceOf(zone, at);
  return member(service, "spec", "state") === state && service?.labels?.[HEALTHY] === healthy;
};

describe("a service of Dataplanes in one zone", () => {
  it("comes up in both, each with its own address and name for it", async () => {
    await east.api.put(dataplanePath("backend-1"), dataplane("backend-1", "10.1.0.1"));
    await eventually(() => isIn("east", east, "Available", "1"));
    await eventually(() => isIn("east", west, "Available", "1"));
    const there = await eventually(async () => {
      const service = await serviceOf("east", west);
      return member(service, "status", "vips") === undefined ? undefined : service;
    });
    expect(member(there, "spec", "identities")).toEqual([{ type: "ServiceTag", value: "backend" }]);
    expect(member(there, "status", "addresses")).toMatchObject([{ hostname: "backend.svc.east.mesh.local" }]);
    const here = await serviceOf("east", east);
    expect(member(here, "status", "addresses")).toMatchObject([{ hostname: "backend.svc.mesh.local" }]);
    expect(member(here, "status", "dataplaneProxies")).toEqual({ healthy: 1, total: 1 });
    expect(JSON.stringify(member(there, "status", "vips"))).not.toBe(JSON.stringify(member(here, "status", "vips")));
    for (const zone of [east, west]) await eventually(async () => (await zonesOfShop(zone)).join() === "east");
  });

  it("scales: the other zone knows how many instances there are", async () => {
    for (const n of [2, 3, 4])
      await east.api.put(dataplanePath(`backend-${n}`), dataplane(`backend-${n}`, `10.1.0.${n}`));
    await eventually(() => isIn("east", west, "Available", "4"));
    await west.api.put(dataplanePath("backend-1"), dataplane("backend-1", "10.2.0.1"));
    for (const zone of [east, west]) await eventually(async () => (await zonesOfShop(zone)).join() === "east,west");
    await eventually(() => isIn("west", east, "Available", "1"));
  });

  it("drains: instances stay, the service is no longer available", async () => {
    for (const n of [1, 2, 3, 4]) {
      await east.api.put(dataplanePath(`backend-${n}`), dataplane(`backend-${n}`, `10.1.0.${n}`, "NotReady"));
    }
    await eventually(() => isIn("east", west, "Unavailable", "0"));
    await east.api.put(dataplanePath("backend-4"), dataplane("backend-4", "10.1.0.4"));
    await eventually(() => isIn("east", west, "Available", "1"));
  });

  it("dies: it goes from both zones after its grace period, and comes back with the same address", async () => {
    const vips = member(await serviceOf("east", east), "status", "vips");
    for (const n of [1, 2, 3, 4]) await east.api.delete(dataplanePath(`backend-${n}`));
    await eventually(() => isIn("east", west, "Unavailable", "0"));
    await eventually(async () => (await serviceOf("east", west)) === undefined);
    expect(await serviceOf("east", east)).toBeUndefined();
    for (const zone of [east, west]) await eventually(async () => (await zonesOfShop(zone)).join() === "west");
    await east.api.put(dataplanePath("backend-1"), dataplane("backend-1", "10.1.0.1"));
    await eventually(() => isIn("east", west, "Available", "1"));
    expect(member(await serviceOf("east", east), "status", "vips")).toEqual(vips);
  });

  it("is there after kill -9 of its zone, with the same address, and changed while nobody was connected", async () => {
    const before = await serviceOf("east", east);
    await east.kill();
    await east.start();
    expect((await serviceOf("east", east))?.["status"]).toEqual(before?.["status"]);
    await deployment.global.kill();
    await east.api.put(dataplanePath("backend-1"), dataplane("backend-1", "10.1.0.1", "NotReady"));
    await eventually(() => isIn("east", east, "Unavailable", "0"));
    expect(await isIn("east", west, "Available", "1")).toBe(true);
    await deployment.global.start();
    await eventually(() => isIn("east", west, "Unavailable", "0"));
  });

  it("goes from the other zone when its own one is deleted", async () => {
    await deployment.converged();
    await east.stop();
    await eventually(async () => {
      const status = await deployment.global.api.syncStatus();
      return status.zones.every(({ zone, online }) => zone !== "east" || !online);
    });
    await deployment.global.api.delete("zones/east");
    await eventually(async () => (await zonesOfShop(west)).join() === "west");
  });

  it("is counted in the metrics, and nothing failed", async () => {
    await eventually(async () => /collection="pendingWrites"[^\n]* 0$/m.test(await west.metrics()));
    const lines = (await west.metrics()).split("\n").filter((line) => /^(isthmus_topology|component)_/.test(line));
    const values = new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.split(" ").at(-1))]));
    expect(values.get('component_mzms_status_updater_count{zone="west"}')).toBeGreaterThan(0);
    expect(values.get('isthmus_topology_entries{collection="services",zone="west"}')).toBe(2);
    expect(values.get('isthmus_topology_entries{collection="pendingWrites",zone="west"}')).toBe(0);
    expect(values.get('isthmus_topology_vips{kind="MeshService",zone="west"}')).toBeGreaterThan(0);
    expect(values.get('isthmus_topology_defects_total{zone="west"}')).toBe(0);
    expect([...values.keys()].filter((name) => name.startsWith("isthmus_topology_problems"))).toEqual([]);
  });
});
