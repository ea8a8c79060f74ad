import type { Resource } from "@isthmus/resources";
import { FakeClock } from "@isthmus/testkit";
import { describe, expect, it, vi } from "vitest";
import { meshKey, put, rejects, remove, zoneKey } from "./conformance.ts";
import { CatalogStore } from "./engine.ts";
import type { StoreError } from "./errors.ts";
import { BatchRefused, type Persistence, type WriteBatch } from "./persistence.ts";

/** A disk whose writes end when the test says so. */
class HeldDisk implements Persistence {
  readonly writes: { readonly batch: WriteBatch; finish(): Promise<void>; fail(error: Error): Promise<void> }[] = [];
  isClosed = false;

  write(batch: WriteBatch): Promise<void> {
    return new Promise((resolve, reject) => {
      const settled = async (settle: () => void): Promise<void> => {
        settle();
        for (let i = 0; i < 5; i += 1) await Promise.resolve();
      };
      this.writes.push({ batch, finish: () => settled(resolve), fail: (error) => settled(() => reject(error)) });
    });
  }

  close(): Promise<void> {
    this.isClosed = true;
    return Promise.resolve();
  }
}

function openHeld(resources: Resource[] = [], revision = 0): { store: CatalogStore; disk: HeldDisk; clock: FakeClock } {
  const disk = new HeldDisk();
  const clock = new FakeClock();
  const store = new CatalogStore("held", disk, { historyId: "h", revision, resources }, { clock });
  return { store, disk, clock };
}

const track = <T>(promise: Promise<T>): { state: () => string } => {
  let state = "pending";
  promise.then(
    () => (state = "done"),
    (error: unknown) => (state = error instanceof Error && "code" in error ? String(error.code) : "failed"),
  );
  return { state: () => state };
};

const names = ({ batch }: { batch: WriteBatch }): string[] =>
  [...batch.rows.keys()].map((text) => text.split("\0")[2] ?? "");

describe("group commit", () => {
  it("writes a lone commit at once, without a timer", async () => {
    const { store, disk, clock } = openHeld();
    const commit = store.commit([put(zoneKey("a"))]);
    await Promise.resolve();
    expect(disk.writes).toHaveLength(1);
    expect(clock.pendingTimers).toBe(0);
    await disk.writes[0]?.finish();
    await commit;
  });

  it("makes one batch of what arrives while a write is in flight", async () => {
    const { store, disk } = openHeld();
    const commits = [store.commit([put(zoneKey("a"))]), store.commit([put(zoneKey("b"))])];
    await Promise.resolve();
    for (const name of ["c", "d", "e"]) commits.push(store.commit([put(zoneKey(name))]));
    expect(disk.writes.map(names)).toEqual([["a", "b"]]);
    expect(store.pendingCommits).toBe(5);
    await disk.writes[0]?.finish();
    expect(disk.writes.map(names)).toEqual([
      ["a", "b"],
      ["c", "d", "e"],
    ]);
    const batches = disk.writes.map(({ batch }) => [batch.previousRevision, batch.revision]);
    expect(batches).toEqual([
      [0, 2],
      [2, 5],
    ]);
    await disk.writes[1]?.finish();
    expect((await Promise.all(commits)).map(({ revision }) => revision)).toEqual([1, 2, 3, 4, 5]);
    expect(store.pendingCommits).toBe(0);
  });

  it("shows nothing of a batch before it is durable", async () => {
    const { store, disk } = openHeld();
    const listener = vi.fn();
    store.subscribe(listener);
    const commit = track(store.commit([put(zoneKey("a"))]));
    const refused = track(store.commit([{ ...put(zoneKey("a")), expect: "absent" }]));
    const unchanged = track(store.commit([put(zoneKey("a"))]));
    await Promise.resolve();
    expect([store.revision, store.get(zoneKey("a")), store.count("Zone"), store.list("Zone")]).toEqual([
      0,
      undefined,
      0,
      [],
    ]);
    expect(store.changes(0)).toEqual({ kind: "changes", revision: 0, keys: [] });
    expect(listener).not.toHaveBeenCalled();
    expect([commit, refused, unchanged].map(({ state }) => state())).toEqual(["pending", "pending", "pending"]);
    await disk.writes[0]?.finish();
    expect([commit, refused, unchanged].map(({ state }) => state())).toEqual(["done", "ALREADY_EXISTS", "done"]);
    expect([store.revision, store.count("Zone")]).toEqual([1, 1]);
    expect(listener).toHaveBeenCalledTimes(1);
  });

  it("does not write what changes nothing", async () => {
    const { store, disk } = openHeld();
    await rejects(store.commit([remove(zoneKey("a"))]), "NOT_FOUND", zoneKey("a"));
    expect(await store.commit([])).toEqual({ revision: 0, changes: [] });
    expect(disk.writes).toEqual([]);
  });

  it("tells the disk the final state of each key, also of those that came and went", async () => {
    const { store, disk } = openHeld();
    const commits = [
      store.commit([put(meshKey("m"))]),
      store.commit([put({ type: "Dataplane", mesh: "m", name: "d" }, {}, meshKey("m"))]),
      store.commit([remove(meshKey("m"))]),
    ];
    await Promise.resolve();
    expect([...(disk.writes[0]?.batch.rows.values() ?? [])]).toEqual([undefined, undefined]);
    await disk.writes[0]?.finish();
    expect((await Promise.all(commits)).map(({ revision, changes }) => [revision, changes.length])).toEqual([
      [1, 1],
      [2, 1],
      [3, 2],
    ]);
    expect(store.changes(0)).toMatchObject({ revision: 3, keys: [{ type: "Dataplane" }, { type: "Mesh" }] });
  });
});

