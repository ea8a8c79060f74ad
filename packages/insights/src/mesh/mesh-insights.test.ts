/** What insights show, when they are written, and when nothing is. */
import { builtinTypes, decodeSpec, encodeSpec, Registry } from "@isthmus/resources";
import { type CommitEvent, StoreError } from "@isthmus/store";
import { beforeEach, describe, expect, it } from "vitest";
import { failingStore } from "../testing/rig.ts";
import { MeshRig } from "./testing/mesh-rig.ts";
import { dataplane, external, insight, mesh, policy } from "./testing/mesh-samples.ts";

let rig: MeshRig;
let commits: CommitEvent[];
beforeEach(async () => {
  rig = new MeshRig();
  commits = [];
  await rig.insights.start();
  await rig.commit(mesh());
  await rig.settled();
  rig.clock.advance(10_000);
  rig.computed();
  rig.store.subscribe((event) => commits.push(event));
});

describe("the MeshInsight", () => {
  it("of a mesh without anything has the messages that Kuma sets", () => {
    expect(rig.meshInsight()).toEqual({
      dataplanes: {},
      dpVersions: {},
      mTLS: {},
      services: {},
      dataplanesByType: { standard: {}, gateway: {}, gatewayBuiltin: {}, gatewayDelegated: {} },
    });
    expect(rig.services()).toBeUndefined();
  });

  it("counts by status, type, version and backend", async () => {
    await rig.commit(
      dataplane("up"),
      insight("up", { issued: "ca-1", supported: ["ca-1", "ca-2"] }),
      dataplane("half", { inbounds: [{ service: "web" }, { service: "shop", state: "NotReady" }] }),
      insight("half", { kumaDp: "2.13.0" }),
      dataplane("down"),
      dataplane("edge", { gateway: { service: "edge" } }),
      insight("edge", { subscriptions: ["open", "closed"] }),
      policy("MeshTimeout", "t"),
      policy("Secret", "s"),
    );
    await rig.settled();
    expect(rig.meshInsight()).toEqual({
      dataplanes: { total: 4, online: 2, offline: 1, partiallyDegraded: 1 },
      policies: { MeshTimeout: { total: 1 } },
      dpVersions: {
        kumaDp: {
          "2.13.0": { total: 1, partiallyDegraded: 1 },
          "2.14.3": { total: 2, online: 2 },
          unknown: { total: 1, offline: 1 },
        },
        envoy: { "1.40.0": { total: 3, online: 2, partiallyDegraded: 1 }, unknown: { total: 1, offline: 1 } },
      },
      mTLS: {
        issuedBackends: { "ca-1": { total: 1, online: 1 } },
        supportedBackends: { "ca-1": { total: 1, online: 1 }, "ca-2": { total: 1, online: 1 } },
      },
      services: { total: 3, internal: 3 },
      dataplanesByType: {
        standard: { total: 3, online: 1, offline: 1, partiallyDegraded: 1 },
        gateway: { total: 1, online: 1 },
        gatewayBuiltin: {},
        gatewayDelegated: { total: 1, online: 1 },
      },
      resources: { Dataplane: { total: 4 }, MeshTimeout: { total: 1 }, Secret: { total: 1 } },
    });
  });
});

