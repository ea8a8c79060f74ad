/**
 * Packets from zone to zone through real Envoys: a client in west, instances in east and west, an ingress in each zone. Everything that the
 * proxies know comes from the control planes; addresses are of the loopback range, one for each proxy.
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { JsonObject } from "@isthmus/std";
import { eventually } from "@isthmus/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { COMMAND } from "./harness/control-plane.ts";
import type { Deployment } from "./harness/deployment.ts";
import { ENVOY } from "./harness/envoy-proxy.ts";
import * as harness from "./harness/zone-traffic.ts";
import { multiZoneServiceOf, serviceOf, sidecar, ZoneTraffic } from "./harness/zone-traffic.ts";

const OUTBOUND = { address: "127.0.31.20", local: 20_001, remote: 20_002, multiZone: 20_003, outside: 20_004 };

describe.skipIf(ENVOY === undefined)("traffic between zones (needs Envoy)", { timeout: 240_000 }, () => {
  let traffic: ZoneTraffic;
  let deployment: Deployment;

  beforeAll(async () => {
    traffic = await ZoneTraffic.start(["east", "west"]);
    deployment = traffic.deployment;
    await applyMesh();
    await traffic.ingress("east", "127.0.31.10");
    await traffic.ingress("west", "127.0.31.30");
    await traffic.egress("west", "127.0.31.31");
    for (const [name, zone, address] of [
      ["backend-e1", "east", "127.0.31.11"],
      ["backend-e2", "east", "127.0.31.12"],
      ["backend-w1", "west", "127.0.31.21"],
    ] as const) {
      await traffic.instance(zone, name, { address, service: "backend" });
    }
    await client();
  }, 300_000);
  afterAll(() => traffic.stop());

  it("reaches a service of the other zone through its ingress", async () => {
    await eventually(async () => (await ask(OUTBOUND.remote)).startsWith("backend-e"), { timeoutMs: 120_000 });
    const answers = await askMany(OUTBOUND.remote, 20);
    expect(answers.every((answer) => answer.startsWith("backend-e"))).toBe(true);
  });

  it("stays in its own zone as long as there is an instance", async () => {
    const isOwn = (answer: string): boolean => answer === "backend-w1";
    await eventually(async () => (await askMany(OUTBOUND.multiZone, 10)).every(isOwn), { timeoutMs: 120_000 });
    const answers = await askMany(OUTBOUND.multiZone, 20);
    expect(answers.filter((answer) => answer.startsWith("backend-e"))).toEqual([]);
  });

  it("leaves by the egress for what is outside", async () => {
    await eventually(async () => (await ask(OUTBOUND.outside)) === "outside", { timeoutMs: 120_000 });
  });

  it.each(["west", "global"])("shows what the proxies run with, asked of %s", async (target) => {
    const { api } = target === "global" ? deployment.global : deployment.zone(target);
    const web = await pathOf(target, "meshes/default/dataplanes", "web");
    // An Envoy listens for its control plane once it has a certificate for that.
    const dump = await eventually(() => api.text(`${web}/xds`, { include_eds: "true" }));
    expect(dump).toContain("envoy.admin.v3.EndpointsConfigDump");
    expect(dump).toContain(`outbound:${OUTBOUND.address}:${OUTBOUND.local}`);
    expect(dump).not.toMatch(/eyJ|PRIVATE KEY/);
    expect(await api.text(`${web}/stats`)).toMatch(/^server\.live: 1$/m);
    expect(JSON.parse(await api.text(`${web}/stats`, { format: "json" }))).toHaveProperty("stats");
    expect(await api.text(`${web}/clusters`)).toContain("default_backend__west_msvc_8080::127.0.31.21:8080::");
    for (const [types, name, address] of [
      ["zoneingresses", "ingress-west", "127.0.31.30"],
      ["zoneegresses", "egress-west", "127.0.31.31"],
    ] as const) {
      const door = await pathOf(target, types, name);
      expect(await eventually(() => api.text(`${door}/xds`))).toContain(address);
      expect(JSON.parse(await api.text(`${door}/clusters`, { format: "json" }))).toHaveProperty("cluster_statuses");
    }
    const shown = await isthmus(target, "inspect", "dataplane", nameIn(web), "--type", "clusters");
    expect(shown).toContain("default_backend__west_msvc_8080::");
  });

  it("shows what a proxy would be given, which is what it has", async () => {
    const { api } = deployment.zone("west");
    const config = JSON.parse(await api.text("meshes/default/dataplanes/web/_config")) as { xds: JsonObject };
    const namesOf = (type: string): readonly string[] =>
      Object.keys(config.xds[`type.googleapis.com/envoy.config.${type}`] as JsonObject).sort();
    let dump = "";
    const listeners = async (): Promise<readonly string[]> => {
      dump = await api.text("meshes/default/dataplanes/web/xds");
      return [...dump.matchAll(/"name": "([^"]*)",\s*"active_state"/g)].map(([, name = ""]) => name).sort();
    };
    await expect.poll(listeners, { timeout: 60_000 }).toEqual(namesOf("listener.v3.Listener"));
    for (const name of namesOf("cluster.v3.Cluster")) expect(dump).toContain(`"name": "${name}"`);
    const shown = await isthmus("west", "inspect", "dataplane", "web", "--type=config", "--shadow", "--include=diff");
    expect(JSON.parse(shown)).toEqual({ diff: [], ...config });
    await expect(isthmus("global", "inspect", "dataplane", "web", "--type", "config")).rejects.toThrow();
  });

  it("is refused where a MeshTrafficPermission says so, and let in again", async () => {
    await traffic.permission("Deny");
    await eventually(async () => (await ask(OUTBOUND.local)).includes("RBAC"), { timeoutMs: 120_000 });
    await traffic.permission("Allow");
    await eventually(async () => (await ask(OUTBOUND.local)) === "backend-w1", { timeoutMs: 120_000 });
  });

  it("is split between zones by a MeshHTTPRoute", async () => {
    const backendRef = (zone: string) => ({ ...serviceOf(zone, "backend"), weight: 1 });
    await deployment.global.api.put("meshes/default/meshhttproutes/split", {
      type: "MeshHTTPRoute",
      mesh: "default",
      name: "split",
      spec: {
        to: [
          {
            targetRef: { kind: "MeshMultiZoneService", name: "backend" },
            rules: [
              {
                matches: [{ path: { type: "PathPrefix", value: "/" } }],
                default: { backendRefs: [backendRef("east"), backendRef("west")] },
              },
            ],
          },
        ],
      },
    });
    await eventually(
      async () => new Set((await askMany(OUTBOUND.multiZone, 20)).map((answer) => answer.slice(0, 9))).size === 2,
      { timeoutMs: 120_000 },
    );
    await deployment.global.api.delete("meshes/default/meshhttproutes/split");
    await eventually(async () => new Set(await askMany(OUTBOUND.multiZone, 10)).size === 1, { timeoutMs: 120_000 });
  });

  it("goes on without the global and without the control plane of a zone", async () => {
    await deployment.global.kill();
    await deployment.zone("east").kill();
    expect((await askMany(OUTBOUND.remote, 10)).every((answer) => answer.startsWith("backend-e"))).toBe(true);
    await traffic.startZone("east");
    await deployment.global.start();
    await deployment.converged();
    expect((await askMany(OUTBOUND.remote, 10)).every((answer) => answer.startsWith("backend-e"))).toBe(true);
  });

  it("fails over to the other zone when the own instances die", async () => {
    await traffic.proxies.get("backend-w1")?.kill();
    const isOfEast = (answer: string): boolean => answer.startsWith("backend-e");
    await eventually(async () => isOfEast(await ask(OUTBOUND.multiZone)), { timeoutMs: 120_000 });
    // The dead instance is tried until its zone has noticed.
    await eventually(async () => (await askMany(OUTBOUND.multiZone, 10)).every(isOfEast), { timeoutMs: 120_000 });
  });

  it("says which proxy cannot be asked, and why", async () => {
    const reason = /the admin API of Envoy at 127\.0\.31\.40:1 cannot be asked: connect ECONNREFUSED/;
    const path = (target: string): Promise<string> => pathOf(target, "meshes/default/dataplanes", "silent");
    const { api } = deployment.zone("west");
    const networking = {
      admin: { port: 1 },
      ...(sidecar("silent", { address: "127.0.31.40", service: "silent", servicePort: 2 }).networking as JsonObject),
    };
    await api.put("meshes/default/dataplanes/silent", {
      type: "Dataplane",
      mesh: "default",
      name: "silent",
      networking,
    });
    await expect(api.text(`${await path("west")}/stats`)).rejects.toMatchObject({
      status: 503,
      message: expect.stringMatching(reason),
    });
    await expect(deployment.global.api.text(`${await path("global")}/stats`)).rejects.toMatchObject({
      status: 400,
      message: expect.stringMatching(reason),
    });
  });

  /** Of a proxy, whatever the sync called it. */
  async function pathOf(target: string, types: string, name: string): Promise<string> {
    const controlPlane = target === "global" ? deployment.global : deployment.zone(target);
    const found = await eventually(() => controlPlane.byDisplayName(types, name));
    return `${types}/${found.name}`;
  }

  async function isthmus(target: string, ...args: readonly string[]): Promise<string> {
    const { restUrl } = target === "global" ? deployment.global : deployment.zone(target);
    const { stdout } = await promisify(execFile)(process.execPath, [COMMAND, ...args, "-s", restUrl], {
      maxBuffer: 64 * 1024 * 1024,
    });
    return stdout;
  }

  async function applyMesh(): Promise<void> {
    await deployment.global.api.put("meshes/default", {
      type: "Mesh",
      name: "default",
      mtls: { enabledBackend: "ca-1", backends: [{ name: "ca-1", type: "builtin" }] },
      meshServices: { mode: "Exclusive" },
      routing: { zoneEgress: true },
    });
    await traffic.permission("Allow");
    await traffic.multiZoneService("backend");
    await traffic.put("meshes/default/meshexternalservices/outside", {
      type: "MeshExternalService",
      spec: {
        match: { type: "HostnameGenerator", port: 9000, protocol: "http" },
        endpoints: [{ address: "127.0.0.1", port: await traffic.workload("outside") }],
      },
    });
  }

  async function client(): Promise<void> {
    const { address, local, remote, multiZone, outside } = OUTBOUND;
    const ref = (port: number, backendRef: JsonObject): JsonObject => ({ address, port, backendRef });
    const outbound = [
      ref(local, { kind: "MeshService", name: "backend", port: 8080 }),
      ref(remote, serviceOf("east", "backend")),
      ref(multiZone, multiZoneServiceOf("backend")),
      ref(outside, { kind: "MeshExternalService", labels: { "kuma.io/display-name": "outside" }, port: 9000 }),
    ];
    const servicePort = await traffic.workload("web");
    const resource = sidecar("web", { address, service: "web", servicePort, networking: { outbound } });
    await traffic.proxy("west", "dataplane", resource, { address, port: remote });
  }
});

const nameIn = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
const ask = (port: number): Promise<string> => harness.ask(OUTBOUND.address, port);
const askMany = (port: number, count: number): Promise<readonly string[]> =>
  harness.askMany(OUTBOUND.address, port, count);
