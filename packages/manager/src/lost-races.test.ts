/** Requests that somebody else overtakes between their checks and their commit. */
import type { JsonObject } from "@isthmus/std";
import { createMemoryStore, type Op, type Store } from "@isthmus/store";
import { FakeClock } from "@isthmus/testkit";
import { describe, expect, it } from "vitest";
import { key, mesh, type Rig, rig } from "./testing/rig.ts";

const SERVICE = key("MeshService", "default", "backend");
const STATUS = { tls: { status: "Ready" }, dataplaneProxies: { connected: 1 } };

const service = (port: number, labels: Record<string, string> = {}) => ({
  ...SERVICE,
  labels: { "kuma.io/origin": "zone", ...labels },
  spec: { selector: { dataplaneTags: { "kuma.io/service": "backend" } }, ports: [{ port }] } satisfies JsonObject,
});
const NAMED = { "kuma.io/display-name": "backend" };
/** As the generator of the zone makes it from a Dataplane. */
const generated: Op = {
  kind: "put",
  resource: {
    ...service(10_080, { ...NAMED, "kuma.io/managed-by": "meshservice-generator", "kuma.io/zone": "east" }),
    status: STATUS,
  },
};
const foreign: Op = {
  kind: "put",
  resource: { ...service(1, { ...NAMED, "kuma.io/origin": "global" }), status: STATUS },
};
const removal: Op = { kind: "delete", key: SERVICE };

interface Race extends Rig {
  /** Each commit is preceded by the next of these. */
  readonly overtakenBy: (...writes: readonly Op[][]) => void;
  readonly commits: () => number;
}

async function race(): Promise<Race> {
  const store = createMemoryStore({ clock: new FakeClock() });
  const writes: Op[][] = [];
  let commits = 0;
  const overtaken = new Proxy<Store>(store, {
    get(target, name) {
      if (name === "commit") {
        return async (ops: readonly Op[]) => {
          commits += 1;
          const write = writes.shift();
          if (write !== undefined) await target.commit(write);
          return target.commit(ops);
        };
      }
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === "function" ? (member as () => unknown).bind(target) : member;
    },
  });
  const made = rig({ mode: "zone", zoneName: "east", isFederated: false, store: overtaken });
  await made.put(mesh("default", { skipCreatingInitialPolicies: ["*"] }));
  return {
    ...made,
    overtakenBy: (...next) => {
      writes.splice(0, writes.length, ...next);
      commits = 0;
    },
    commits: () => commits,
  };
}

