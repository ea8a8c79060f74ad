import { describe, expect, it } from "vitest";
import { ApplyRig, clusterId, fromGlobal, registry, several } from "../apply/testing/apply-rig.ts";

const timeout = (name: string) => fromGlobal("MeshTimeout", name);
const mesh = (name: string) => fromGlobal("Mesh", name);
const TEN = several(10, timeout);

async function zoneWith(...rows: readonly ReturnType<typeof timeout>[]): Promise<ApplyRig> {
  const rig = new ApplyRig();
  await rig.put(...rows);
  return rig;
}

describe("another global", () => {
  const secret = (data: string) => fromGlobal("Secret", "ca", { spec: { data } });
  const trust = (data: string) => fromGlobal("MeshTrust", "trust", { spec: { data } });
  const synced = [clusterId("c1"), mesh("default"), secret("old"), trust("old"), ...TEN];
  const recorded = (rig: ApplyRig): unknown =>
    rig.store.get({ type: "Config", mesh: "", name: "isthmus-sync-source" })?.spec.config;
  const dataOf = (rig: ApplyRig, type: string): unknown => rig.store.list(type)[0]?.spec.data;
  const ownClusterId = (rig: ApplyRig): unknown =>
    rig.store.get({ type: "Config", mesh: "", name: "kuma-cluster-id" })?.spec.config;

  it("is compared with nothing by a fresh zone", async () => {
    const rig = new ApplyRig();
    await rig.all(synced);
    expect(rig.held()).toEqual([]);
    expect(recorded(rig)).toBe('{"clusterId":"c1"}');
  });

  it("the record stays in the store: no peer is entitled to it", async () => {
    const rig = new ApplyRig("zone", { historyId: "h1" });
    await rig.all(synced);
    expect(recorded(rig)).toBe('{"clusterId":"c1","historyId":"h1"}');
    const row = rig.store.get({ type: "Config", mesh: "", name: "isthmus-sync-source" });
    expect(row?.labels).toEqual({ "kuma.io/origin": "zone", "kuma.io/kds-sync": "disabled" });
    await rig.all(synced, { historyId: "h1" });
    expect(rig.held()).toEqual([]);
    expect(recorded(rig)).toBe('{"clusterId":"c1","historyId":"h1"}');
  });

  it("deletes nothing, however little it lacks, and replaces neither secrets nor trust nor its own id", async () => {
    const rig = new ApplyRig();
    await rig.all(synced);
    await rig.all([clusterId("c2"), mesh("default"), secret("new"), trust("new"), ...several(9, timeout)], {});
    expect(rig.names("MeshTimeout")).toHaveLength(10);
    expect(ownClusterId(rig)).toBe("c1");
    expect(dataOf(rig, "Secret")).toBe("old");
    expect(dataOf(rig, "MeshTrust")).toBe("old");
    expect(rig.held()).toEqual([
      "east/Config/global 0/1",
      "east/MeshTimeout/global 1/10",
      "east/MeshTrust/global 0/1",
      "east/Secret/global 0/1",
    ]);
    expect(rig.holds.list()[1]?.reason).toBe("the source has cluster id c2, before it was c1");
    expect(recorded(rig)).toBe('{"clusterId":"c1"}');
  });

  it("that lacks nothing is taken over from once it has told everything", async () => {
    const rig = new ApplyRig();
    await rig.all(synced);
    await rig.all([clusterId("c2"), mesh("default"), secret("new"), trust("new"), ...TEN], {});
    expect(rig.held()).toEqual([]);
    expect([ownClusterId(rig), dataOf(rig, "Secret"), dataOf(rig, "MeshTrust")]).toEqual(["c2", "new", "new"]);
    expect(recorded(rig)).toBe('{"clusterId":"c2"}');
  });

  it("is taken over from when the operator accepts what is held", async () => {
    const rig = new ApplyRig();
    await rig.all(synced);
    await rig.all([clusterId("c2"), mesh("default"), secret("new"), trust("new")], {});
    await rig.holds.accept("east/MeshTimeout/global");
    await rig.holds.idle();
    expect(rig.names("MeshTimeout")).toEqual([]);
    expect([ownClusterId(rig), dataOf(rig, "Secret"), dataOf(rig, "MeshTrust")]).toEqual(["c2", "new", "new"]);
    expect(recorded(rig)).toBe('{"clusterId":"c2"}');
    expect(rig.held()).toEqual([]);
  });

  it("stays another one through reconnects and restarts", async () => {
    const rig = new ApplyRig();
    await rig.all(synced);
    const other = [clusterId("c2"), mesh("default"), secret("new"), ...several(9, timeout)];
    for (let i = 0; i < 3; i += 1) {
      await rig.all(other, {});
      await rig.restart();
      await rig.all(other);
    }
    expect(rig.names("MeshTimeout")).toHaveLength(10);
    expect(dataOf(rig, "Secret")).toBe("old");
  });

  it("that is left again for the right one leaves nothing behind", async () => {
    const rig = new ApplyRig();
    await rig.all(synced);
    await rig.all([clusterId("c2"), mesh("default")], {});
    expect(rig.holds.list().length).toBeGreaterThan(2);
    await rig.all(synced, {});
    expect(rig.held()).toEqual([]);
    expect(rig.names("MeshTimeout")).toHaveLength(10);
    expect(ownClusterId(rig)).toBe("c1");
  });

  it("without a cluster id counts as another one, until it shows the right one", async () => {
    const rig = new ApplyRig();
    await rig.all(synced);
    await rig.all([mesh("default"), ...several(9, timeout)], {});
    expect(rig.names("MeshTimeout")).toHaveLength(10);
    expect(ownClusterId(rig)).toBe("c1");
    await rig.later("Config", [clusterId("c1")]);
    expect(rig.names("MeshTimeout")).toHaveLength(9);
  });

  it("is recognised by its history too", async () => {
    const rig = new ApplyRig("zone", { historyId: "h1" });
    await rig.all(synced);
    await rig.all([clusterId("c1"), mesh("default"), ...several(9, timeout)], { historyId: "h2" });
    expect(rig.names("MeshTimeout")).toHaveLength(10);
    expect(rig.holds.list().at(0)?.reason).toBe("the source's store has history h2, before it was h1");
  });

  it("that has not shown its cluster id yet deletes nothing; then the right one does", async () => {
    const rig = new ApplyRig();
    await rig.all(synced);
    rig.reconnect();
    expect(await rig.first("MeshTimeout", several(9, timeout))).toMatchObject({ deleted: 0, held: 1 });
    await rig.first("Config", [clusterId("c1")]);
    expect(rig.names("MeshTimeout")).toHaveLength(9);
    expect(rig.held()).toEqual([]);
  });

  it("a wrong one's holds are not released by the right one before it told the type", async () => {
    const rig = new ApplyRig();
    await rig.all(synced);
    await rig.all([clusterId("c2"), mesh("default"), ...several(9, timeout)], {});
    rig.reconnect();
    await rig.first("Config", [clusterId("c1")]);
    expect(rig.names("MeshTimeout")).toHaveLength(10);
    await rig.first("MeshTimeout", TEN);
    expect(rig.held()).not.toContain("east/MeshTimeout/global 1/10");
    expect(rig.names("MeshTimeout")).toHaveLength(10);
  });

  it("a formerly synced zone without a record goes by the cluster id it has", async () => {
    const rig = await zoneWith(clusterId("c1"), ...TEN);
    rig.reconnect();
    await rig.all([clusterId("c2"), ...several(9, timeout)], {});
    expect(rig.names("MeshTimeout")).toHaveLength(10);
  });
});

