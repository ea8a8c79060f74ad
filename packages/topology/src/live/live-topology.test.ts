import type { Resource } from "@isthmus/resources";
import type { Store } from "@isthmus/store";
import { beforeEach, describe, expect, it } from "vitest";
import { insight, LOCAL, mesh, meshService, remoteLabels, resource, secureMesh } from "../testing/resources.ts";
import { GRACE_MS, LiveRig } from "./testing/live-rig.ts";
import { backend, GENERATORS, multiZone, remote } from "./testing/live-samples.ts";

let rig: LiveRig;
beforeEach(async () => {
  rig = new LiveRig();
  await rig.start(secureMesh(), ...GENERATORS);
});

describe("a Dataplane that registers", () => {
  it("gets its MeshService, complete, in one commit", async () => {
    const before = rig.store.revision;
    await rig.put(backend("a"), insight("a"));
    expect(rig.store.revision).toBe(before + 2);
    const { labels, spec, status, owner } = rig.service("backend");
    expect(labels).toEqual({
      "kuma.io/mesh": "default",
      "kuma.io/display-name": "backend",
      "kuma.io/managed-by": "meshservice-generator",
      "kuma.io/env": "universal",
      "kuma.io/zone": "west",
      "kuma.io/origin": "zone",
      "isthmus.io/healthy-instances": "1",
    });
    expect(spec).toEqual({
      state: "Available",
      selector: { dataplaneTags: { "kuma.io/service": "backend" } },
      ports: [{ name: "8080", port: 8080, targetPort: 8080, appProtocol: "http" }],
      identities: [{ type: "ServiceTag", value: "backend" }],
    });
    expect(status).toEqual({
      addresses: [
        {
          hostname: "backend.svc.mesh.local",
          origin: "HostnameGenerator",
          hostnameGeneratorRef: { coreName: "local" },
        },
      ],
      vips: [{ ip: rig.vipOf("MeshService", "backend") }],
      tls: { status: "NotReady" },
      hostnameGenerators: [
        {
          hostnameGeneratorRef: { coreName: "local" },
          conditions: [{ type: "Generated", status: "True", reason: "Generated", message: "" }],
        },
      ],
      dataplaneProxies: { connected: 1, healthy: 1, total: 1 },
    });
    expect(owner).toEqual({ type: "Mesh", mesh: "", name: "default" });
    expect(rig.vipOf("MeshService", "backend")).toMatch(/^241\./);
  });

  it("gets a Workload", async () => {
    const labels = { "kuma.io/workload": "shop" };
    await rig.put({ ...backend("a"), labels });
    expect(rig.get("Workload", "shop")?.status).toEqual({ dataplaneProxies: { connected: 0, healthy: 1, total: 1 } });
    await rig.delete(backend("a"));
    expect(rig.get("Workload", "shop")).toBeUndefined();
  });

  it("gets none where the mesh does not want them", async () => {
    await rig.put(mesh("default", {}));
    await rig.put(backend("a"));
    expect(rig.names("MeshService")).toEqual([]);
  });

  it("gets none where they are made by hand", async () => {
    const manual = new LiveRig({ generatesMeshServices: false });
    await manual.start(secureMesh(), backend("a"));
    expect(manual.names("MeshService")).toEqual([]);
  });
});

describe("readiness", () => {
  beforeEach(async () => {
    await rig.put(backend("a"), backend("bb"), multiZone("shop", "backend"));
  });

  it("changes counts, then availability", async () => {
    await rig.put(backend("a", 8080, "NotReady"));
    expect(rig.service("backend")).toMatchObject({
      labels: { "isthmus.io/healthy-instances": "1" },
      spec: { state: "Available" },
      status: { dataplaneProxies: { healthy: 1, total: 2 } },
    });
    await rig.delete(backend("bb"));
    expect(rig.service("backend")).toMatchObject({
      labels: { "isthmus.io/healthy-instances": "0" },
      spec: { state: "Unavailable" },
      status: { dataplaneProxies: { total: 1 } },
    });
  });

  it("is stored by one commit after the one that caused it", async () => {
    const before = rig.store.revision;
    await rig.put(backend("a", 8080, "NotReady"));
    expect(rig.store.revision).toBe(before + 2);
  });

  it("does not move the address or the host name", async () => {
    const vip = rig.vipOf("MeshService", "backend");
    await rig.put(backend("a", 8080, "NotReady"));
    await rig.put(backend("a", 9090), backend("bb", 9090));
    expect(rig.service("backend").spec.ports).toMatchObject([{ port: 9090 }]);
    expect(rig.vipOf("MeshService", "backend")).toBe(vip);
    expect(rig.hostnamesOf("MeshService", "backend")).toEqual(["backend.svc.mesh.local"]);
  });
});

