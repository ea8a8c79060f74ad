import { describe, expect, it } from "vitest";
import { ApplyRig, clusterId, draft, fromGlobal, fromZone, several, zoneResource } from "../apply/testing/apply-rig.ts";
import { HOLD_TIME_MS } from "./hold-registry.ts";

const timeout = (name: string) => fromGlobal("MeshTimeout", name);
const service = (name: string, zone = "west") => fromGlobal("MeshService", name, { labels: { "kuma.io/zone": zone } });
const mesh = (name: string) => fromGlobal("Mesh", name);
const inMesh = (name: string, of: string) => fromGlobal("MeshTimeout", name, { mesh: of });
const TEN = several(10, timeout);

async function zoneWith(...rows: readonly ReturnType<typeof timeout>[]): Promise<ApplyRig> {
  const rig = new ApplyRig();
  await rig.put(...rows);
  return rig;
}

describe("a first response", () => {
  it("that is empty deletes nothing", async () => {
    const rig = await zoneWith(...TEN);
    const outcome = await rig.first("MeshTimeout", []);
    expect(outcome).toMatchObject({ deleted: 0, held: 10, holds: ["east/MeshTimeout/global"], rejected: [] });
    expect(rig.names("MeshTimeout")).toHaveLength(10);
    expect(rig.holds.list()).toEqual([
      {
        id: "east/MeshTimeout/global",
        zone: "east",
        type: "MeshTimeout",
        origin: "global",
        reason: "the first response lacks 10 of 10",
        since: rig.clock.now(),
        keys: several(10, timeout).map((row) => `default/${row.name}`),
        wouldDelete: 10,
        of: 10,
        state: "held",
      },
    ]);
    expect(rig.events.map((event) => event.kind)).toEqual(["opened"]);
  });

  it("that is truncated still updates and creates", async () => {
    const rig = await zoneWith(...TEN);
    const changed = fromGlobal("MeshTimeout", "r-0", { spec: { size: 2 } });
    expect(await rig.first("MeshTimeout", [changed, timeout("new")])).toMatchObject({
      created: 1,
      updated: 1,
      held: 9,
    });
    expect(rig.names("MeshTimeout")).toHaveLength(11);
  });

  it("counts each origin for itself", async () => {
    const rig = await zoneWith(
      ...several(20, (name) => service(name, "west"), "w"),
      ...several(2, (name) => service(name, "north"), "n"),
    );
    const outcome = await rig.first(
      "MeshService",
      several(20, (name) => service(name, "west"), "w"),
    );
    expect(outcome).toMatchObject({ deleted: 0, held: 2, holds: ["east/MeshService/north"] });
  });

  it("deletes an ordinary share: 1 of 3, and 2 of 10", async () => {
    const rig = await zoneWith(...several(3, (name) => service(name)), ...TEN);
    expect(
      await rig.first(
        "MeshService",
        several(2, (name) => service(name)),
      ),
    ).toMatchObject({ deleted: 1, held: 0 });
    expect(await rig.first("MeshTimeout", several(8, timeout))).toMatchObject({ deleted: 2, held: 0 });
    expect(rig.held()).toEqual([]);
  });

  it("never touches local rows, nor counts them", async () => {
    const mine = several(50, (name) => fromZone("east", "MeshTimeout", name), "mine");
    const rig = await zoneWith(...mine, timeout("a"), timeout("b"));
    expect(await rig.first("MeshTimeout", [])).toMatchObject({ deleted: 0, held: 2 });
    expect(rig.held()).toEqual(["east/MeshTimeout/global 2/2"]);
  });
});