describe("secrets and CA material", () => {
  const secret = (data: string) => fromGlobal("Secret", "ca", { spec: { data } });

  it("are not replaced while anything of the source is held; new ones are stored", async () => {
    const rig = await zoneWith(secret("old"), ...TEN);
    await rig.first("MeshTimeout", []);
    const outcome = await rig.later("Secret", [secret("new"), fromGlobal("Secret", "other")]);
    expect(outcome).toMatchObject({ created: 1, updated: 0, held: 1, holds: ["east/Secret/global"], rejected: [] });
    expect(rig.store.get(secret(""))?.spec.data).toBe("old");
    expect(rig.holds.list()[1]).toMatchObject({ keys: ["default/ca"], wouldDelete: 0 });
  });

  it("are replaced when the operator accepts exactly that", async () => {
    const rig = await zoneWith(secret("old"), ...TEN);
    await rig.first("MeshTimeout", []);
    await rig.later("Secret", [secret("new")]);
    await rig.holds.accept("east/Secret/global");
    expect(rig.store.get(secret(""))?.spec.data).toBe("new");
    expect(rig.held()).toEqual(["east/MeshTimeout/global 10/10"]);
  });

  it("stay as they are when the source takes the change back", async () => {
    const rig = await zoneWith(secret("old"), ...TEN);
    await rig.first("MeshTimeout", []);
    await rig.later("Secret", [secret("new")]);
    await rig.later("Secret", [secret("old")]);
    expect(rig.held()).toEqual(["east/MeshTimeout/global 10/10"]);
  });

  it("of a first response wait for the other types, so that order does not matter", async () => {
    const rig = new ApplyRig();
    await rig.all([clusterId("c1"), secret("old"), ...TEN]);
    rig.reconnect();
    await rig.first("Config", [clusterId("c1")]);
    const waiting = rig.first("Secret", [secret("new")]);
    await rig.first("MeshTimeout", []);
    rig.clock.advance(1_000);
    expect(await waiting).toMatchObject({ updated: 0, held: 1 });
    expect(rig.store.get(secret(""))?.spec.data).toBe("old");
  });

  it("of a first response are not waited for longer than a second", async () => {
    const rig = new ApplyRig();
    await rig.all([clusterId("c1"), secret("old")]);
    rig.reconnect();
    await rig.first("Config", [clusterId("c1")]);
    const waiting = rig.first("Secret", [secret("new")]);
    await Promise.resolve();
    rig.clock.advance(1_000);
    expect(await waiting).toMatchObject({ updated: 1 });
  });

  it("need no wait when the source proves its history", async () => {
    const rig = new ApplyRig("zone", { historyId: "h1" });
    await rig.all([clusterId("c1"), secret("old")]);
    rig.reconnect({ historyId: "h1" });
    expect(await rig.first("Secret", [secret("new")])).toMatchObject({ updated: 1, held: 0 });
  });

  it("wait for each other too: those of one type are not replaced when another type will be held", async () => {
    const trusts = several(5, (name) => fromGlobal("MeshTrust", name));
    const rig = new ApplyRig();
    await rig.all([clusterId("c1"), secret("old"), ...trusts]);
    const changed = fromGlobal("MeshTrust", "r-0", { spec: { changed: true } });
    // In both orders: Secrets are told after MeshTrusts.
    await rig.all([clusterId("c1"), secret("new"), changed], {});
    expect(rig.store.get(secret(""))?.spec.data).toBe("old");
    rig.reconnect();
    const secrets = rig.first("Secret", [secret("new")]);
    const told = [rig.first("MeshTrust", [changed])];
    for (const { name } of registry.towardsZones()) {
      if (name !== "Secret" && name !== "MeshTrust")
        told.push(rig.first(name, name === "Config" ? [clusterId("c1")] : []));
    }
    await Promise.all([...told, secrets]);
    expect(rig.store.get(secret(""))?.spec.data).toBe("old");
    expect(rig.held()).toEqual(["east/MeshTrust/global 4/5", "east/Secret/global 0/1"]);
  });

  it("are never replaced by a first response that lacks most of them itself", async () => {
    const others = several(4, (name) => fromGlobal("Secret", name));
    const rig = await zoneWith(secret("old"), ...others);
    const waiting = rig.first("Secret", [secret("new")]);
    await Promise.resolve();
    rig.clock.advance(1_000);
    expect(await waiting).toMatchObject({ updated: 0, held: 5 });
    expect(rig.held()).toEqual(["east/Secret/global 4/5"]);
    expect(rig.holds.list()[0]?.keys).toContain("default/ca");
  });
});
