import type { Resource } from "@isthmus/resources";
import { type Op, type Store, StoreError } from "@isthmus/store";
import { beforeEach, describe, expect, it } from "vitest";
import {
  dataplane,
  insight,
  LOCAL,
  mesh,
  meshService,
  remoteLabels,
  resource,
  secureMesh,
} from "../testing/resources.ts";
import { GRACE_MS, LiveRig } from "./testing/live-rig.ts";

const generator = (name: string, member: string, origin: string, template: string): Resource =>
  resource("HostnameGenerator", name, {
    mesh: "",
    labels: { "kuma.io/origin": "zone" },
    spec: { selector: { [member]: { matchLabels: { "kuma.io/origin": origin } } }, template },
  });
const GENERATORS = [
  generator("local", "meshService", "zone", "{{ .DisplayName }}.svc.mesh.local"),
  generator("synced", "meshService", "global", "{{ .DisplayName }}.svc.{{ .Zone }}.mesh.local"),
  generator("everywhere", "meshMultiZoneService", "global", "{{ .DisplayName }}.mzsvc.mesh.local"),
];
const backend = (name: string, port = 8080, state?: string): Resource =>
  dataplane(name, [{ port, service: "backend", protocol: "http", ...(state === undefined ? {} : { state }) }], {
    address: `10.0.0.${name.length}`,
  });
const multiZone = (name: string, displayName: string): Resource =>
  resource("MeshMultiZoneService", name, {
    labels: { "kuma.io/origin": "global", "kuma.io/display-name": name },
    spec: {
      selector: { meshService: { matchLabels: { "kuma.io/display-name": displayName } } },
      ports: [{ port: 8080, appProtocol: "http" }],
    },
    status: {},
  });
const remote = (zone: string, displayName: string): Resource =>
  meshService(`${displayName}-${zone}`, [{ port: 8080, targetPort: 8080, appProtocol: "http" }], {
    labels: remoteLabels(zone, displayName),
    spec: { state: "Available", selector: { dataplaneTags: { "kuma.io/service": displayName } } },
  });

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

describe("at rest", () => {
  it("nothing is written and no timer runs", async () => {
    await rig.put(backend("a"), remote("east", "backend"), multiZone("shop", "backend"));
    rig.written();
    const before = rig.store.revision;
    await rig.pass(86_400_000);
    expect(rig.store.revision).toBe(before);
    expect(rig.written()).toBe(0);
    expect(rig.clock.pendingTimers).toBe(0);
  });

  it("writes of others that change nothing for services cause no write", async () => {
    await rig.put(backend("a"), multiZone("shop", "backend"));
    rig.written();
    const timeout = resource("MeshTimeout", "slow", { spec: { targetRef: { kind: "Mesh" } } });
    const moved = dataplane("a", [{ port: 8080, service: "backend", protocol: "http" }], { address: "10.9.9.9" });
    await rig.put(timeout);
    await rig.put(moved);
    await rig.put(resource("ZoneInsight", "west", { mesh: "", spec: { subscriptions: [] } }));
    await rig.delete(timeout);
    expect(rig.written()).toBe(0);
  });
});