describe("a later response", () => {
  it("deletes one policy of two", async () => {
    const rig = await zoneWith(timeout("a"), timeout("b"));
    await rig.first("MeshTimeout", [timeout("a"), timeout("b")]);
    expect(await rig.later("MeshTimeout", [], [timeout("a")])).toMatchObject({ deleted: 1, held: 0 });
  });

  it("is held from 20 deletions and 30 % on", async () => {
    const rows = several(67, timeout);
    const rig = await zoneWith(...rows);
    await rig.first("MeshTimeout", rows);
    expect(await rig.later("MeshTimeout", [], rows.slice(0, 20))).toMatchObject({ deleted: 20, held: 0 });
    expect(await rig.later("MeshTimeout", [], rows.slice(20, 40))).toMatchObject({ deleted: 0, held: 20 });
    expect(rig.held()).toEqual(["east/MeshTimeout/global 20/47"]);
  });

  it("that repeats a held deletion changes nothing", async () => {
    const rows = several(10, timeout);
    const rig = await zoneWith(...rows);
    await rig.first("MeshTimeout", []);
    expect(await rig.later("MeshTimeout", [], rows.slice(0, 1))).toMatchObject({ deleted: 0, held: 1 });
    expect(rig.held()).toEqual(["east/MeshTimeout/global 10/10"]);
  });

  it("gives rows back", async () => {
    const rig = await zoneWith(...TEN);
    await rig.first("MeshTimeout", []);
    const outcome = await rig.later("MeshTimeout", TEN);
    expect(outcome.holds).toEqual([]);
    expect(rig.held()).toEqual([]);
    expect(rig.events.at(-1)).toMatchObject({ kind: "ended", why: "returned" });
  });

  it("gives so many rows back that the rest is an ordinary deletion", async () => {
    const rig = await zoneWith(...TEN);
    await rig.first("MeshTimeout", []);
    await rig.later("MeshTimeout", several(7, timeout));
    expect(rig.held()).toEqual(["east/MeshTimeout/global 3/10"]);
    await rig.later("MeshTimeout", [timeout("r-7")]);
    expect(rig.held()).toEqual([]);
    expect(rig.names("MeshTimeout")).toHaveLength(8);
  });

  it("counts an invalid resource as there", async () => {
    const rig = await zoneWith(...several(2, timeout));
    await rig.first("MeshTimeout", []);
    await rig.later("MeshTimeout", [], [], { invalid: ["r-0.default", "r-1.default"] });
    expect(rig.held()).toEqual([]);
    expect(rig.names("MeshTimeout")).toEqual(["r-0", "r-1"]);
  });

  it("deletes other rows beside a hold", async () => {
    const rig = await zoneWith(...TEN);
    await rig.first("MeshTimeout", several(6, timeout));
    expect(await rig.later("MeshTimeout", [], [timeout("r-0")])).toMatchObject({ deleted: 1 });
    expect(rig.held()).toEqual(["east/MeshTimeout/global 4/10"]);
  });
});

