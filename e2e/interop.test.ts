/**
 * With real Kuma 2.14.3 peers: our zone under a real global, a real zone under ours. Runs where KUMA_BIN names a folder
 * with a kuma-cp; skipped by name elsewhere.
 */
import { join } from "node:path";
import { eventually, freePorts, type TempFolder, tempFolder } from "@isthmus/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ControlPlane } from "./harness/control-plane.ts";
import { ENVOY, EnvoyProxy } from "./harness/envoy-proxy.ts";
import { KUMA_BIN, KumaControlPlane } from "./harness/kuma.ts";
import { meshService, meshTimeout, SERVICES, servicePath, TIMEOUTS, timeoutPath } from "./harness/samples.ts";

/** Kuma polls, caches and backs off: a change may take it several seconds, a reconnect up to half a minute. */
const KUMA_PACE = { timeoutMs: 90_000, intervalMs: 100 };

let folder: TempFolder;
beforeAll(async () => {
  folder = await tempFolder("isthmus-interop-");
});
afterAll(() => folder.remove());

async function isthmus(role: "global" | "zone", name: string, settings: Record<string, string>): Promise<ControlPlane> {
  const [restPort = 0, diagnosticsPort = 0, kdsPort = 0] = await freePorts(3);
  const kds = role === "global" ? { kdsPort } : {};
  return new ControlPlane({ role, name, folder: join(folder.path, name), settings, restPort, diagnosticsPort, ...kds });
}