describe("the ServiceInsight", () => {
  it("has every status and kind", async () => {
    await rig.commit(
      dataplane("a", {
        inbounds: [
          { service: "web", zone: "east" },
          { service: "half", zone: "east" },
        ],
      }),
      insight("a", { issued: "ca-1" }),
      dataplane("b", { inbounds: [{ service: "half", zone: "west" }, { service: "down" }] }),
      dataplane("c", { gateway: { service: "edge", zone: "east" } }),
      insight("c"),
      dataplane("d", { gateway: { service: "door", type: "BUILTIN" } }),
      external("m1", "mail", "mail.test:25", "north"),
      external("m0", "mail", "mail.test:24", "east"),
    );
    await rig.settled();
    expect(rig.services()).toEqual({
      door: { status: "offline", dataplanes: { offline: 1 }, serviceType: "gateway_builtin" },
      down: { status: "offline", dataplanes: { offline: 1 } },
      edge: { status: "online", dataplanes: { online: 1 }, serviceType: "gateway_delegated", zones: ["east"] },
      half: {
        status: "partially_degraded",
        dataplanes: { online: 1, offline: 1 },
        issuedBackends: { "ca-1": 1 },
        zones: ["east", "west"],
      },
      mail: {
        status: "not_available",
        dataplanes: {},
        serviceType: "external",
        addressPort: "mail.test:24",
        zones: ["east", "north"],
      },
      web: { status: "online", dataplanes: { online: 1 }, issuedBackends: { "ca-1": 1 }, zones: ["east"] },
    });
    expect(Object.keys(rig.services() ?? {})).toEqual(["door", "down", "edge", "half", "mail", "web"]);
  });

  it("counts a proxy with two inbounds of one service twice, and one that is not ready in part as offline", async () => {
    await rig.commit(
      dataplane("a", { inbounds: [{ service: "web" }, { service: "web", ready: false }] }),
      insight("a"),
    );
    await rig.settled();
    expect(rig.services()).toEqual({ web: { status: "offline", dataplanes: { offline: 2 } } });
  });

  it("shows the kind of the sidecars when gateways and external services claim the same name", async () => {
    await rig.commit(
      external("e", "same", "a.test:1"),
      dataplane("a", { gateway: { service: "same", type: "BUILTIN" } }),
      dataplane("b", { gateway: { service: "same" } }),
      insight("b"),
    );
    await rig.settled();
    expect(rig.services()).toMatchObject({ same: { serviceType: "gateway_delegated", status: "partially_degraded" } });
    await rig.commit(dataplane("c", { inbounds: [{ service: "same" }] }));
    await rig.settled();
    expect(rig.services()).toEqual({ same: { status: "partially_degraded", dataplanes: { online: 1, offline: 2 } } });
  });

  it("of an exclusive mesh has its delegated gateways only, and becomes empty when there are none", async () => {
    await rig.commit(dataplane("a"), dataplane("edge", { gateway: { service: "edge" } }), external("m", "mail", "m:1"));
    await rig.settled();
    await rig.commit(mesh("default", "Exclusive"));
    await rig.settled();
    expect(Object.keys(rig.services() ?? {})).toEqual(["edge"]);
    expect(rig.meshInsight()).not.toHaveProperty("services");
    await rig.delete("Dataplane", "edge");
    await rig.settled();
    expect(rig.store.get({ type: "ServiceInsight", mesh: "default", name: "all-services-default" })?.spec).toEqual({});
  });
});

describe("what is stored", () => {
  it("is canonical, and owned by the Mesh", async () => {
    await rig.commit(
      dataplane("a"),
      insight("a", { issued: "ca-1" }),
      external("m", "mail", "m:1"),
      policy("MeshRetry", "r"),
    );
    await rig.settled();
    const registry = new Registry(builtinTypes);
    for (const type of ["MeshInsight", "ServiceInsight"]) {
      const [stored] = rig.store.list(type);
      const descriptor = registry.get(type);
      if (stored === undefined || descriptor === undefined) throw new Error(`no ${type}`);
      const { typeUrl, bytes } = encodeSpec(descriptor, stored);
      const decoded = decodeSpec(descriptor, typeUrl, bytes);
      expect(JSON.stringify(decoded.ok ? decoded.value.spec : decoded.error)).toBe(JSON.stringify(stored.spec));
      expect(stored.owner).toEqual({ type: "Mesh", mesh: "", name: "default" });
    }
    await rig.delete("Mesh", "default");
    await rig.settled();
    expect(rig.store.count("MeshInsight") + rig.store.count("ServiceInsight")).toBe(0);
  });

  it("is right for a Mesh that comes after everything in it has come and gone", async () => {
    await rig.commit(dataplane("a", { mesh: "late", gateway: {} }), policy("MeshTimeout", "t", "late"));
    await rig.settled();
    // In one commit: resources are counted at once, facts about them when the batch is complete.
    await rig.store.commit([
      { kind: "delete", key: { type: "Dataplane", mesh: "late", name: "a" } },
      { kind: "delete", key: { type: "MeshTimeout", mesh: "late", name: "t" } },
      { kind: "put", resource: dataplane("b", { mesh: "late" }) },
      { kind: "put", resource: mesh("late") },
    ]);
    await rig.settled();
    expect(rig.meshInsight("late")).toMatchObject({ dataplanes: { total: 1, offline: 1 }, services: { total: 1 } });
  });

  it("comes back when somebody else changes or deletes it", async () => {
    await rig.commit(dataplane("a"));
    await rig.settled();
    const before = rig.meshInsight();
    await rig.commit({
      type: "MeshInsight",
      mesh: "",
      name: "default",
      labels: {},
      spec: { dataplanes: { total: 9 } },
    });
    await rig.delete("ServiceInsight", "all-services-default");
    await rig.settled();
    expect(rig.meshInsight()).toEqual(before);
    expect(rig.services()).toHaveProperty("web");
  });
});