describe("a Dataplane that vanishes", () => {
  beforeEach(async () => {
    await rig.put(backend("a"));
    await rig.delete(backend("a"));
  });

  it("leaves its MeshService for the grace period", async () => {
    const { labels, spec } = rig.service("backend");
    expect(labels["kuma.io/deletion-grace-period-started-at"]).toBe("2026-01-01T00:00:00.000Z");
    expect(spec.state).toBe("Unavailable");
    expect(rig.clock.pendingTimers).toBe(1);
    await rig.pass(GRACE_MS);
    expect(rig.names("MeshService")).toEqual(["backend"]);
    await rig.pass(1);
    expect(rig.names("MeshService")).toEqual([]);
    expect(rig.clock.pendingTimers).toBe(0);
  });

  it("may come back, and have the same address", async () => {
    const vip = rig.vipOf("MeshService", "backend");
    await rig.pass(GRACE_MS / 2);
    await rig.put(backend("a"));
    expect(rig.service("backend").labels).not.toHaveProperty("kuma.io/deletion-grace-period-started-at");
    expect(rig.clock.pendingTimers).toBe(0);
    await rig.delete(backend("a"));
    await rig.pass(GRACE_MS + 1);
    expect(rig.names("MeshService")).toEqual([]);
    await rig.put(backend("a"));
    expect(rig.vipOf("MeshService", "backend")).toBe(vip);
  });

  it("while nobody looked is found out at the next start", async () => {
    await rig.topology.stop();
    expect(rig.clock.pendingTimers).toBe(0);
    rig.clock.advance(GRACE_MS + 1);
    await rig.restart();
    expect(rig.names("MeshService")).toEqual([]);
  });
});

describe("the mode of the mesh", () => {
  it("makes and removes MeshServices", async () => {
    await rig.put(backend("a"));
    await rig.put(secureMesh("default", "Disabled"));
    expect(rig.names("MeshService")).toEqual([]);
    for (const mode of ["Everywhere", "ReachableBackends", "Exclusive"]) {
      await rig.put(secureMesh("default", mode));
      expect(rig.names("MeshService")).toEqual(["backend"]);
    }
  });

  it("takes all services with it when the mesh goes", async () => {
    await rig.put(backend("a"));
    await rig.delete({ type: "Mesh", mesh: "", name: "default" });
    expect(rig.names("MeshService")).toEqual([]);
    expect(rig.problems()).toEqual([]);
  });

  it("leaves alone what a user wrote", async () => {
    const mine = meshService("backend", [{ port: 1, targetPort: 8080, appProtocol: "tcp" }], { labels: LOCAL });
    await rig.put(mine);
    await rig.put(backend("a"));
    expect(rig.service("backend").spec).toMatchObject({ ports: [{ port: 1 }], state: "Available" });
    await rig.put(secureMesh("default", "Disabled"));
    expect(rig.names("MeshService")).toEqual(["backend"]);
  });
});

