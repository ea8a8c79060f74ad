/** Endpoint sets of real zones, as an operator asks for them: explain, endpoints, what-if, and what really happens then. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Explanation } from "@isthmus/api";
import type { JsonObject } from "@isthmus/std";
import { eventually } from "@isthmus/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { COMMAND, type ControlPlane } from "./harness/control-plane.ts";
import { Deployment } from "./harness/deployment.ts";

const run = promisify(execFile);
const INSTANCES = [1, 2, 3];
const EAST = "backend.svc.east.mesh.local:8080";

let deployment: Deployment;
let east: ControlPlane;
let west: ControlPlane;
beforeAll(async () => {
  deployment = await Deployment.start({ zones: ["east", "west"] });
  east = deployment.zone("east");
  west = deployment.zone("west");
  await deployment.global.api.put("meshes/default", {
    type: "Mesh",
    name: "default",
    mtls: { enabledBackend: "ca-1", backends: [{ name: "ca-1", type: "builtin" }] },
    meshServices: { mode: "Exclusive" },
  });
  await deployment.global.api.put("meshes/default/meshmultizoneservices/shop", {
    type: "MeshMultiZoneService",
    mesh: "default",
    name: "shop",
    spec: {
      selector: { meshService: { matchLabels: { "kuma.io/display-name": "backend" } } },
      ports: [{ port: 8080, appProtocol: "http" }],
    },
  });
  for (const zone of [east, west]) {
    await eventually(async () => JSON.stringify(await zone.api.get("meshes/default")).includes("Exclusive"));
  }
  for (const n of INSTANCES) await east.api.put(dataplanePath(`backend-${n}`), backend(n, `10.1.0.${n}`));
  await east.api.put("zoneingresses/in-east", {
    type: "ZoneIngress",
    name: "in-east",
    networking: { address: "10.1.0.9", port: 10001, advertisedAddress: "192.0.2.1", advertisedPort: 10001 },
  });
  await west.api.put(dataplanePath("backend-1"), backend(1, "10.2.0.1"));
  await west.api.put(dataplanePath("web"), {
    type: "Dataplane",
    mesh: "default",
    name: "web",
    networking: {
      address: "10.2.0.2",
      inbound: [{ port: 80, tags: { "kuma.io/service": "web", "kuma.io/protocol": "http" } }],
      transparentProxying: { redirectPortInbound: 15006, redirectPortOutbound: 15001 },
    },
  });
  await eventually(async () => (await explained(EAST))?.candidates[0]?.endpoint?.weight === INSTANCES.length);
  await eventually(async () => (await addresses("shop", "MeshMultiZoneService")).length === 2);
});
afterAll(() => deployment.stop());

const dataplanePath = (name: string): string => `meshes/default/dataplanes/${name}`;

function backend(n: number, address: string, state: "Ready" | "NotReady" = "Ready"): JsonObject {
  const inbound = { port: 8080, tags: { "kuma.io/service": "backend", "kuma.io/protocol": "http" }, state };
  return { type: "Dataplane", mesh: "default", name: `backend-${n}`, networking: { address, inbound: [inbound] } };
}

/** Undefined while the service is not there, or its name means nothing yet. */
async function explained(to: string, kind?: string): Promise<Explanation | undefined> {
  return west.api.explain("default", "web", { to, ...(kind === undefined ? {} : { kind }) }).catch(() => undefined);
}

async function addresses(to: string, kind?: string): Promise<readonly string[]> {
  const explanation = await explained(to, kind);
  return (explanation?.candidates ?? []).flatMap(({ endpoint }) => endpoint?.address ?? []);
}

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function isthmus(at: ControlPlane, ...args: readonly string[]): Promise<Ended> {
  const command = [COMMAND, ...args, "-s", at.restUrl];
  try {
    return { code: 0, ...(await run(process.execPath, command)) };
  } catch (error) {
    return error as Ended;
  }
}