describe.skipIf(KUMA_BIN === undefined)("an Isthmus zone under a real Kuma global (needs KUMA_BIN)", () => {
  let global: KumaControlPlane;
  let ours: ControlPlane;
  let other: KumaControlPlane;
  let dpPort = 0;
  beforeAll(async () => {
    [dpPort = 0] = await freePorts(1);
    global = await KumaControlPlane.create({ folder: join(folder.path, "kuma-global") });
    await global.start();
    const globalAddress = `grpcs://127.0.0.1:${global.kdsPort}`;
    ours = await isthmus("zone", "ours", {
      "multizone.zone.name": "ours",
      "multizone.zone.globalAddress": globalAddress,
      "multizone.zone.kds.rootCaFile": join(global.folder, "kuma-cp.crt"),
      "dpServer.port": String(dpPort),
    });
    other = await KumaControlPlane.create({
      folder: join(folder.path, "kuma-zone"),
      zone: { name: "other", globalAddress },
    });
    await Promise.all([ours.start(), other.start()]);
    await eventually(async () => (await ours.api.find("meshes/default")) !== undefined, KUMA_PACE);
  }, 180_000);
  afterAll(async () => {
    await ours.kill();
    await other.stop();
    await global.stop();
  });

  it("gets defaults and policies, changed and deleted", { timeout: 120_000 }, async () => {
    await global.api.put(timeoutPath("slow"), meshTimeout("slow", "15s"));
    await eventually(async () => ours.byDisplayName(TIMEOUTS, "slow"), KUMA_PACE);
    await global.api.delete(timeoutPath("slow"));
    await eventually(async () => (await ours.byDisplayName(TIMEOUTS, "slow")) === undefined, KUMA_PACE);
    expect((await ours.api.get("meshes/default")).labels?.["kuma.io/origin"]).toBe("global");
  });

  it("its services reach the real global and the real zone, and theirs reach it", { timeout: 180_000 }, async () => {
    await ours.api.put(servicePath("from-ours"), meshService("from-ours", 8080));
    await eventually(
      async () => (await global.api.listResources(SERVICES)).some((s) => s.name.startsWith("from-ours-")),
      KUMA_PACE,
    );
    await eventually(
      async () => (await other.api.listResources(SERVICES)).some((s) => s.name.startsWith("from-ours-")),
      KUMA_PACE,
    );
    await other.api.put(servicePath("from-kuma"), meshService("from-kuma", 8080));
    const arrived = await eventually(async () => ours.byDisplayName(SERVICES, "from-kuma"), KUMA_PACE);
    expect(arrived.labels).toMatchObject({ "kuma.io/origin": "global", "kuma.io/zone": "other" });
    await ours.api.delete(servicePath("from-ours"));
    await eventually(
      async () => !(await other.api.listResources(SERVICES)).some((s) => s.name.startsWith("from-ours-")),
      KUMA_PACE,
    );
  });

  it("a dataplane of ours is seen on the real global, and no response was refused", { timeout: 120_000 }, async () => {
    await ours.api.put("meshes/default/dataplanes/dp-1", {
      type: "Dataplane",
      mesh: "default",
      name: "dp-1",
      networking: { address: "127.0.0.9", inbound: [{ port: 8080, tags: { "kuma.io/service": "dp" } }] },
    });
    await eventually(async () => (await global.api.listResources("meshes/default/dataplanes")).length === 1, KUMA_PACE);
    const status = await ours.api.syncStatus();
    expect(status.zones.flatMap((zone) => zone.rows).filter((row) => row.nacks > 0)).toEqual([]);
  });

  it.skipIf(ENVOY === undefined)(
    "answers the real global for its proxies (needs Envoy)",
    { timeout: 120_000 },
    async () => {
      const address = "127.0.32.11";
      const inbound = [
        { port: 8080, servicePort: 1, tags: { "kuma.io/service": "asked", "kuma.io/protocol": "http" } },
      ];
      const resource = { type: "Dataplane", mesh: "default", name: "asked", networking: { address, inbound } };
      const listens = { address, port: 8080 };
      const envoy = await EnvoyProxy.start({ zone: ours, dpPort, proxyType: "dataplane", resource, listens });
      try {
        const dataplanes = "meshes/default/dataplanes";
        const found = await eventually(
          async () => (await global.api.listResources(dataplanes)).find(({ name }) => name.startsWith("asked-")),
          KUMA_PACE,
        );
        const path = `${dataplanes}/${found.name}`;
        // Kuma takes a zone for offline until it has written its insight.
        const dump = await eventually(() => global.api.text(`${path}/xds`), KUMA_PACE);
        expect(dump).toContain(`inbound:${address}:8080`);
        expect(await global.api.text(`${path}/stats`)).toMatch(/^server\.live: 1$/m);
        expect(JSON.parse(await global.api.text(`${path}/clusters`, { format: "json" }))).toHaveProperty(
          "cluster_statuses",
        );
      } finally {
        await envoy.kill();
      }
    },
  );

  it("keeps everything when the real global comes back empty", { timeout: 180_000 }, async () => {
    await global.api.put("meshes/prod", { type: "Mesh", name: "prod" });
    for (let i = 0; i < 5; i += 1) await global.api.put(timeoutPath(`keep-${i}`), meshTimeout(`keep-${i}`, "15s"));
    await eventually(async () => ours.byDisplayName(TIMEOUTS, "keep-4"), KUMA_PACE);
    // Types come one by one.
    await eventually(async () => ours.api.find("meshes/prod"), KUMA_PACE);
    await global.stop("SIGKILL");
    await global.start();
    await eventually(async () => (await ours.api.holds()).length > 0, KUMA_PACE);
    expect(await ours.byDisplayName(TIMEOUTS, "keep-0")).toBeDefined();
    expect(await ours.api.find("meshes/prod")).toBeDefined();
  });
});