describe("an operator", () => {
  it("accepts: rows that are still absent go, and only these", async () => {
    const rig = await zoneWith(...TEN);
    await rig.first("MeshTimeout", []);
    await rig.later("MeshTimeout", several(2, timeout));
    expect(await rig.holds.accept("east/MeshTimeout/global")).toBe(true);
    expect(rig.names("MeshTimeout")).toEqual(["r-0", "r-1"]);
    expect(rig.held()).toEqual([]);
    expect(rig.changes.at(-1)).toEqual({ zone: "east", type: "MeshTimeout", holds: [] });
    expect(rig.events.at(-1)).toMatchObject({ kind: "ended", why: "accepted" });
  });

  it("rejects: rows stay, also when the source says it again", async () => {
    const rig = await zoneWith(...TEN);
    await rig.first("MeshTimeout", []);
    expect(await rig.holds.reject("east/MeshTimeout/global")).toBe(true);
    expect(rig.holds.list()[0]?.state).toBe("rejected");
    rig.reconnect();
    expect(await rig.first("MeshTimeout", [])).toMatchObject({ deleted: 0, held: 10 });
    expect(rig.holds.list()).toMatchObject([{ state: "rejected", wouldDelete: 10 }]);
    rig.clock.advance(2 * HOLD_TIME_MS);
    await rig.holds.idle();
    expect(rig.names("MeshTimeout")).toHaveLength(10);
  });

  it("is asked again when more would go", async () => {
    const rig = await zoneWith(...TEN);
    await rig.first("MeshTimeout", several(5, timeout));
    await rig.holds.reject("east/MeshTimeout/global");
    rig.reconnect();
    await rig.first("MeshTimeout", []);
    expect(rig.holds.list()).toMatchObject([{ state: "held", wouldDelete: 10 }]);
    expect(rig.events.at(-1)?.kind).toBe("grown");
  });

  it("who rejected is not asked about an ordinary deletion", async () => {
    const rig = await zoneWith(...TEN);
    await rig.first("MeshTimeout", several(5, timeout));
    await rig.holds.reject("east/MeshTimeout/global");
    rig.reconnect();
    expect(await rig.first("MeshTimeout", several(4, timeout))).toMatchObject({ deleted: 1, held: 5 });
  });

  it("can accept after a rejection", async () => {
    const rig = await zoneWith(...TEN);
    await rig.first("MeshTimeout", []);
    await rig.holds.reject("east/MeshTimeout/global");
    await rig.holds.accept("east/MeshTimeout/global");
    expect(rig.names("MeshTimeout")).toEqual([]);
  });

  it("gets false for what is not held", async () => {
    const rig = await zoneWith();
    expect(await rig.holds.accept("east/MeshTimeout/global")).toBe(false);
    expect(await rig.holds.reject("east/MeshTimeout/global")).toBe(false);
  });

  it("accepts while the source gives a row back: the row stays", async () => {
    const rig = await zoneWith(...TEN);
    await rig.first("MeshTimeout", []);
    const applied = rig.later("MeshTimeout", [timeout("r-3")]);
    const accepted = rig.holds.accept("east/MeshTimeout/global");
    await Promise.all([applied, accepted]);
    expect(rig.names("MeshTimeout")).toEqual(["r-3"]);
  });
});

describe("a hold outlives", () => {
  it("the stream, and is not doubled by the next", async () => {
    const rig = await zoneWith(...TEN);
    await rig.first("MeshTimeout", []);
    const { since } = rig.holds.list()[0] ?? { since: 0 };
    rig.clock.advance(5_000);
    rig.reconnect();
    expect(await rig.first("MeshTimeout", [])).toMatchObject({ deleted: 0, held: 10 });
    expect(rig.holds.list()).toMatchObject([{ since, wouldDelete: 10, of: 10 }]);
    expect(rig.events.map((event) => event.kind)).toEqual(["opened"]);
  });

  it("the process: the next first response opens it anew", async () => {
    const rig = await zoneWith(...TEN);
    await rig.first("MeshTimeout", []);
    await rig.restart();
    expect(rig.held()).toEqual([]);
    expect(await rig.first("MeshTimeout", [])).toMatchObject({ deleted: 0, held: 10 });
    expect(rig.names("MeshTimeout")).toHaveLength(10);
  });

  it("not its rows, and then there is nothing to decide", async () => {
    const rig = await zoneWith(...TEN);
    await rig.first("MeshTimeout", []);
    await rig.store.commit(TEN.map((key) => ({ kind: "delete", key })));
    expect(rig.held()).toEqual([]);
    expect(rig.events.at(-1)).toMatchObject({ kind: "ended", why: "gone" });
    expect(rig.changes.at(-1)).toEqual({ zone: "east", type: "MeshTimeout", holds: [] });
  });
});