describe("isthmus explain", () => {
  it("leads to the instances at home, and to another zone through its ingress", async () => {
    const home = await isthmus(west, "explain", "--from", "web", "--to", "backend:8080");
    expect(home).toMatchObject({ code: 0, stdout: expect.stringMatching(/\+ 10\.2\.0\.1:8080 \(zone west\)/) });
    const away = await isthmus(west, "explain", "--from", "web", "--to", EAST);
    expect(away.code).toBe(0);
    expect(away.stdout).toMatch(/\+ 192\.0\.2\.1:10001 \(zone east\), priority \d, weight 3/);
    expect(away.stdout).toContain("3 healthy instances / 1 address");
  });

  it("says why nothing is in, and ends with 4", async () => {
    const unknown = await isthmus(west, "explain", "--from", "web", "--to", "backand:8080");
    expect(unknown).toMatchObject({ code: 4, stdout: expect.stringContaining("serviceUnknown") });
    const port = await isthmus(west, "explain", "--from", "web", "--to", "backend:8081", "-o", "json");
    expect(port.code).toBe(4);
    expect((JSON.parse(port.stdout) as Explanation).candidates).toMatchObject([{ gate: "portMismatch" }]);
  });

  it("follows the instances of the other zone", async () => {
    for (const n of [2, 3]) {
      await east.api.put(dataplanePath(`backend-${n}`), backend(n, `10.1.0.${n}`, "NotReady"));
    }
    await eventually(async () => (await explained(EAST))?.candidates[0]?.endpoint?.weight === 1);
    const there = await east.api.explain("default", "backend-1", { to: "backend" });
    expect(there.candidates.map(({ gate }) => gate ?? "in")).toEqual(["notReachable", "notReachable", "notReachable"]);
    for (const n of [2, 3]) await east.api.put(dataplanePath(`backend-${n}`), backend(n, `10.1.0.${n}`));
    await eventually(async () => (await explained(EAST))?.candidates[0]?.endpoint?.weight === 3);
  });

  it("refuses what it cannot answer", async () => {
    expect(await isthmus(west, "explain", "--from", "nobody", "--to", "backend")).toMatchObject({ code: 1 });
    const wrong = await isthmus(west, "explain", "--from", "web", "--to", "backend:0", "--kind", "Zone");
    expect(wrong.code).toBe(1);
    for (const part of ["kind: must be one of", "to: the port must be"]) expect(wrong.stderr).toContain(part);
    const global = await isthmus(deployment.global, "explain", "--from", "web", "--to", "backend");
    expect(global).toMatchObject({ code: 1, stderr: expect.stringContaining("Not allowed on global CP") });
  });
});

describe("isthmus endpoints", () => {
  it("lists what a sidecar reaches", async () => {
    const { code, stdout } = await isthmus(west, "endpoints", "dataplane", "web");
    expect(code).toBe(0);
    expect(stdout).toMatch(/backend:8080 \(east\) +\d+\.\d+\.\d+\.\d+:8080 +192\.0\.2\.1:10001 +east +\d +3/);
    expect(stdout).toMatch(/backend:8080 \(west\) +\d+\.\d+\.\d+\.\d+:8080 +10\.2\.0\.1:8080 +west +0 +1/);
    expect(stdout).toMatch(/MeshMultiZoneService shop:8080 +/);
  });

  it("lists what an ingress forwards, at home alone", async () => {
    const { exposures, problems } = await east.api.zoneIngressEndpoints("in-east");
    expect(problems).toEqual([]);
    const service = exposures.find(({ service: { kind } }) => kind === "MeshService");
    expect(service?.sni).toMatch(/^[a-z0-9]+\.backend\.8080\.default\./);
    expect(service?.endpoints.map(({ address }) => address)).toEqual(["10.1.0.1", "10.1.0.2", "10.1.0.3"]);
    const copy = (await west.api.listResources("zoneingresses"))[0]?.name ?? "";
    expect((await isthmus(west, "endpoints", "zoneingress", copy)).stdout).toContain("is of zone east");
  });
});

describe("isthmus what-if", () => {
  it("says what would be lost, which is what is lost when the zone dies", async () => {
    const { code, stdout } = await isthmus(west, "what-if", "--down", "zone=east", "-o", "json");
    expect(code).toBe(4);
    const report = JSON.parse(stdout) as Awaited<ReturnType<ControlPlane["api"]["whatIf"]>>;
    expect(report.unknown).toEqual([]);
    expect(report.servicesWithoutEndpoints).toMatchObject([{ displayName: "backend", zone: "east", clients: 1 }]);
    expect(report.servicesInOneZoneOnly).toMatchObject([{ displayName: "shop", zone: "west" }]);

    expect(await addresses(EAST)).toEqual(["192.0.2.1"]);
    await deployment.converged();
    await east.stop();
    await eventually(async () => {
      const status = await deployment.global.api.syncStatus();
      return status.zones.every(({ zone, online }) => zone !== "east" || !online);
    });
    await deployment.global.api.delete("zones/east");
    await eventually(async () => (await addresses("shop", "MeshMultiZoneService")).join() === "10.2.0.1");
    await eventually(async () => (await explained(EAST))?.candidates[0]?.gate === "serviceUnknown");
    const { outbounds } = await west.api.dataplaneEndpoints("default", "web");
    expect(outbounds.filter(({ endpoints }) => endpoints.length === 0)).toEqual([]);
    expect(outbounds.map(({ displayName }) => displayName).sort()).toEqual(["backend", "shop", "web"]);
  });

  it("knows no misspelt name, and ends with 2", async () => {
    const typo = await isthmus(west, "what-if", "--down", "zone=eats", "--down", "service=shap,shop");
    expect(typo).toMatchObject({ code: 4, stdout: expect.stringContaining("unknown here: zone eats, service shap") });
    const nothing = await isthmus(west, "what-if", "--down", "zone=eats");
    expect(nothing).toMatchObject({ code: 2, stderr: "this zone knows no zone eats\n" });
  });
});