describe("a failing disk", () => {
  it("rejects every commit of the batch, shows none, and later commits succeed", async () => {
    const { store, disk } = openHeld();
    const first = store.commit([put(zoneKey("kept"))]);
    await Promise.resolve();
    await disk.writes[0]?.finish();
    await first;
    const listener = vi.fn();
    store.subscribe(listener);
    const failure = new Error("no space");
    const commits = [
      store.commit([put(zoneKey("a"))]),
      store.commit([{ ...put(zoneKey("a")), expect: "absent" }]),
      store.commit([put(zoneKey("a"))]),
      store.commit([]),
    ];
    const rejections = Promise.all(commits.map((commit) => rejects(commit, "IO")));
    await Promise.resolve();
    const next = store.commit([{ ...put(zoneKey("b")), expect: "absent" }]);
    await disk.writes[1]?.fail(failure);
    for (const error of await rejections) {
      expect(error.cause).toBe(failure);
      expect(error.message).toContain("no space");
    }
    expect([store.revision, store.list("Zone").map(({ name }) => name)]).toEqual([1, ["kept"]]);
    expect(store.changes(1)).toEqual({ kind: "changes", revision: 1, keys: [] });
    expect(listener).not.toHaveBeenCalled();
    const retry = disk.writes[2]?.batch;
    expect([retry?.previousRevision, retry?.revision]).toEqual([1, 2]);
    expect([...(retry?.visible() ?? [])].map(({ name }) => name)).toEqual(["kept"]);
    await disk.writes[2]?.finish();
    expect((await next).revision).toBe(2);
    expect(store.get(zoneKey("b"))?.version).toBe(2);
  });
});

