/** What is closed and cut when a control plane takes over the store of one that died. */
import { builtinTypes, Registry } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import { createMemoryStore, type Op, StoreError, type WriteEvent } from "@isthmus/store";
import { FakeClock } from "@isthmus/testkit";
import { beforeEach, describe, expect, it } from "vitest";
import { failingStore } from "../testing/rig.ts";
import { ProxyInsightFinalizer, type ProxyInsightFinalizerOptions } from "./proxy-insight-finalizer.ts";

const THEN = "2025-12-31T23:00:00Z";
const NOW = "2026-01-01T00:00:00Z";
const TYPES = [
  { type: "DataplaneInsight", mesh: "default" },
  { type: "ZoneIngressInsight", mesh: "" },
  { type: "ZoneEgressInsight", mesh: "" },
] as const;

let clock: FakeClock;
let isFull: boolean;
let store: ReturnType<typeof createMemoryStore>;
let events: WriteEvent[];
beforeEach(() => {
  clock = new FakeClock();
  store = createMemoryStore({ clock });
  isFull = false;
  events = [];
});

function finalizer(options: Partial<ProxyInsightFinalizerOptions> = {}): ProxyInsightFinalizer {
  return new ProxyInsightFinalizer({
    store: failingStore(store, async () => (isFull ? new StoreError("IO", "no space left") : undefined)),
    registry: new Registry(builtinTypes),
    clock,
    random: () => 0.5,
    instanceId: "cp-2",
    onEvent: (event) => events.push(event),
    ...options,
  });
}

const open = (id: string, instance = "cp-1"): JsonObject => ({
  id,
  controlPlaneInstanceId: instance,
  connectTime: THEN,
  status: { total: {} },
});
const over = (subscription: JsonObject): JsonObject => ({ ...subscription, disconnectTime: THEN });

async function seed(spec: JsonObject): Promise<void> {
  const ops = TYPES.map((key): Op => ({ kind: "put", resource: { ...key, name: "a", labels: {}, spec } }));
  await store.commit(ops);
}

/** Of the three types, which must be treated alike. */
function stored(): JsonObject {
  const [first, ...others] = TYPES.map((key) => store.get({ ...key, name: "a" })?.spec);
  for (const other of others) expect(other).toEqual(first);
  return first ?? {};
}

describe("open subscriptions", () => {
  it("of an instance that died are closed, in the place of the member that Kuma's messages have it", async () => {
    await seed({ subscriptions: [over(open("1")), open("2")], metadata: { a: 1 } });
    await finalizer().start();
    const closed = {
      id: "2",
      controlPlaneInstanceId: "cp-1",
      connectTime: THEN,
      disconnectTime: NOW,
      status: { total: {} },
    };
    expect(stored()).toEqual({ subscriptions: [over(open("1")), closed], metadata: { a: 1 } });
    const [, last] = stored()["subscriptions"] as readonly JsonObject[];
    expect(Object.keys(last ?? {})).toEqual(Object.keys(closed));
    expect(events).toMatchObject([{ kind: "written", ops: 3 }]);
  });

  it("of this instance and of others that live are left open", async () => {
    const spec = { subscriptions: [open("1", "cp-3"), open("2", "cp-2")] };
    await seed(spec);
    await finalizer({ isInstanceAlive: (instance) => instance === "cp-3" }).start();
    expect(stored()).toEqual(spec);
    expect(events).toEqual([]);
  });

  it("that name no instance are closed", async () => {
    await seed({ subscriptions: [{ id: "1", connectTime: THEN }] });
    await finalizer().start();
    expect(stored()).toEqual({ subscriptions: [{ id: "1", connectTime: THEN, disconnectTime: NOW }] });
  });
});

describe("the history", () => {
  const three = { subscriptions: [over(open("1")), over(open("2")), over(open("3"))] };

  it("is cut to the newest two", async () => {
    await seed(three);
    await finalizer().start();
    expect(stored()).toEqual({ subscriptions: three.subscriptions.slice(1) });
  });

  it("is dropped when none is to be kept", async () => {
    await seed({ ...three, metadata: {} });
    await finalizer({ subscriptionLimit: 0 }).start();
    expect(stored()).toEqual({ metadata: {} });
  });
});

it("writes nothing when all is as it should be, and no timer runs", async () => {
  await seed({ subscriptions: [over(open("1"))] });
  const { revision } = store;
  await finalizer().start();
  expect(store.revision).toBe(revision);
  expect(clock.pendingTimers).toBe(0);
});

it("closes thousands in a few commits", async () => {
  const spec = { subscriptions: [open("1")] };
  const ops = Array.from({ length: 2_500 }, (_, n): Op => {
    const key = { type: "DataplaneInsight", mesh: "default", name: `dp-${n}` };
    return { kind: "put", resource: { ...key, labels: {}, spec } };
  });
  await store.commit(ops);
  await finalizer().start();
  const opened = store.list("DataplaneInsight").filter(({ spec: of }) => !JSON.stringify(of).includes("disconnect"));
  expect(opened).toHaveLength(0);
  expect(events.map((event) => (event.kind === "written" ? event.ops : 0))).toEqual([1_000, 1_000, 500]);
});

it("tries again when the store refuses, and stops trying when it is stopped", async () => {
  await seed({ subscriptions: [open("1")] });
  isFull = true;
  const one = finalizer();
  await one.start();
  expect(events).toMatchObject([{ kind: "failed" }]);
  isFull = false;
  clock.advance(1_000);
  for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  expect(JSON.stringify(stored())).toContain("disconnectTime");

  await seed({ subscriptions: [open("2")] });
  isFull = true;
  const other = finalizer();
  await other.start();
  await other.stop();
  expect(clock.pendingTimers).toBe(0);
});
