/**
 * Packets from zone to zone through real Envoys: a client in west, instances in east and west, an ingress in each zone. Everything that the
 * proxies know comes from the control planes; addresses are of the loopback range, one for each proxy.
 */
import { execFile } from "node:child_process";
import { createServer, type Server } from "node:http";
import { promisify } from "node:util";
import type { JsonObject } from "@isthmus/std";
import { eventually, freePorts } from "@isthmus/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { COMMAND } from "./harness/control-plane.ts";
import { Deployment } from "./harness/deployment.ts";
import { ENVOY, EnvoyProxy } from "./harness/envoy-proxy.ts";

const OUTBOUND = { address: "127.0.31.20", local: 20_001, remote: 20_002, multiZone: 20_003, outside: 20_004 };

describe.skipIf(ENVOY === undefined)("traffic between zones (needs Envoy)", { timeout: 90_000 }, () => {
  let deployment: Deployment;
  const proxies = new Map<string, EnvoyProxy>();
  const servers: Server[] = [];
  const dpPorts = new Map<string, number>();

  beforeAll(async () => {
    const [east = 0, west = 0] = await freePorts(2);
    dpPorts.set("east", east).set("west", west);
    deployment = await Deployment.prepare({
      zones: ["east", "west"],
      zone: { "dpServer.authn.zoneProxy.type": "none" },
    });
    await deployment.global.start();
    for (const [name, zone] of deployment.zones) await zone.start({ "dpServer.port": dpPorts.get(name) ?? 0 });
    await deployment.converged();
    await applyMesh();
    await ingress("east", "127.0.31.10");
    await ingress("west", "127.0.31.30");
    await egress("west", "127.0.31.31");
    for (const [name, zone, address] of [
      ["backend-e1", "east", "127.0.31.11"],
      ["backend-e2", "east", "127.0.31.12"],
      ["backend-w1", "west", "127.0.31.21"],
    ] as const) {
      await backend(name, zone, address);
    }
    await client();
  }, 180_000);
  afterAll(async () => {
    await Promise.all([...proxies.values()].map((proxy) => proxy.kill()));
    for (const server of servers) server.close();
    await deployment.stop();
  });

  it("reaches a service of the other zone through its ingress", async () => {
    await eventually(async () => (await ask(OUTBOUND.remote)).startsWith("backend-e"), { timeoutMs: 60_000 });
    const answers = await askMany(OUTBOUND.remote, 20);
    expect(answers.every((answer) => answer.startsWith("backend-e"))).toBe(true);
  });

  it("stays in its own zone as long as there is an instance", async () => {
    await eventually(async () => (await ask(OUTBOUND.multiZone)) === "backend-w1", { timeoutMs: 60_000 });
    expect(new Set(await askMany(OUTBOUND.multiZone, 10))).toEqual(new Set(["backend-w1"]));
  });

  it("leaves by the egress for what is outside", async () => {
    await eventually(async () => (await ask(OUTBOUND.outside)) === "outside", { timeoutMs: 60_000 });
  });

  it.each(["west", "global"])("shows what the proxies run with, asked of %s", async (target) => {
    const { api } = target === "global" ? deployment.global : deployment.zone(target);
    const web = await pathOf(target, "meshes/default/dataplanes", "web");
    const dump = await api.text(`${web}/xds`, { include_eds: "true" });
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
      expect(await api.text(`${door}/xds`)).toContain(address);
      expect(JSON.parse(await api.text(`${door}/clusters`, { format: "json" }))).toHaveProperty("cluster_statuses");
    }
    const shown = await isthmus(target, "inspect", "dataplane", nameIn(web), "--type", "clusters");
    expect(shown).toContain("default_backend__west_msvc_8080::");
  });

  it("shows what a proxy would be given, which is what it has", async () => {
    const { api } = deployment.zone("west");
    const config = JSON.parse(await api.text("meshes/default/dataplanes/web/_config")) as { xds: JsonObject };
    const dump = await api.text("meshes/default/dataplanes/web/xds");
    const namesOf = (type: string): readonly string[] =>
      Object.keys(config.xds[`type.googleapis.com/envoy.config.${type}`] as JsonObject);
    const running = [...dump.matchAll(/"name": "([^"]*)",\s*"active_state"/g)].map(([, name = ""]) => name);
    expect(new Set(running)).toEqual(new Set(namesOf("listener.v3.Listener")));
    for (const name of namesOf("cluster.v3.Cluster")) expect(dump).toContain(`"name": "${name}"`);
    const shown = await isthmus("west", "inspect", "dataplane", "web", "--type=config", "--shadow", "--include=diff");
    expect(JSON.parse(shown)).toEqual({ diff: [], ...config });
    await expect(isthmus("global", "inspect", "dataplane", "web", "--type", "config")).rejects.toThrow();
  });

  it("is refused where a MeshTrafficPermission says so, and let in again", async () => {
    await permission("Deny");
    await eventually(async () => (await ask(OUTBOUND.local)).includes("RBAC"), { timeoutMs: 60_000 });
    await permission("Allow");
    await eventually(async () => (await ask(OUTBOUND.local)) === "backend-w1", { timeoutMs: 60_000 });
  });

  it("is split between zones by a MeshHTTPRoute", async () => {
    const backendRef = (zone: string) => ({
      kind: "MeshService",
      labels: { "kuma.io/display-name": "backend", "kuma.io/zone": zone },
      port: 8080,
      weight: 1,
    });
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
      { timeoutMs: 60_000 },
    );
    await deployment.global.api.delete("meshes/default/meshhttproutes/split");
    await eventually(async () => new Set(await askMany(OUTBOUND.multiZone, 10)).size === 1, { timeoutMs: 60_000 });
  });

  it("goes on without the global and without the control plane of a zone", async () => {
    await deployment.global.kill();
    await deployment.zone("east").kill();
    expect((await askMany(OUTBOUND.remote, 10)).every((answer) => answer.startsWith("backend-e"))).toBe(true);
    await deployment.zone("east").start({ "dpServer.port": dpPorts.get("east") ?? 0 });
    await deployment.global.start();
    await deployment.converged();
    expect((await askMany(OUTBOUND.remote, 10)).every((answer) => answer.startsWith("backend-e"))).toBe(true);
  });

  it("fails over to the other zone when the own instances die", async () => {
    await proxies.get("backend-w1")?.kill();
    await eventually(async () => (await ask(OUTBOUND.multiZone)).startsWith("backend-e"), { timeoutMs: 60_000 });
    const answers = await askMany(OUTBOUND.multiZone, 10);
    expect(answers.every((answer) => answer.startsWith("backend-e"))).toBe(true);
  });

  it("says which proxy cannot be asked, and why", async () => {
    const reason = /the admin API of Envoy at 127\.0\.31\.40:1 cannot be asked: connect ECONNREFUSED/;
    const path = (target: string): Promise<string> => pathOf(target, "meshes/default/dataplanes", "silent");
    const { api } = deployment.zone("west");
    const networking = {
      admin: { port: 1 },
      ...(sidecar("silent", "127.0.31.40", "silent", 2).networking as JsonObject),
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
    const found = await eventually(() => controlPlane.byDisplayName(types, name), { timeoutMs: 30_000 });
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
    const { global } = deployment;
    await global.api.put("meshes/default", {
      type: "Mesh",
      name: "default",
      mtls: { enabledBackend: "ca-1", backends: [{ name: "ca-1", type: "builtin" }] },
      meshServices: { mode: "Exclusive" },
      routing: { zoneEgress: true },
    });
    await permission("Allow");
    await global.api.put("meshes/default/meshmultizoneservices/backend", {
      type: "MeshMultiZoneService",
      mesh: "default",
      name: "backend",
      spec: {
        selector: { meshService: { matchLabels: { "kuma.io/display-name": "backend" } } },
        ports: [{ port: 8080, appProtocol: "http" }],
      },
    });
    const outside = await app("outside");
    await global.api.put("meshes/default/meshexternalservices/outside", {
      type: "MeshExternalService",
      mesh: "default",
      name: "outside",
      spec: {
        match: { type: "HostnameGenerator", port: 9000, protocol: "http" },
        endpoints: [{ address: "127.0.0.1", port: outside }],
      },
    });
  }

  async function permission(action: "Allow" | "Deny"): Promise<void> {
    await deployment.global.api.put("meshes/default/meshtrafficpermissions/all", {
      type: "MeshTrafficPermission",
      mesh: "default",
      name: "all",
      spec: { targetRef: { kind: "Mesh" }, from: [{ targetRef: { kind: "Mesh" }, default: { action } }] },
    });
  }

  async function ingress(zone: string, address: string): Promise<void> {
    const networking = { address, port: 10_001, advertisedAddress: address, advertisedPort: 10_001 };
    await start(
      zone,
      "ingress",
      { type: "ZoneIngress", name: `ingress-${zone}`, networking },
      { address, port: 10_001 },
    );
  }

  async function egress(zone: string, address: string): Promise<void> {
    const networking = { address, port: 10_002 };
    await start(zone, "egress", { type: "ZoneEgress", name: `egress-${zone}`, networking }, { address, port: 10_002 });
  }

  async function backend(name: string, zone: string, address: string): Promise<void> {
    const resource = sidecar(name, address, "backend", await app(name));
    await start(zone, "dataplane", resource, { address, port: 8080 });
  }

  async function client(): Promise<void> {
    const { address, local, remote, multiZone, outside } = OUTBOUND;
    const resource = sidecar("web", address, "web", await app("web"));
    const ref = (port: number, backendRef: JsonObject): JsonObject => ({ address, port, backendRef });
    const networking: JsonObject = {
      ...(resource.networking as JsonObject),
      outbound: [
        ref(local, { kind: "MeshService", name: "backend", port: 8080 }),
        ref(remote, {
          kind: "MeshService",
          labels: { "kuma.io/display-name": "backend", "kuma.io/zone": "east" },
          port: 8080,
        }),
        ref(multiZone, { kind: "MeshMultiZoneService", labels: { "kuma.io/display-name": "backend" }, port: 8080 }),
        ref(outside, { kind: "MeshExternalService", labels: { "kuma.io/display-name": "outside" }, port: 9000 }),
      ],
    };
    await start("west", "dataplane", { ...resource, networking }, { address, port: remote });
  }

  function sidecar(
    name: string,
    address: string,
    service: string,
    servicePort: number,
  ): JsonObject & { readonly name: string } {
    const tags = { "kuma.io/service": service, "kuma.io/protocol": "http" };
    const inbound = [{ port: 8080, servicePort, serviceAddress: "127.0.0.1", tags }];
    return { type: "Dataplane", mesh: "default", name, networking: { address, inbound } };
  }

  async function start(
    zoneName: string,
    proxyType: "dataplane" | "ingress" | "egress",
    resource: JsonObject & { readonly name: string },
    listens: { readonly address: string; readonly port: number },
  ): Promise<void> {
    const zone = deployment.zone(zoneName);
    const dpPort = dpPorts.get(zoneName) ?? 0;
    proxies.set(resource.name, await EnvoyProxy.start({ zone, dpPort, proxyType, resource, listens }));
  }

  /** A workload that says its name; its port. */
  async function app(name: string): Promise<number> {
    const server = createServer((_request, response) => void response.end(name));
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }
});

const nameIn = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

/** The answer, or why there is none. */
async function ask(port: number): Promise<string> {
  try {
    const response = await fetch(`http://${OUTBOUND.address}:${port}/`, { signal: AbortSignal.timeout(5_000) });
    return await response.text();
  } catch (error) {
    return `failed: ${error instanceof Error ? error.message : String(error)}`;
  }
}

async function askMany(port: number, count: number): Promise<readonly string[]> {
  const answers: string[] = [];
  for (let i = 0; i < count; i += 1) answers.push(await ask(port));
  return answers;
}