describe("an Isthmus source", () => {
  const THREE_MESHES = ["default", "a", "b"].map(mesh);

  it("says that a mesh was deleted: its rows go", async () => {
    const rows = several(40, (name) => inMesh(name, "a"));
    const rig = await zoneWith(...THREE_MESHES, ...rows);
    await rig.first("MeshTimeout", rows);
    const outcome = await rig.later("MeshTimeout", [], rows, { intents: ["mesh/a"] });
    expect(outcome).toMatchObject({ deleted: 40, held: 0 });
    expect(await rig.later("Mesh", [], [mesh("a")], { intents: ["mesh/a"] })).toMatchObject({ deleted: 1, held: 0 });
  });

  it("says that a zone was deleted or disabled: its rows go, others are judged", async () => {
    const west = several(30, (name) => service(name, "west"), "w");
    const north = several(30, (name) => service(name, "north"), "n");
    const rig = await zoneWith(...west, ...north);
    await rig.first("MeshService", [...west, ...north]);
    const outcome = await rig.later("MeshService", [], [...west, ...north], { intents: ["zone/west"] });
    expect(outcome).toMatchObject({ deleted: 30, held: 30, holds: ["east/MeshService/north"] });
  });

  it("gives the reason afterwards: what was held is released, in all types", async () => {
    const rows = several(40, (name) => inMesh(name, "a"));
    const rig = await zoneWith(...THREE_MESHES, ...rows);
    await rig.first("MeshTimeout", []);
    expect(rig.held()).toEqual(["east/MeshTimeout/global 40/40"]);
    await rig.later("Mesh", [], [mesh("a")], { intents: ["mesh/a"] });
    expect(rig.names("MeshTimeout")).toEqual([]);
    expect(rig.held()).toEqual([]);
  });

  it("keeps saying it for the hold time, with the history of the last good sync", async () => {
    const rig = new ApplyRig("zone", { historyId: "h1" });
    await rig.all([clusterId("c1"), ...TEN]);
    await rig.all([clusterId("c1")], { historyId: "h1" });
    expect(rig.held()).toEqual(["east/MeshTimeout/global 10/10"]);
    rig.clock.advance(HOLD_TIME_MS - 1);
    await rig.holds.idle();
    expect(rig.names("MeshTimeout")).toHaveLength(10);
    rig.clock.advance(1);
    await rig.holds.idle();
    expect(rig.names("MeshTimeout")).toEqual([]);
    expect(rig.events.at(-1)).toMatchObject({ kind: "ended", why: "time" });
  });

  it("has to be connected at the end of the hold time, or to come back with the same", async () => {
    const rig = new ApplyRig("zone", { historyId: "h1" });
    await rig.all([clusterId("c1"), ...TEN]);
    await rig.all([clusterId("c1")], { historyId: "h1" });
    rig.applier.close();
    rig.clock.advance(HOLD_TIME_MS * 2);
    await rig.holds.idle();
    expect(rig.names("MeshTimeout")).toHaveLength(10);
    await rig.all([clusterId("c1")], { historyId: "h1" });
    expect(rig.names("MeshTimeout")).toEqual([]);
  });

  it("begins the hold time anew when the state changes", async () => {
    const rig = new ApplyRig("zone", { historyId: "h1" });
    await rig.all([clusterId("c1"), ...TEN]);
    await rig.all([clusterId("c1")], { historyId: "h1" });
    rig.clock.advance(HOLD_TIME_MS - 1_000);
    await rig.later("MeshTimeout", several(2, timeout));
    rig.clock.advance(HOLD_TIME_MS - 1_000);
    await rig.holds.idle();
    expect(rig.held()).toEqual(["east/MeshTimeout/global 8/10"]);
    rig.clock.advance(1_000);
    await rig.holds.idle();
    expect(rig.names("MeshTimeout")).toEqual(["r-0", "r-1"]);
  });

  it.each([
    ["a Kuma source", undefined],
    ["another history", "h2"],
  ])("but %s waits for ever", async (_, historyId) => {
    const rig = new ApplyRig("zone", { historyId: "h1" });
    await rig.all([clusterId("c1"), ...TEN]);
    await rig.all([clusterId("c1")], historyId === undefined ? {} : { historyId });
    for (let i = 0; i < 5; i += 1) rig.clock.advance(HOLD_TIME_MS);
    await rig.holds.idle();
    expect(rig.names("MeshTimeout")).toHaveLength(10);
  });
});