describe("other writers", () => {
  /** Lets another writer in before each of the next commits of a topology. */
  function contested(plans: (() => readonly Op[])[]): { readonly wrap: (store: Store) => Store } {
    return {
      wrap: (store) =>
        new Proxy(store, {
          get(target, property) {
            const value: unknown = Reflect.get(target, property, target);
            if (property !== "commit") return typeof value === "function" ? value.bind(target) : value;
            return async (ops: readonly Op[]) => {
              const isOurs = ops.some((op) => op.kind === "put" && op.expect !== undefined);
              const plan = isOurs ? plans.shift() : undefined;
              if (plan !== undefined) await target.commit(plan());
              return target.commit(ops);
            };
          },
        }),
    };
  }

  it("who were faster are taken into account", async () => {
    const plans: (() => readonly Op[])[] = [];
    const busy = new LiveRig({}, contested(plans).wrap);
    await busy.start(secureMesh(), ...GENERATORS);
    await busy.put(backend("a"));
    const touch = (value: string) => (): readonly Op[] => {
      const stored = busy.service("backend");
      return [{ kind: "put", resource: { ...stored, labels: { ...stored.labels, team: value } } }];
    };
    busy.events.length = 0;
    plans.push(touch("one"), touch("two"), touch("three"), touch("four"), touch("five"));
    await busy.put(backend("a", 8080, "NotReady"));
    expect(busy.events.filter(({ kind }) => kind === "raced")).toHaveLength(5);
    expect(busy.service("backend")).toMatchObject({ labels: { team: "five" }, spec: { state: "Unavailable" } });
    expect(busy.events.filter(({ kind }) => kind === "failed")).toEqual([]);
  });

  it("may delete what is about to be written", async () => {
    const plans: (() => readonly Op[])[] = [];
    const busy = new LiveRig({}, contested(plans).wrap);
    await busy.start(secureMesh(), ...GENERATORS);
    await busy.put(backend("a"));
    plans.push(() => [{ kind: "delete", key: { type: "Mesh", mesh: "", name: "default" } }]);
    await busy.put(backend("a", 8080, "NotReady"));
    expect(busy.names("MeshService")).toEqual([]);
  });

  it("that write at every turn do not keep it from the last state", async () => {
    await rig.put(backend("a"), backend("bb"));
    const writers = [1, 2].map(async (writer) => {
      for (let i = 0; i < 20; i += 1) {
        const state = (i + writer) % 2 === 0 ? "NotReady" : "Ready";
        const name = writer === 1 ? "a" : "bb";
        await rig.store.commit([
          {
            kind: "put",
            resource: { ...backend(name, 8080, state), owner: { type: "Mesh", mesh: "", name: "default" } },
          },
        ]);
        if (i % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
    });
    await Promise.all(writers);
    await rig.settled();
    const healthy = ["a", "bb"].filter((name) => JSON.stringify(rig.get("Dataplane", name)?.spec).includes('"Ready"'));
    expect(rig.status("MeshService", "backend").dataplaneProxies).toMatchObject({ healthy: healthy.length, total: 2 });
  });
});

describe("a store that cannot write", () => {
  it("is tried again, with pauses, until it can", async () => {
    let isBroken = false;
    const broken = (store: Store): Store =>
      new Proxy(store, {
        get(target, property) {
          const value: unknown = Reflect.get(target, property, target);
          if (property !== "commit") return typeof value === "function" ? value.bind(target) : value;
          return (ops: readonly Op[]) => {
            const isOurs = ops.some((op) => op.expect !== undefined);
            return isBroken && isOurs ? Promise.reject(new StoreError("IO", "disk full")) : target.commit(ops);
          };
        },
      });
    const sick = new LiveRig({}, broken);
    await sick.start(secureMesh(), ...GENERATORS);
    isBroken = true;
    await sick.store.commit([
      { kind: "put", resource: { ...backend("a"), owner: { type: "Mesh", mesh: "", name: "default" } } },
    ]);
    const failures = () => sick.events.filter(({ kind }) => kind === "failed").length;
    for (let tries = 1; tries <= 3; tries += 1) {
      for (let turns = 0; turns < 10; turns += 1) await new Promise((resolve) => setImmediate(resolve));
      expect(failures()).toBe(tries);
      if (tries < 3) sick.clock.advance(10_000);
    }
    isBroken = false;
    await sick.pass(10_000);
    expect(sick.names("MeshService")).toEqual(["backend"]);
    expect(sick.clock.pendingTimers).toBe(0);
  });
});

describe("a host name in place of an address", () => {
  const ingress = (host: string): Resource =>
    resource("ZoneIngress", "door", {
      mesh: "",
      spec: { zone: "east", networking: { address: "10.0.0.9", port: 1, advertisedAddress: host, advertisedPort: 1 } },
    });
  const resolved = (): string | undefined => rig.topology.world().resolvedAddress("lb.example");

  it("is looked up, and again as long as something has it", async () => {
    rig.dns.set("lb.example", ["192.0.2.9", "192.0.2.1"]);
    await rig.put(ingress("lb.example"));
    expect(resolved()).toBe("192.0.2.1");
    rig.dns.set("lb.example", ["192.0.2.7"]);
    await rig.pass(10_000);
    expect(resolved()).toBe("192.0.2.7");
    rig.dns.delete("lb.example");
    await rig.pass(10_000);
    expect(resolved()).toBe("192.0.2.7");
    await rig.put(ingress("192.0.2.3"));
    expect(resolved()).toBeUndefined();
    await rig.pass(10_000);
    expect(rig.clock.pendingTimers).toBe(0);
  });

  it("is reported while nobody knows it", async () => {
    await rig.put(ingress("lb.example"));
    expect(rig.problems()).toEqual(["unresolvedHost settings"]);
    rig.dns.set("lb.example", ["192.0.2.1"]);
    await rig.pass(10_000);
    await rig.settled();
    expect(rig.problems()).toEqual([]);
  });
});

describe("what is wrong", () => {
  it("is reported while it lasts", async () => {
    await rig.put(backend("a"), backend("bb", 9090));
    expect(rig.problems()).toEqual(["portsConflict backend"]);
    await rig.put(
      generator("twice", "meshService", "global", "backend.svc.mesh.local"),
      generator("broken", "meshService", "global", '{{ label "nope" }}'),
      remote("east", "backend"),
      remote("north", "backend"),
    );
    expect(rig.problems()).toEqual([
      "portsConflict backend",
      "hostnameCollision backend-east",
      "hostnameTemplate backend-east",
      "hostnameCollision backend-north",
      "hostnameTemplate backend-north",
    ]);
    await rig.delete(backend("bb"), remote("east", "backend"), remote("north", "backend"));
    expect(rig.problems()).toEqual([]);
    const states = rig.events.flatMap((event) => (event.kind === "problem" ? [event.state] : []));
    expect(states.filter((state) => state === "appeared")).toHaveLength(5);
    expect(states.filter((state) => state === "gone")).toHaveLength(5);
  });

  it("with ranges is reported at once, and on services without an address", async () => {
    const small = new LiveRig({
      vipRanges: { MeshService: "241.0.0.0/31", MeshExternalService: "241.0.0.0/30", MeshMultiZoneService: "nonsense" },
    });
    await small.start(secureMesh());
    expect([...small.problems()].sort()).toEqual([
      "invalidRange settings",
      "overlappingRanges settings",
      "tinyRange settings",
      "tinyRange settings",
    ]);
    await small.put(remote("a", "x"), remote("b", "x"), remote("c", "x"), multiZone("shop", "x"));
    const left = small.store.list("MeshService").filter(({ status }) => status?.vips === undefined);
    expect(left).toHaveLength(1);
    expect(left[0]?.status?.conditions).toMatchObject([
      { type: "VIPAllocated", status: "False", reason: "RangeExhausted" },
    ]);
    expect(small.status("MeshMultiZoneService", "shop").conditions).toMatchObject([
      { type: "MeshServicesMatched" },
      { type: "VIPAllocated", status: "False", reason: "NoRange" },
    ]);
    const other = small.store.list("MeshService").find(({ status }) => status?.vips !== undefined);
    if (other !== undefined) await small.delete(other);
    for (const { status } of small.store.list("MeshService")) {
      expect(status?.vips).toHaveLength(1);
      expect(status?.conditions).toBeUndefined();
    }
  });

  it("with addresses of zones is reported", async () => {
    const ingress = (name: string, zone: string): Resource =>
      resource("ZoneIngress", name, {
        mesh: "",
        spec: { zone, networking: { address: "10.0.0.9", port: 1, advertisedAddress: "1.2.3.4", advertisedPort: 1 } },
      });
    await rig.put(ingress("a", "east"), ingress("b", "north"), ingress("c", "north"));
    expect(rig.problems()).toEqual(["sharedIngressAddress a"]);
    await rig.delete(ingress("a", "east"));
    expect(rig.problems()).toEqual([]);
  });
});