describe("a service of another zone", () => {
  it("gets an address and a host name here, and nothing else", async () => {
    await rig.put(remote("east", "backend"));
    const { labels, spec, status } = rig.service("backend-east");
    expect(labels).toEqual(remoteLabels("east", "backend"));
    expect(spec.state).toBe("Available");
    expect(status).toMatchObject({
      tls: {},
      dataplaneProxies: {},
      addresses: [{ hostname: "backend.svc.east.mesh.local" }],
    });
    expect(rig.vipOf("MeshService", "backend-east")).toMatch(/^241\./);
  });

  it("keeps them when its owner changes it", async () => {
    await rig.put(remote("east", "backend"));
    const { status } = rig.service("backend-east");
    const before = rig.store.revision;
    await rig.put({ ...remote("east", "backend"), spec: { ...remote("east", "backend").spec, state: "Unavailable" } });
    expect(rig.service("backend-east").status).toEqual(status);
    expect(rig.store.revision).toBe(before + 1);
  });

  it("is a member of the MeshMultiZoneServices that select it, as long as it is here", async () => {
    await rig.put(multiZone("shop", "backend"));
    expect(rig.status("MeshMultiZoneService", "shop")).toMatchObject({
      vips: [{ ip: expect.stringMatching(/^243\./) as string }],
      addresses: [{ hostname: "shop.mzsvc.mesh.local" }],
      conditions: [{ type: "MeshServicesMatched", status: "False" }],
    });
    await rig.put(backend("a"));
    await rig.put(remote("east", "backend"));
    expect(rig.status("MeshMultiZoneService", "shop").meshServices).toEqual([
      { name: "backend", namespace: "", zone: "east", mesh: "default" },
      { name: "backend", namespace: "", zone: "west", mesh: "default" },
    ]);
    await rig.delete(remote("east", "backend"));
    expect(rig.status("MeshMultiZoneService", "shop").meshServices).toHaveLength(1);
  });
});

describe("an external service", () => {
  it("gets an address", async () => {
    const external = resource("MeshExternalService", "httpbin", {
      labels: LOCAL,
      spec: {
        match: { type: "HostnameGenerator", port: 443, protocol: "tcp" },
        endpoints: [{ address: "h", port: 443 }],
      },
      status: { vip: {} },
    });
    await rig.put(external);
    expect(rig.status("MeshExternalService", "httpbin").vip).toEqual({ ip: expect.stringMatching(/^242\./) as string });
  });
});

describe("own ZoneIngresses", () => {
  const ingress = (name: string, spec: Resource["spec"] = {}): Resource =>
    resource("ZoneIngress", name, {
      mesh: "",
      spec: {
        networking: { address: "10.0.0.9", port: 10001, advertisedAddress: "1.2.3.4", advertisedPort: 10001 },
        ...spec,
      },
    });

  it("tell the services of meshes with legacy names; others stay as they came", async () => {
    const theirs = ingress("theirs", { zone: "east" });
    await rig.put(secureMesh("default", "Everywhere"), backend("a"), backend("bb"), ingress("ours"), theirs);
    expect(rig.get("ZoneIngress", "ours", "")?.spec.availableServices).toMatchObject([
      { instances: 2, mesh: "default" },
    ]);
    expect(rig.get("ZoneIngress", "theirs", "")?.spec).toEqual(theirs.spec);
    await rig.put(backend("a", 8080, "NotReady"));
    expect(rig.get("ZoneIngress", "ours", "")?.spec.availableServices).toMatchObject([{ instances: 1 }]);
    await rig.put(secureMesh("default", "Exclusive"));
    expect(rig.get("ZoneIngress", "ours", "")?.spec).toEqual(ingress("ours").spec);
  });
});

it("may start long after it was made", async () => {
  const late = new LiveRig();
  await late.settled();
  await late.start(secureMesh());
  await late.put(backend("a"));
  expect(late.names("MeshService")).toEqual(["backend"]);
});

describe("a restart", () => {
  it("changes nothing", async () => {
    await rig.put(backend("a"), remote("east", "backend"), multiZone("shop", "backend"));
    const before = rig.store.revision;
    await rig.restart();
    expect(rig.store.revision).toBe(before);
  });

  it("finds addresses again that were lost with their services", async () => {
    await rig.put(backend("a"), remote("east", "backend"));
    const vips = ["backend", "backend-east"].map((name) => rig.vipOf("MeshService", name));
    await rig.put(secureMesh("default", "Disabled"));
    await rig.delete(remote("east", "backend"));
    await rig.restart();
    await rig.put(remote("east", "backend"), secureMesh());
    expect(["backend", "backend-east"].map((name) => rig.vipOf("MeshService", name))).toEqual(vips);
  });

  it("gives the same as having been there all the time", async () => {
    const late = new LiveRig();
    const all = [backend("a"), remote("east", "backend"), multiZone("shop", "backend")];
    await rig.put(...all);
    await late.start(secureMesh(), ...GENERATORS, ...all);
    for (const type of ["MeshService", "MeshMultiZoneService"]) {
      const content = (store: Store) =>
        store.list(type).map(({ name, labels, spec, status }) => ({ name, labels, spec, status }));
      expect(content(late.store)).toEqual(content(rig.store));
    }
  });
});