describe("a mesh", () => {
  it("with all that is in it is not deleted by an empty global", async () => {
    const rows = [mesh("default"), ...TEN];
    const rig = await zoneWith(...rows);
    await rig.all([]);
    expect(rig.names("Mesh")).toEqual(["default"]);
    expect(rig.names("MeshTimeout")).toHaveLength(10);
    expect(rig.held()).toEqual(["east/Mesh/global 1/1", "east/MeshTimeout/global 10/10"]);
    expect(rig.holds.list()[0]?.reason).toBe("mesh default is gone at the source, but here with 10 Mesh Timeouts");
  });

  it("with Dataplanes is not deleted without a reason, however many other meshes there are", async () => {
    const rig = await zoneWith(...several(10, mesh), fromZone("east", "Dataplane", "dp", { mesh: "r-0" }));
    await rig.first("Mesh", several(10, mesh));
    expect(await rig.later("Mesh", [], [mesh("r-0")])).toMatchObject({ deleted: 0, held: 1 });
    expect(await rig.later("Mesh", [], [mesh("r-1")])).toMatchObject({ deleted: 1, held: 0 });
  });

  it("without weight goes, and takes what is held of it along", async () => {
    const rig = await zoneWith(mesh("default"), mesh("a"), inMesh("x", "a"), timeout("y"));
    await rig.first("MeshTimeout", []);
    expect(rig.held()).toEqual(["east/MeshTimeout/global 2/2"]);
    await rig.later("Mesh", [], [mesh("a")]);
    expect(rig.names("Mesh")).toEqual(["default"]);
    expect(rig.names("MeshTimeout")).toEqual(["y"]);
    expect(rig.held()).toEqual(["east/MeshTimeout/global 1/2"]);
  });

  it("that goes makes other deletions of the same response look as big as they are together", async () => {
    const light = several(19, (name) => inMesh(name, "a"), "light");
    const others = several(21, timeout);
    const rig = await zoneWith(mesh("default"), mesh("a"), ...light, ...others);
    await rig.first("MeshTimeout", [...light, ...others]);
    expect(await rig.later("Mesh", [], [mesh("a")])).toMatchObject({ deleted: 1 });
    const removed = [...light, ...others.slice(0, 1)];
    expect(await rig.later("MeshTimeout", [], removed)).toMatchObject({ deleted: 19, held: 1 });
    await rig.later("MeshTimeout", []);
    expect(rig.held()).toEqual(["east/MeshTimeout/global 1/40"]);
  });

  it("is weighed with the others that go at once", async () => {
    const rows = ["a", "b"].flatMap((of) => several(10, (name) => inMesh(name, of), of));
    const rig = await zoneWith(mesh("default"), mesh("a"), mesh("b"), ...rows);
    expect(await rig.later("Mesh", [], [mesh("a"), mesh("b")])).toMatchObject({ deleted: 0, held: 2 });
    expect(rig.holds.list()[0]?.reason).toBe(
      "mesh a and 1 more are gone at the source, but here with 20 Mesh Timeouts",
    );
  });

  it("once accepted, lets its rows go at once", async () => {
    const rows = several(40, (name) => inMesh(name, "a"));
    const rig = await zoneWith(mesh("default"), mesh("a"), ...rows);
    await rig.first("Mesh", [mesh("default")]);
    await rig.first("MeshTimeout", []);
    expect(rig.held()).toEqual(["east/Mesh/global 1/2", "east/MeshTimeout/global 40/40"]);
    await rig.holds.accept("east/Mesh/global");
    await rig.holds.idle();
    expect(rig.names("MeshTimeout")).toEqual([]);
    expect(rig.held()).toEqual([]);
  });

  it("that is gone excuses later deletions, one that is back does not", async () => {
    const rows = several(40, (name) => inMesh(name, "a"));
    const rig = await zoneWith(mesh("default"), mesh("a"), mesh("b"), ...rows);
    await rig.store.commit([{ kind: "delete", key: mesh("a") }]);
    expect(await rig.later("MeshTimeout", [], rows.slice(0, 20))).toMatchObject({ deleted: 20, held: 0 });
    await rig.put(mesh("a"));
    expect(await rig.later("MeshTimeout", [], rows.slice(20))).toMatchObject({ deleted: 0, held: 20 });
  });
});

