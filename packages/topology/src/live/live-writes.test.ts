/** What a live topology writes beside others, and when nothing is to be written. */
import { type Op, type Store, StoreError } from "@isthmus/store";
import { beforeEach, describe, expect, it } from "vitest";
import { dataplane, resource, secureMesh } from "../testing/resources.ts";
import { LiveRig } from "./testing/live-rig.ts";
import { backend, GENERATORS, multiZone, remote } from "./testing/live-samples.ts";

let rig: LiveRig;
beforeEach(async () => {
  rig = new LiveRig();
  await rig.start(secureMesh(), ...GENERATORS);
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