describe("a PUT that is overtaken", () => {
  it("by a creation is an update, and keeps the status", async () => {
    const { put, get, overtakenBy, commits } = await race();
    overtakenBy([generated]);
    expect(await put(service(8080, NAMED))).toMatchObject({ ok: true, value: { created: false } });
    expect(commits()).toBe(2);
    const stored = get("MeshService", "default", "backend");
    expect(stored).toMatchObject({ spec: { ports: [{ port: 8080 }] }, status: STATUS });
    expect(stored?.labels["kuma.io/managed-by"]).toBeUndefined();
  });

  it("by what it may not change is refused with the reason, and changes nothing", async () => {
    const { put, get, overtakenBy } = await race();
    overtakenBy([foreign]);
    expect(await put(service(8080, NAMED))).toEqual({
      ok: false,
      error: {
        kind: "invalid",
        step: "update-labels",
        violations: [
          {
            field: 'labels["kuma.io/origin"]',
            reason: 'is immutable, cannot be changed from "global" to "zone"',
          },
        ],
      },
    });
    expect(get("MeshService", "default", "backend")).toMatchObject({ spec: { ports: [{ port: 1 }] } });
  });

  it("by a generated service that it does not name is refused, as without the race", async () => {
    const late = await race();
    await late.store.commit([generated]);
    const { put, get, overtakenBy } = await race();
    overtakenBy([generated]);
    const refused = await put(service(8080));
    expect(refused).toMatchObject({ ok: false, error: { kind: "invalid", step: "update-labels" } });
    expect(refused).toEqual(await late.put(service(8080)));
    expect(get("MeshService", "default", "backend")).toMatchObject({ spec: { ports: [{ port: 10_080 }] } });
  });

  it("by a deletion creates", async () => {
    const { put, get, overtakenBy } = await race();
    await put(service(1));
    overtakenBy([removal]);
    expect(await put(service(2))).toMatchObject({ ok: true, value: { created: true } });
    expect(get("MeshService", "default", "backend")).toMatchObject({ spec: { ports: [{ port: 2 }] } });
  });

  it("by a status keeps it", async () => {
    const { put, get, store, overtakenBy } = await race();
    await put(service(1));
    const stored = store.get(SERVICE);
    if (stored === undefined) throw new Error("not stored");
    overtakenBy([{ kind: "put", resource: { ...stored, status: STATUS } }]);
    expect(await put(service(2))).toMatchObject({ ok: true, value: { created: false } });
    expect(get("MeshService", "default", "backend")).toMatchObject({ spec: { ports: [{ port: 2 }] }, status: STATUS });
  });

  it("by the end of its mesh finds no mesh, and a mesh that is there again", async () => {
    const { put, get, overtakenBy } = await race();
    const gone: Op = { kind: "delete", key: key("Mesh", "", "default") };
    overtakenBy([gone]);
    expect(await put(service(1))).toEqual({ ok: false, error: { kind: "no-such-mesh" } });
    await put(mesh("default"));
    await put(service(1));
    overtakenBy([gone, { kind: "put", resource: { ...mesh("default"), labels: {} } }]);
    expect(await put(service(2))).toMatchObject({ ok: true, value: { created: true } });
    expect(get("MeshService", "default", "backend")).toMatchObject({ spec: { ports: [{ port: 2 }] } });
  });

  it("each time gives up with a conflict", async () => {
    const { put, overtakenBy, commits } = await race();
    overtakenBy(...Array.from({ length: 20 }, (_, i) => [i % 2 === 0 ? generated : removal]));
    expect(await put(service(8080, NAMED))).toMatchObject({ ok: false, error: { kind: "conflict" } });
    expect(commits()).toBe(10);
  });

  it("by another PUT counts, if it is the later one", async () => {
    const { put, get } = await race();
    for (const isCreation of [true, false]) {
      const results = await Promise.all([put(service(1)), put(service(2))]);
      expect(results).toMatchObject([
        { ok: true, value: { created: isCreation } },
        { ok: true, value: { created: false } },
      ]);
      expect(get("MeshService", "default", "backend")).toMatchObject({ spec: { ports: [{ port: 2 }] } });
    }
  });
});

describe("a DELETE that is overtaken", () => {
  it("by a status deletes", async () => {
    const { put, delete: remove, get, overtakenBy } = await race();
    await put(service(1));
    overtakenBy([{ kind: "put", resource: { ...service(1), status: STATUS } }]);
    expect(await remove(SERVICE)).toEqual({ ok: true, value: undefined });
    expect(get("MeshService", "default", "backend")).toBeUndefined();
  });

  it("by what it may not delete is refused, and deletes nothing", async () => {
    const { store } = await race();
    const late = rig({ mode: "zone", zoneName: "east", isFederated: true, store });
    await store.commit([{ kind: "put", resource: service(1) }]);
    const removing = Promise.all([store.commit([foreign]), late.delete(SERVICE)]);
    expect((await removing)[1]).toMatchObject({ ok: false, error: { kind: "invalid", step: "delete" } });
    expect(store.get(SERVICE)).toMatchObject({ labels: { "kuma.io/origin": "global" } });
  });

  it("by a deletion finds nothing", async () => {
    const { put, delete: remove, overtakenBy } = await race();
    await put(service(1));
    overtakenBy([removal]);
    expect(await remove(SERVICE)).toEqual({ ok: false, error: { kind: "not-found", step: "delete" } });
  });
});
