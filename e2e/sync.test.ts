/** A global and three zones as real processes: what goes down, across, changes and disappears. */
import { eventually } from "@isthmus/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Deployment } from "./harness/deployment.ts";
import { meshService, meshTimeout, SERVICES, servicePath, TIMEOUTS, timeoutPath } from "./harness/samples.ts";

let deployment: Deployment;
beforeAll(async () => {
  deployment = await Deployment.start({ zones: ["east", "west", "north"] });
});
afterAll(() => deployment.stop());

const zones = () => [...deployment.zones.values()];

describe("a global and three zones", () => {
  it("brings the global's defaults to every zone", async () => {
    for (const zone of zones()) {
      expect((await zone.api.get("meshes/default")).labels?.["kuma.io/origin"]).toBe("global");
      const names = (await zone.api.listResources("hostnamegenerators")).map((item) => item.name).sort();
      expect(names).toContain("synced-mesh-external-service-7f4474c7b4z469f4");
      expect(names).toContain("local-universal-mesh-service");
    }
  });

  it("a policy goes down, is changed and deleted everywhere", async () => {
    const { global } = deployment;
    await global.api.put(timeoutPath("slow"), meshTimeout("slow", "15s"));
    for (const zone of zones()) await eventually(async () => zone.byDisplayName(TIMEOUTS, "slow"));
    await global.api.put(timeoutPath("slow"), meshTimeout("slow", "20s"));
    for (const zone of zones()) {
      await eventually(async () => JSON.stringify(await zone.byDisplayName(TIMEOUTS, "slow")).includes('"20s"'));
    }
    await global.api.delete(timeoutPath("slow"));
    for (const zone of zones()) {
      await eventually(async () => (await zone.byDisplayName(TIMEOUTS, "slow")) === undefined);
    }
  });

  it("a service goes to the global and across, never back home", async () => {
    const east = deployment.zone("east");
    await east.api.put(servicePath("backend"), meshService("backend", 8080));
    const atGlobal = await eventually(async () => deployment.global.byDisplayName(SERVICES, "backend"));
    expect(atGlobal.labels).toMatchObject({ "kuma.io/origin": "zone", "kuma.io/zone": "east" });
    for (const name of ["west", "north"]) {
      const there = await eventually(async () => deployment.zone(name).byDisplayName(SERVICES, "backend"));
      expect(there.labels).toMatchObject({ "kuma.io/origin": "global", "kuma.io/zone": "east" });
      // What its owner knows of its proxies stays at home; its address here is this zone's own.
      expect(there["status"]).toMatchObject({ tls: {}, dataplaneProxies: {} });
    }
    await deployment.converged();
    expect(await east.api.listResources(SERVICES)).toHaveLength(1);

    await east.api.put(servicePath("backend"), meshService("backend", 9090));
    await eventually(async () =>
      JSON.stringify(await deployment.zone("north").byDisplayName(SERVICES, "backend")).includes("9090"),
    );
    await east.api.delete(servicePath("backend"));
    await eventually(async () => (await deployment.zone("west").byDisplayName(SERVICES, "backend")) === undefined);
    await eventually(async () => (await deployment.global.byDisplayName(SERVICES, "backend")) === undefined);
  });

  it("the services of a disabled zone disappear from the others and come back", async () => {
    const [east, west, north] = ["east", "west", "north"].map((name) => deployment.zone(name));
    if (!east || !west || !north) throw new Error("zones");
    await east.api.put(servicePath("orders"), meshService("orders", 8080));
    await eventually(async () => west.byDisplayName(SERVICES, "orders"));
    await deployment.global.api.put("zones/east", { type: "Zone", name: "east", enabled: false });
    for (const zone of [west, north]) {
      await eventually(async () => (await zone.byDisplayName(SERVICES, "orders")) === undefined);
    }
    expect(await east.byDisplayName(SERVICES, "orders")).toBeDefined();
    expect(await deployment.global.byDisplayName(SERVICES, "orders")).toBeDefined();
    await deployment.global.api.put("zones/east", { type: "Zone", name: "east", enabled: true });
    for (const zone of [west, north]) await eventually(async () => zone.byDisplayName(SERVICES, "orders"));
  });

  it("refuses what the other side owns, and deleting a connected zone", async () => {
    const east = deployment.zone("east");
    await expect(east.api.put("meshes/mine", { type: "Mesh", name: "mine" })).rejects.toMatchObject({ status: 405 });
    await expect(deployment.global.api.put(servicePath("x"), meshService("x", 1))).rejects.toMatchObject({
      status: 405,
    });
    await expect(deployment.global.api.delete("zones/east")).rejects.toMatchObject({
      status: 400,
      invalidParameters: [
        { field: "zone", reason: "unable to delete Zone, Zone CP is still connected, please shut it down first" },
      ],
    });
  });

  it("a zone that stopped can be deleted, with all that came from it", async () => {
    const north = deployment.zone("north");
    await north.api.put(servicePath("north-only"), meshService("north-only", 8080));
    await eventually(async () => deployment.zone("west").byDisplayName(SERVICES, "north-only"));
    expect(await north.stop()).toBe(0);
    await eventually(async () => {
      const status = await deployment.global.api.syncStatus();
      return status.zones.every((zone) => zone.zone !== "north" || !zone.online);
    });
    expect(await deployment.global.byDisplayName(SERVICES, "north-only")).toBeDefined();
    await deployment.global.api.delete("zones/north");
    await eventually(async () => (await deployment.zone("west").byDisplayName(SERVICES, "north-only")) === undefined);
    expect(await deployment.global.byDisplayName(SERVICES, "north-only")).toBeUndefined();

    await north.start();
    await eventually(async () => deployment.zone("west").byDisplayName(SERVICES, "north-only"));
    expect((await deployment.global.api.get("zones/north"))["enabled"]).toBe(true);
  });

  it("the ledger knows every type of every zone", async () => {
    await eventually(async () =>
      (await deployment.global.api.syncStatus()).zones.every(({ worst }) => worst.state === "synced"),
    );
    const status = await deployment.global.api.syncStatus();
    for (const zone of status.zones) {
      expect(zone.rows.filter((row) => row.direction === "global-to-zone")).toHaveLength(45);
      expect(zone.rows.filter((row) => row.direction === "zone-to-global")).toHaveLength(31);
      expect(zone.worst.state).toBe("synced");
    }
    const metrics = await deployment.global.metrics();
    expect(metrics).toContain('kds_zone_active_connections{zone_name="east",zone="Global"} 2');
    expect(metrics).toMatch(/isthmus_sync_oldest_unacked_seconds\{[^}]*\} 0/);
  });
});