describe("on a global", () => {
  const services = several(4, (name) => fromZone("east", "MeshService", name));
  const proxies = (prefix: string, count = 4) => several(count, (name) => fromZone("east", "Dataplane", name), prefix);

  async function globalWith(...rows: readonly ReturnType<typeof timeout>[]): Promise<ApplyRig> {
    const rig = new ApplyRig("global", { historyId: "h1" });
    await rig.put(zoneResource("east"), zoneResource("west"));
    await rig.all(rows);
    return rig;
  }

  it("a zone that lost its data is held too", async () => {
    const rig = await globalWith(...services);
    await rig.all([], { historyId: "h1" });
    expect(rig.held()).toEqual(["east/MeshService/east 4/4"]);
  });

  it("a rollout replaces all proxies of a zone that was away", async () => {
    const rig = await globalWith(...proxies("old"), ...services);
    await rig.all([...proxies("new"), ...services], { historyId: "h1" });
    expect(rig.held()).toEqual([]);
    expect(rig.names("Dataplane")).toEqual(["new-0", "new-1", "new-2", "new-3"]);
  });

  it("proxies that register after the zone's restart replace those that went", async () => {
    const rig = await globalWith(...proxies("old"), ...services);
    await rig.all(services, { historyId: "h1" });
    expect(rig.held()).toEqual(["east/Dataplane/east 4/4"]);
    await rig.later("Dataplane", proxies("new", 2));
    expect(rig.names("Dataplane")).toHaveLength(6);
    await rig.later("Dataplane", [fromZone("east", "Dataplane", "new-2")]);
    expect(rig.names("Dataplane")).toEqual(["new-0", "new-1", "new-2"]);
    expect(rig.held()).toEqual([]);
  });

  it("a zone with another store keeps its services until it says them again", async () => {
    const rig = await globalWith(...services, ...proxies("p"));
    await rig.all([...services.slice(1), ...proxies("p", 3)], { historyId: "h2" });
    expect(rig.held()).toEqual(["east/MeshService/east 1/4"]);
    expect(rig.names("Dataplane")).toHaveLength(3);
    await rig.later("MeshService", services);
    expect(rig.held()).toEqual([]);
  });

  it("each zone has its own record and its own holds", async () => {
    const rig = await globalWith(...services);
    const west = rig.open({ zone: "west", historyId: "w1" });
    const rows = several(4, (name) => fromZone("west", "MeshService", name), "w");
    await rig.apply({ type: "MeshService", initial: true, upserts: rows }, west);
    await rig.apply({ type: "MeshService", initial: true }, west);
    expect(rig.held()).toEqual(["west/MeshService/west 4/4"]);
    expect(rig.store.get({ type: "Config", mesh: "", name: "isthmus-sync-source.east" })?.spec.config).toBe(
      '{"historyId":"h1"}',
    );
  });

  it("a hold goes with its Zone", async () => {
    const rig = await globalWith(...services);
    await rig.all([], { historyId: "h1" });
    await rig.store.commit([{ kind: "delete", key: zoneResource("east") }]);
    expect(rig.held()).toEqual([]);
  });
});

describe("losing the store", () => {
  it("leaves a released hold in place and says so", async () => {
    const rig = await zoneWith(...TEN);
    await rig.first("MeshTimeout", []);
    await rig.store.stop();
    await expect(rig.holds.accept("east/MeshTimeout/global")).rejects.toMatchObject({ code: "CLOSED" });
    expect(rig.held()).toEqual(["east/MeshTimeout/global 10/10"]);
  });
});

it("ends its timers when it is closed", async () => {
  const rig = await zoneWith(...TEN);
  await rig.first("MeshTimeout", []);
  expect(rig.clock.pendingTimers).toBe(1);
  await rig.holds.close();
  expect(rig.clock.pendingTimers).toBe(0);
});

it("knows no resource by its name only: a made-up type is braked alike", async () => {
  const rows = several(10, (name) => fromGlobal("Gadget", name));
  const rig = await zoneWith(...rows, draft("Gadget", "local"));
  expect(await rig.first("Gadget", [])).toMatchObject({ deleted: 0, held: 10 });
  await rig.holds.accept("east/Gadget/global");
  expect(rig.names("Gadget")).toEqual(["local"]);
});