describe("writes", () => {
  it("follow a change at once after a quiet time: no timer has to pass", async () => {
    await rig.commit(dataplane("a"), insight("a"));
    await rig.turns();
    expect(rig.meshInsight()).toMatchObject({ dataplanes: { online: 1 } });
    expect(rig.services()).toMatchObject({ web: { status: "online" } });
  });

  it("are one commit for all meshes that changed", async () => {
    await rig.commit(...["m1", "m2", "m3"].map((name) => mesh(name)));
    await rig.settled();
    rig.clock.advance(10_000);
    commits.length = 0;
    await rig.commit(...["m1", "m2", "m3"].map((name) => dataplane("a", { mesh: name })));
    await rig.settled();
    expect(commits.map(({ changes }) => changes.length)).toEqual([3, 6]);
  });

  it("wait a pause while changes keep coming, and then hold the latest", async () => {
    for (let change = 0; change < 20; change += 1) {
      await rig.commit(policy("MeshTimeout", `t-${change}`));
      await rig.turns(3);
    }
    const insights = (): number =>
      commits.filter(({ changes }) => changes.some(({ key }) => key.type === "MeshInsight")).length;
    expect(insights()).toBe(1);
    expect(rig.meshInsight()).toMatchObject({ policies: { MeshTimeout: { total: 1 } } });
    rig.clock.advance(50);
    await rig.turns();
    expect(insights()).toBe(2);
    expect(rig.meshInsight()).toMatchObject({ policies: { MeshTimeout: { total: 20 } } });
    expect(rig.clock.pendingTimers).toBe(0);
  });

  it("of many services wait longer, up to the longest pause", async () => {
    const shown = (): readonly string[] => Object.keys(rig.services() ?? {});
    await rig.commit(
      ...Array.from({ length: 400 }, (_, n) => dataplane(`dp-${n}`, { inbounds: [{ service: `s-${n}` }] })),
    );
    await rig.turns();
    expect(shown()).toHaveLength(400);
    await rig.commit(dataplane("late", { inbounds: [{ service: "late" }] }));
    rig.clock.advance(400);
    await rig.turns();
    // The MeshInsight goes nowhere and need not wait.
    expect(rig.meshInsight()).toMatchObject({ services: { internal: 401 } });
    expect(shown()).not.toContain("late");
    rig.clock.advance(60);
    await rig.turns();
    expect(shown()).toContain("late");
  });

  it("do not happen for what insights do not show", async () => {
    await rig.commit(dataplane("a"), insight("a", { responses: 1 }), policy("MeshTimeout", "t"));
    await rig.settled();
    rig.computed();
    commits.length = 0;
    await rig.commit(insight("a", { responses: 2 }));
    await rig.commit({ ...policy("MeshTimeout", "t"), spec: { to: [] } });
    await rig.commit({ type: "ZoneInsight", mesh: "", name: "east", labels: {}, spec: {} });
    await rig.settled();
    expect(commits).toHaveLength(3);
    expect(rig.computed()).toEqual([]);
    expect(rig.clock.pendingTimers).toBe(0);
  });

  it("are told with their reason, and looked at once after a start", async () => {
    await rig.commit(policy("MeshTimeout", "t"));
    await rig.settled();
    expect(rig.computed()).toEqual(["MeshInsight default event changed"]);
    await rig.commit(dataplane("a", { inbounds: [] }));
    await rig.settled();
    expect([...rig.computed()].sort()).toEqual([
      "MeshInsight default event changed",
      "ServiceInsight default event no_changes",
    ]);
    await rig.restart();
    expect(rig.computed()).toEqual([
      "MeshInsight default resync no_changes",
      "ServiceInsight default resync no_changes",
    ]);
  });
});

describe("a store that refuses", () => {
  it("is asked again until it has what it should have", async () => {
    let failures = 3;
    rig = new MeshRig({}, (store) =>
      failingStore(store, async (ops) => {
        const isInsight = ops.some((op) => op.kind === "put" && op.resource.type === "MeshInsight");
        if (!isInsight || failures === 0) return undefined;
        failures -= 1;
        return new StoreError("IO", "no space left");
      }),
    );
    await rig.insights.start();
    await rig.commit(mesh(), dataplane("a"));
    await rig.settled();
    expect(failures).toBe(0);
    expect(rig.meshInsight()).toMatchObject({ dataplanes: { total: 1 } });
    expect(rig.events.filter(({ kind }) => kind === "failed")).toHaveLength(3);
  });

  it("because the Mesh went meanwhile is left alone", async () => {
    await rig.commit(dataplane("a"));
    await rig.delete("Mesh", "default");
    await rig.settled();
    expect(rig.store.count("MeshInsight")).toBe(0);
    expect(rig.events.filter(({ kind }) => kind === "failed")).toEqual([]);
  });
});