describe.skipIf(KUMA_BIN === undefined)("a real Kuma zone under an Isthmus global (needs KUMA_BIN)", () => {
  let global: ControlPlane;
  let kuma: KumaControlPlane;
  let ours: ControlPlane;
  beforeAll(async () => {
    global = await isthmus("global", "our-global", {});
    await global.start();
    const globalAddress = `grpcs://127.0.0.1:${global.options.kdsPort ?? 0}`;
    kuma = await KumaControlPlane.create({
      folder: join(folder.path, "kuma-under-ours"),
      zone: { name: "kuma", globalAddress },
    });
    ours = await isthmus("zone", "beside", {
      "multizone.zone.name": "beside",
      "multizone.zone.globalAddress": globalAddress,
      "multizone.zone.kds.rootCaFile": join(global.folder, "kuma-cp.crt"),
    });
    await Promise.all([kuma.start(), ours.start()]);
    await eventually(async () => (await kuma.api.find("meshes/default")) !== undefined, KUMA_PACE);
  }, 180_000);
  afterAll(async () => {
    await kuma.stop();
    await ours.kill();
    await global.kill();
  });

  it("gets our defaults and policies without refusing anything", { timeout: 120_000 }, async () => {
    await global.api.put(timeoutPath("slow"), meshTimeout("slow", "15s"));
    await eventually(
      async () => (await kuma.api.listResources(TIMEOUTS)).some((t) => t.name.startsWith("slow-")),
      KUMA_PACE,
    );
    await eventually(async () => {
      const zone = (await global.api.syncStatus()).zones.find((entry) => entry.zone === "kuma");
      return zone?.online && zone.rows.every((row) => row.state === "synced" || row.direction === "zone-to-global");
    }, KUMA_PACE);
    const zone = (await global.api.syncStatus()).zones.find((entry) => entry.zone === "kuma");
    expect(zone?.rows.filter((row) => row.nacks > 0)).toEqual([]);
    expect(zone?.isIsthmus).toBe(false);
    await global.api.delete(timeoutPath("slow"));
    await eventually(
      async () => !(await kuma.api.listResources(TIMEOUTS)).some((t) => t.name.startsWith("slow-")),
      KUMA_PACE,
    );
  });

  it("its dataplanes and services reach us and the other zone, ours reach it", { timeout: 180_000 }, async () => {
    await kuma.api.put(servicePath("from-kuma"), meshService("from-kuma", 8080));
    await eventually(async () => ours.byDisplayName(SERVICES, "from-kuma"), KUMA_PACE);
    await ours.api.put(servicePath("from-ours"), meshService("from-ours", 8080));
    await eventually(
      async () => (await kuma.api.listResources(SERVICES)).some((s) => s.name.startsWith("from-ours-")),
      KUMA_PACE,
    );
    await kuma.api.put("meshes/default/dataplanes/dp-1", {
      type: "Dataplane",
      mesh: "default",
      name: "dp-1",
      networking: { address: "127.0.0.9", inbound: [{ port: 8080, tags: { "kuma.io/service": "dp" } }] },
    });
    await eventually(async () => (await global.api.listResources("meshes/default/dataplanes")).length === 1, KUMA_PACE);
  });

  it("is asked about its proxies, and its answer is passed on", { timeout: 60_000 }, async () => {
    const [dataplane] = await global.api.listResources("meshes/default/dataplanes");
    const path = `${global.restUrl}/meshes/default/dataplanes/${dataplane?.name ?? ""}`;
    for (const [operation, request] of [
      ["xds", "XDSConfigRequest"],
      ["stats", "StatsRequest"],
      ["clusters", "ClustersRequest"],
    ] as const) {
      const answer = await eventually(async () => {
        const response = await fetch(`${path}/${operation}`);
        const body = (await response.json()) as { detail?: string };
        return body.detail?.includes("not yet connected") === true ? undefined : { status: response.status, ...body };
      }, KUMA_PACE);
      // No Envoy runs behind the Dataplane: that is what the zone says.
      expect(answer).toMatchObject({ status: 400, detail: expect.stringContaining(`could not send ${request}: `) });
    }
    expect((await global.api.syncStatus()).zones.find(({ zone }) => zone === "kuma")?.online).toBe(true);
  });

  it("comes back by itself after our global was killed, with nothing lost", { timeout: 180_000 }, async () => {
    await global.api.put(timeoutPath("before"), meshTimeout("before", "15s"));
    await eventually(
      async () => (await kuma.api.listResources(TIMEOUTS)).some((t) => t.name.startsWith("before-")),
      KUMA_PACE,
    );
    await global.kill();
    await global.start();
    await global.api.put(timeoutPath("after"), meshTimeout("after", "15s"));
    await eventually(
      async () => (await kuma.api.listResources(TIMEOUTS)).some((t) => t.name.startsWith("after-")),
      KUMA_PACE,
    );
    expect((await kuma.api.listResources(TIMEOUTS)).some((t) => t.name.startsWith("before-"))).toBe(true);
  });
});
