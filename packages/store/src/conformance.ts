/** What every store must do, run against each implementation: `describeStore("memory", ...)`. */
import { keyOf, type Resource, type ResourceKey } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import { FakeClock } from "@isthmus/testkit";
import { afterEach, describe, expect, it } from "vitest";
import { describeStoreProperties } from "./conformance-properties.ts";
import type { StoreOptions } from "./engine.ts";
import { StoreError } from "./errors.ts";
import type { CommitEvent, Op, ResourceDraft, Store } from "./store.ts";

export interface StoreRig {
  readonly store: Store;
  /** Stops the store and opens what it left behind; absent for a store that leaves nothing. */
  readonly reopen?: () => Promise<Store>;
  dispose(): Promise<void>;
}

export type StoreRigFactory = (options: StoreOptions) => Promise<StoreRig>;

const MESH = meshKey("default");

export function describeStore(name: string, createRig: StoreRigFactory): void {
  describe(`${name} store`, () => {
    const rigs: StoreRig[] = [];
    afterEach(async () => {
      for (const rig of rigs.splice(0)) await rig.dispose();
    });

    const open = async (
      options: Partial<StoreOptions> = {},
    ): Promise<{ rig: StoreRig; store: Store; clock: FakeClock }> => {
      const clock = new FakeClock();
      const rig = await createRig({ clock, ...options });
      rigs.push(rig);
      return { rig, store: rig.store, clock };
    };

    it("is empty at first and has a history of its own", async () => {
      const { store } = await open();
      const { store: another } = await open();
      expect([store.revision, store.count("Mesh"), store.list("Mesh")]).toEqual([0, 0, []]);
      expect(store.get(MESH)).toBeUndefined();
      expect(store.historyId).toMatch(/^[0-9a-f-]{36}$/);
      expect(store.historyId).not.toBe(another.historyId);
    });

    it("stores what it was given, with times and version", async () => {
      const { store, clock } = await open();
      const draft = { ...MESH, labels: { a: "b" }, spec: { x: 1 }, status: {}, opaqueSpec: new Uint8Array([0, 255]) };
      const { revision, changes } = await store.commit([{ kind: "put", resource: draft }]);
      const time = "2026-01-01T00:00:00Z";
      const expected: Resource = { ...draft, creationTime: time, modificationTime: time, version: 1 };
      expect(store.get(MESH)).toEqual(expected);
      expect({ revision, changes }).toEqual({
        revision: 1,
        changes: [{ key: MESH, before: undefined, after: expected }],
      });
      clock.advance(1_500);
      await store.commit([put(MESH, { x: 2 })]);
      expect(store.get(MESH)).toEqual({
        ...MESH,
        labels: {},
        spec: { x: 2 },
        creationTime: time,
        modificationTime: "2026-01-01T00:00:01.5Z",
        version: 2,
      });
      expect(store.revision).toBe(2);
    });

    it("does not hold on to the bytes and keys it was given", async () => {
      const { store } = await open();
      const opaqueSpec = new Uint8Array([1, 2, 3]);
      const labels = { a: "b" };
      const key = { ...MESH };
      await store.commit([{ kind: "put", resource: { ...key, labels, spec: {}, opaqueSpec } }]);
      opaqueSpec.fill(9);
      labels.a = "changed";
      key.name = "changed";
      const stored = store.get(MESH);
      expect(stored?.opaqueSpec).toEqual(new Uint8Array([1, 2, 3]));
      expect(stored?.labels).toEqual({ a: "b" });
      expect(store.list("Mesh").map((resource) => resource.name)).toEqual(["default"]);
    });

    it("takes a put that changes nothing for no change", async () => {
      const { store, clock } = await open();
      const resource: ResourceDraft = {
        ...MESH,
        labels: { a: "b", c: "d" },
        spec: { list: [{ x: 1, y: null }] },
        status: { s: 1 },
        opaqueSpec: new Uint8Array([1]),
      };
      await store.commit([{ kind: "put", resource }]);
      const stored = store.get(MESH);
      const listed = store.list("Mesh");
      const events: CommitEvent[] = [];
      store.subscribe((event) => events.push(event));
      clock.advance(1_000);
      const same = {
        ...resource,
        labels: { c: "d", a: "b" },
        spec: { list: [{ y: null, x: 1 }] },
        opaqueSpec: new Uint8Array([1]),
      };
      expect(await store.commit([{ kind: "put", resource: same, expect: 1 }])).toEqual({ revision: 1, changes: [] });
      expect(await store.commit([])).toEqual({ revision: 1, changes: [] });
      expect(store.get(MESH)).toBe(stored);
      expect(store.list("Mesh")).toBe(listed);
      expect(store.changes(1)).toEqual({ kind: "changes", revision: 1, keys: [] });
      expect(events).toEqual([]);
    });

    it.each([
      ["labels", { labels: { a: "c" } }],
      ["spec", { spec: { x: 2 } }],
      ["status", { status: { s: 2 } }],
      ["no status", { status: undefined }],
      ["opaque bytes", { opaqueSpec: new Uint8Array([2]) }],
      ["no opaque bytes", { opaqueSpec: undefined }],
    ])("sees a change of %s and keeps the identity of the rest", async (_, change) => {
      const { store } = await open();
      const original = () => ({
        ...MESH,
        labels: { a: "b" },
        spec: { x: 1 },
        status: { s: 1 },
        opaqueSpec: new Uint8Array([1]),
      });
      await store.commit([{ kind: "put", resource: original() }]);
      const before = store.get(MESH);
      const resource = withoutUndefined({ ...original(), ...change });
      expect((await store.commit([{ kind: "put", resource }])).revision).toBe(2);
      const after = store.get(MESH);
      for (const part of ["labels", "spec", "status", "opaqueSpec"] as const) {
        if (part in change) expect(after?.[part]).toEqual(resource[part]);
        else expect(after?.[part]).toBe(before?.[part]);
      }
    });

    it("changed and changed back within one commit is no change", async () => {
      const { store } = await open();
      await store.commit([put(MESH, { x: 1 })]);
      const stored = store.get(MESH);
      expect(await store.commit([put(MESH, { x: 2 }), put(MESH, { x: 1 })])).toEqual({ revision: 1, changes: [] });
      expect(store.get(MESH)).toBe(stored);
      const zone = zoneKey("east");
      expect(await store.commit([put(zone), remove(zone)])).toEqual({ revision: 1, changes: [] });
    });

    it("deleted and made again within one commit is another resource", async () => {
      const { store, clock } = await open();
      await store.commit([put(MESH, { x: 1 })]);
      clock.advance(1_000);
      const { changes } = await store.commit([remove(MESH), put(MESH, { x: 1 })]);
      expect(changes).toHaveLength(1);
      expect(store.get(MESH)).toMatchObject({ version: 2, creationTime: "2026-01-01T00:00:01Z" });
      expect(store.count("Mesh")).toBe(1);
    });

    it("guards with the expected version", async () => {
      const conflicts: string[] = [];
      const { store } = await open({ onConflict: (type) => conflicts.push(type) });
      await rejects(store.commit([{ ...put(MESH), expect: 1 }]), "VERSION_CONFLICT", MESH);
      await store.commit([{ ...put(MESH, { x: 1 }), expect: "absent" }]);
      await rejects(store.commit([{ ...put(MESH, { x: 2 }), expect: "absent" }]), "ALREADY_EXISTS", MESH);
      await store.commit([{ ...put(MESH, { x: 2 }), expect: 1 }]);
      await rejects(store.commit([{ ...put(MESH, { x: 3 }), expect: 1 }]), "VERSION_CONFLICT", MESH);
      await rejects(store.commit([{ ...put(MESH, { x: 2 }), expect: 1 }]), "VERSION_CONFLICT", MESH);
      await rejects(store.commit([{ ...remove(MESH), expect: 1 }]), "VERSION_CONFLICT", MESH);
      expect(store.get(MESH)).toMatchObject({ spec: { x: 2 }, version: 2 });
      await store.commit([{ ...remove(MESH), expect: 2 }]);
      await rejects(store.commit([remove(MESH)]), "NOT_FOUND", MESH);
      await rejects(store.commit([{ ...remove(MESH), expect: 2 }]), "NOT_FOUND", MESH);
      expect(conflicts).toEqual(["Mesh", "Mesh", "Mesh", "Mesh", "Mesh"]);
      expect(store.revision).toBe(3);
    });

    it("makes all ops of a commit or none", async () => {
      const { store } = await open();
      await store.commit([put(MESH, { x: 1 })]);
      const zone = zoneKey("east");
      const events: CommitEvent[] = [];
      store.subscribe((event) => events.push(event));
      await rejects(
        store.commit([put(zone), put(MESH, { x: 2 }), remove(zoneKey("west"))]),
        "NOT_FOUND",
        zoneKey("west"),
      );
      expect([store.get(zone), store.get(MESH)?.spec, store.revision]).toEqual([undefined, { x: 1 }, 1]);
      expect([store.changes(1), events]).toEqual([{ kind: "changes", revision: 1, keys: [] }, []]);
      await store.commit([put(zone), put(MESH, { x: 2 })]);
      expect([store.get(zone)?.version, store.get(MESH)?.version, events.length]).toEqual([2, 2, 1]);
    });

    it("refuses a key with a NUL alone", async () => {
      const { store } = await open();
      const bad = store.commit([put({ type: "Mesh", mesh: "", name: "a\0b" })]);
      const good = store.commit([put(MESH)]);
      await expect(bad).rejects.toThrow("NUL");
      expect((await good).revision).toBe(1);
    });

    it("gives concurrent commits their own revisions, in order, each judged after the ones before it", async () => {
      const { store } = await open();
      const events: CommitEvent[] = [];
      store.subscribe((event) => events.push(event));
      const order: string[] = [];
      const commits = [
        store.commit([{ ...put(MESH, { x: 1 }), expect: "absent" }]),
        store.commit([{ ...put(MESH, { x: 2 }), expect: "absent" }]),
        store.commit([{ ...put(MESH, { x: 3 }), expect: 1 }]),
        store.commit([put(MESH, { x: 3 })]),
        store.commit([put(zoneKey("east")), remove(zoneKey("none"))]),
        store.commit([put(zoneKey("east"))]),
      ];
      commits.forEach((commit, i) => {
        commit.then(
          ({ revision }) => order.push(`${i}:${revision}`),
          (error: unknown) => order.push(`${i}:${codeOf(error)}`),
        );
      });
      expect([store.get(MESH), store.revision]).toEqual([undefined, 0]);
      await Promise.allSettled(commits);
      expect(order).toEqual(["0:1", "1:ALREADY_EXISTS", "2:2", "3:2", "4:NOT_FOUND", "5:3"]);
      expect(events.map(({ revision }) => revision)).toEqual([1, 2, 3]);
      expect(store.changes(0)).toEqual({ kind: "changes", revision: 3, keys: [MESH, zoneKey("east")] });
    });

    it("deletes what a resource owns, recursively and across types, in the same commit", async () => {
      const { store } = await open();
      const dataplane = { type: "Dataplane", mesh: "default", name: "web" };
      const insight = { type: "DataplaneInsight", mesh: "default", name: "web" };
      const other = { type: "Dataplane", mesh: "other", name: "web" };
      await store.commit([put(MESH), put(dataplane, {}, MESH), put(insight, {}, dataplane), put(other)]);
      expect(store.get(insight)?.owner).toEqual(dataplane);
      const event = new Promise<CommitEvent>((resolve) => void store.subscribe(resolve));
      const { changes } = await store.commit([remove(MESH)]);
      expect(changes.map(({ key, after }) => [key.type, after])).toEqual([
        ["DataplaneInsight", undefined],
        ["Dataplane", undefined],
        ["Mesh", undefined],
      ]);
      expect((await event).changes).toBe(changes);
      expect([store.count("Dataplane"), store.count("DataplaneInsight"), store.count("Mesh")]).toEqual([1, 0, 0]);
      await store.commit([put(MESH)]);
      await store.commit([remove(MESH)]);
      expect(store.get(other)).toBeDefined();
    });

    it("needs the owner at creation and keeps it for ever", async () => {
      const { store } = await open();
      const dataplane = { type: "Dataplane", mesh: "default", name: "web" };
      await rejects(store.commit([put(dataplane, {}, MESH)]), "NOT_FOUND", MESH);
      await rejects(store.commit([put(MESH, {}, MESH)]), "NOT_FOUND", MESH);
      await store.commit([put(MESH), put(zoneKey("east")), put(dataplane, {}, MESH)]);
      await store.commit([put(dataplane, { x: 1 }, zoneKey("east"))]);
      await store.commit([put(dataplane, { x: 2 })]);
      expect(store.get(dataplane)?.owner).toEqual(MESH);
      await store.commit([remove(dataplane), put(dataplane, {}, zoneKey("east"))]);
      await store.commit([remove(MESH)]);
      expect(store.get(dataplane)?.owner).toEqual(zoneKey("east"));
      await store.commit([remove(zoneKey("east"))]);
      expect(store.get(dataplane)).toBeUndefined();
    });

    it("deletes owner and owned in one commit in either order", async () => {
      const { store } = await open();
      const dataplane = { type: "Dataplane", mesh: "default", name: "web" };
      for (const keys of [
        [MESH, dataplane],
        [dataplane, MESH],
      ]) {
        const { revision } = await store.commit([put(MESH), put(dataplane, {}, MESH)]);
        await rejects(
          store.commit([remove(MESH), { ...remove(dataplane), expect: revision + 5 }]),
          "VERSION_CONFLICT",
          dataplane,
        );
        await store.commit(keys.map(remove));
        expect([store.count("Mesh"), store.count("Dataplane")]).toEqual([0, 0]);
      }
      await rejects(store.commit([remove(MESH), remove(dataplane)]), "NOT_FOUND", MESH);
    });

    it("lists in order of mesh, then name, and never mutates what it returned", async () => {
      const { store } = await open();
      const key = (mesh: string, name: string): ResourceKey => ({ type: "Dataplane", mesh, name });
      await store.commit([put(key("b", "1")), put(key("a", "z")), put(key("a", "a")), put(key("a", "B"))]);
      const names = () => store.list("Dataplane").map(({ mesh, name }) => `${mesh}/${name}`);
      expect(names()).toEqual(["a/B", "a/a", "a/z", "b/1"]);
      const all = store.list("Dataplane");
      const [inA, inB] = [store.list("Dataplane", { mesh: "a" }), store.list("Dataplane", { mesh: "b" })];
      expect(store.list("Dataplane")).toBe(all);
      expect(inA.map(({ name }) => name)).toEqual(["B", "a", "z"]);
      await store.commit([put(key("a", "m")), remove(key("a", "z")), put(key("a", "a"), { x: 1 })]);
      expect(all.map(({ name }) => name)).toEqual(["B", "a", "z", "1"]);
      expect(inA.map(({ name, spec }) => [name, spec])).toEqual([
        ["B", {}],
        ["a", {}],
        ["z", {}],
      ]);
      expect(store.list("Dataplane", { mesh: "a" }).map(({ name, spec }) => [name, spec])).toEqual([
        ["B", {}],
        ["a", { x: 1 }],
        ["m", {}],
      ]);
      expect(names()).toEqual(["a/B", "a/a", "a/m", "b/1"]);
      expect(store.list("Dataplane", { mesh: "b" })).toBe(inB);
      expect(store.list("Dataplane", { mesh: "c" })).toEqual([]);
      expect([store.count("Dataplane"), store.count("Zone")]).toEqual([4, 0]);
    });

    it("tells what changed after a revision, and resets what it cannot serve", async () => {
      const { store } = await open({ feedLimit: 3 });
      for (const name of ["a", "b", "c"]) await store.commit([put(zoneKey(name))]);
      await store.commit([put(MESH), put(zoneKey("b"), { x: 1 })]);
      expect(store.changes(0).kind).toBe("reset");
      expect(store.changes(1)).toEqual({ kind: "changes", revision: 4, keys: [zoneKey("c"), MESH, zoneKey("b")] });
      expect(store.changes(1, new Set(["Mesh"]))).toEqual({ kind: "changes", revision: 4, keys: [MESH] });
      expect(store.changes(3)).toEqual({ kind: "changes", revision: 4, keys: [MESH, zoneKey("b")] });
      await store.commit([remove(MESH)]);
      expect(store.changes(4)).toEqual({ kind: "changes", revision: 5, keys: [MESH] });
      expect(store.changes(6)).toEqual({ kind: "reset", revision: 5 });
      expect(store.changes(-1)).toEqual({ kind: "reset", revision: 5 });
    });

    it("calls subscribers in order, after the change is visible, never re-entrantly, and survives what they throw", async () => {
      const errors: unknown[] = [];
      const { store, clock } = await open({ onListenerError: (error) => errors.push(error) });
      const failure = new Error("listener failed");
      const seen: string[] = [];
      let depth = 0;
      let follow: Promise<unknown> | undefined;
      store.subscribe(() => {
        throw failure;
      });
      const unsubscribe = store.subscribe(({ revision, committedAt }) => {
        depth += 1;
        seen.push(
          `${revision}/${store.revision}/${depth}/${committedAt - clock.now()}/${JSON.stringify(store.get(MESH)?.spec)}`,
        );
        follow ??= store.commit([put(MESH, { x: 3 })]);
        depth -= 1;
      });
      await Promise.all([store.commit([put(MESH, { x: 1 })]), store.commit([put(MESH, { x: 2 })])]);
      await follow;
      unsubscribe();
      unsubscribe();
      await store.commit([put(MESH, { x: 4 })]);
      expect(seen).toEqual(['1/1/1/0/{"x":1}', '2/2/1/0/{"x":2}', '3/3/1/0/{"x":3}']);
      expect(errors).toEqual([failure, failure, failure, failure]);
    });

    it("spares those who leave or join during an event", async () => {
      const { store } = await open();
      const seen: string[] = [];
      let leave = () => {};
      store.subscribe(() => {
        leave();
        store.subscribe(() => seen.push("joined"));
      });
      leave = store.subscribe(() => seen.push("left"));
      await store.commit([put(MESH)]);
      expect(seen).toEqual([]);
      await store.commit([put(MESH, { x: 1 })]);
      expect(seen).toEqual(["joined"]);
    });

    it("measures each change of a durable commit", async () => {
      const observed: string[] = [];
      const { store } = await open({
        observe: (operation, type, seconds) => observed.push(`${operation} ${type} ${seconds}`),
      });
      await store.commit([put(MESH), put(zoneKey("east"))]);
      await store.commit([put(MESH, { x: 1 }), remove(zoneKey("east")), put(MESH, { x: 1 })]);
      await rejects(store.commit([remove(zoneKey("east"))]), "NOT_FOUND", zoneKey("east"));
      expect(observed).toEqual(["create Mesh 0", "create Zone 0", "update Mesh 0", "delete Zone 0"]);
    });

    it("ends what it accepted when it stops, refuses the rest, and can still be read", async () => {
      const { store } = await open();
      await store.start();
      const accepted = store.commit([put(MESH)]);
      const stopped = store.stop();
      await rejects(store.commit([put(zoneKey("east"))]), "CLOSED");
      expect((await accepted).revision).toBe(1);
      await stopped;
      await store.stop();
      await rejects(store.start(), "CLOSED");
      expect(store.get(MESH)).toBeDefined();
    });

    it("goes on after it was reopened", async () => {
      const { rig, store, clock } = await open();
      if (!rig.reopen) return;
      const dataplane = { type: "Dataplane", mesh: "default", name: "wéb \u{1f310}" };
      const rich: ResourceDraft = {
        ...dataplane,
        labels: { "a/b": "ü" },
        spec: { deep: [{ n: 1.5, b: false, s: '"\\\n', z: null }], big: "x".repeat(100_000) },
        status: {},
        opaqueSpec: new Uint8Array([0, 1, 254, 255]),
        owner: MESH,
      };
      await store.commit([put(MESH)]);
      clock.advance(12);
      await store.commit([{ kind: "put", resource: rich }, put(zoneKey("gone"))]);
      await store.commit([remove(zoneKey("gone"))]);
      const stored = [store.get(MESH), store.get(dataplane)];
      const again = await rig.reopen();
      expect(again).not.toBe(store);
      expect([again.revision, again.historyId]).toEqual([3, store.historyId]);
      expect([again.get(MESH), again.get(dataplane)]).toEqual(stored);
      expect([again.count("Zone"), again.list("Dataplane")]).toEqual([0, [stored[1]]]);
      expect(again.changes(2)).toEqual({ kind: "reset", revision: 3 });
      expect(again.changes(3)).toEqual({ kind: "changes", revision: 3, keys: [] });
      expect(await again.commit([{ kind: "put", resource: rich, expect: 2 }])).toEqual({ revision: 3, changes: [] });
      const { revision, changes } = await again.commit([{ ...remove(MESH), expect: 1 }]);
      expect([revision, changes.length, again.count("Dataplane")]).toEqual([4, 2, 0]);
    });

    describeStoreProperties(createRig);
  });
}

export function put(key: ResourceKey, spec: JsonObject = {}, owner?: ResourceKey): Extract<Op, { kind: "put" }> {
  return { kind: "put", resource: { ...key, labels: {}, spec, ...(owner && { owner }) } };
}

export function remove(key: ResourceKey): Extract<Op, { kind: "delete" }> {
  return { kind: "delete", key };
}

export function meshKey(name: string): ResourceKey {
  return { type: "Mesh", mesh: "", name };
}

export function zoneKey(name: string): ResourceKey {
  return { type: "Zone", mesh: "", name };
}

export async function rejects(promise: Promise<unknown>, code: string, key?: ResourceKey): Promise<StoreError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(StoreError);
  const storeError = error as StoreError;
  expect([storeError.code, storeError.key && keyOf(storeError.key)]).toEqual([code, key && keyOf(key)]);
  return storeError;
}

function codeOf(error: unknown): string {
  return error instanceof StoreError ? error.code : String(error);
}

function withoutUndefined(draft: { [Part in keyof ResourceDraft]: ResourceDraft[Part] | undefined }): ResourceDraft {
  return Object.fromEntries(
    Object.entries(draft).filter(([, value]) => value !== undefined),
  ) as unknown as ResourceDraft;
}