describe("a batch without room", () => {
  /** Room for so many rows in a write. */
  const openSmall = (rowsMax: number): { store: CatalogStore; sizes: number[] } => {
    const sizes: number[] = [];
    const write = ({ rows }: WriteBatch): Promise<void> => {
      sizes.push(rows.size);
      return rows.size > rowsMax ? Promise.reject(new BatchRefused("IO", "no room")) : Promise.resolve();
    };
    const disk: Persistence = { write, close: () => Promise.resolve() };
    return {
      store: new CatalogStore("x", disk, { historyId: "h", revision: 0, resources: [] }, { clock: new FakeClock() }),
      sizes,
    };
  };

  it("costs only the commits that do not fit, and keeps the order", async () => {
    const { store, sizes } = openSmall(3);
    const events: number[] = [];
    store.subscribe(({ revision }) => events.push(revision));
    const large = Array.from({ length: 4 }, (_, i) => put(zoneKey(`large-${i}`)));
    const commits = [
      store.commit([put(zoneKey("a"))]),
      store.commit([{ ...put(zoneKey("b")), expect: "absent" }]),
      store.commit(large),
      store.commit([remove(zoneKey("large-0"))]),
      store.commit([{ ...put(zoneKey("b"), { x: 1 }), expect: 2 }]),
    ];
    const results = await Promise.allSettled(commits);
    const ends = results.map((result) =>
      result.status === "fulfilled" ? result.value.revision : (result.reason as StoreError).code,
    );
    // Without the large commit there is nothing for the next one to remove.
    expect(ends).toEqual([1, 2, "IO", "NOT_FOUND", 3]);
    expect(events).toEqual([1, 2, 3]);
    expect(sizes).toEqual([6, 2, 5, 4, 1]);
    expect([store.count("Zone"), store.pendingCommits]).toEqual([2, 0]);
  });

  it("rejects all when nothing fits", async () => {
    const { store } = openSmall(0);
    const commits = ["a", "b", "c"].map((name) => rejects(store.commit([put(zoneKey(name))]), "IO"));
    for (const { message } of await Promise.all(commits)) expect(message).toBe("no room");
    expect([store.revision, store.count("Zone")]).toEqual([0, 0]);
  });
});

describe("the engine", () => {
  it("starts where its disk ended", async () => {
    const times = { creationTime: "2026-01-01T00:00:00Z", modificationTime: "2026-01-01T00:00:00Z" };
    const loaded = { ...zoneKey("a"), labels: {}, spec: {}, ...times, version: 6 };
    const { store, disk } = openHeld([loaded], 7);
    expect([store.revision, store.get(zoneKey("a")), store.changes(6).kind, store.changes(7).kind]).toEqual([
      7,
      loaded,
      "reset",
      "changes",
    ]);
    const commit = store.commit([{ ...put(zoneKey("a"), { x: 1 }), expect: 6 }]);
    await Promise.resolve();
    await disk.writes[0]?.finish();
    expect((await commit).revision).toBe(8);
  });

  it("closes the disk after the last commit it accepted", async () => {
    const { store, disk } = openHeld();
    const commits = [store.commit([put(zoneKey("a"))])];
    await Promise.resolve();
    commits.push(store.commit([put(zoneKey("b"))]));
    const stopped = store.stop();
    await disk.writes[0]?.finish();
    expect(disk.isClosed).toBe(false);
    await disk.writes[1]?.finish();
    await stopped;
    expect(disk.isClosed).toBe(true);
    expect((await Promise.all(commits)).map(({ revision }) => revision)).toEqual([1, 2]);
  });

  it("goes on when hooks throw, and warns when nobody takes the error", async () => {
    const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    const fail = (): never => {
      throw new Error("broken hook");
    };
    const disk: Persistence = { write: () => Promise.resolve(), close: () => Promise.resolve() };
    const state = { historyId: "h", revision: 0, resources: [] };
    const hooks = { observe: fail, onConflict: fail, onListenerError: fail };
    const store = new CatalogStore("x", disk, state, { clock: new FakeClock(), ...hooks });
    await store.commit([put(zoneKey("a"))]);
    await rejects(store.commit([{ ...put(zoneKey("a")), expect: "absent" }]), "ALREADY_EXISTS", zoneKey("a"));
    expect(warn.mock.calls).toEqual([
      ["a listener of the store threw: broken hook"],
      ["a listener of the store threw: broken hook"],
    ]);
    warn.mockRestore();
  });
});
