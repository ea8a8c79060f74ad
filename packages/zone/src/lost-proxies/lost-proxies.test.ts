/** Proxies, their Envoys and the network between, as a model: what is withdrawn is compared with what is true. */
import type { JsonObject } from "@isthmus/std";
import { createMemoryStore, type Store } from "@isthmus/store";
import { eventually, FakeClock } from "@isthmus/testkit";
import { type ProxyCandidate, readNodeMetadata } from "@isthmus/xds";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { KnockOutcome } from "./knock.ts";
import { KnockQueue } from "./knock-queue.ts";
import type { Place } from "./listen-places.ts";
import { LostProxies } from "./lost-proxies.ts";
import type { LostProxyEvent } from "./watched-proxy.ts";

const GRACE_MS = 10_000;
const STEP_MS = 5;
const ADMIN = 9901;
const KEY = { type: "Dataplane", mesh: "default", name: "web-1" } as const;
const INBOUND = { port: 80, tags: { "kuma.io/service": "web" } };
const spec = (...inbound: readonly JsonObject[]): JsonObject => ({ networking: { address: "10.0.0.1", inbound } });

interface World {
  /** Envoy listens. */
  isUp: boolean;
  /** From the zone to the proxy; `rejecting`: a firewall that refuses. */
  path: "open" | "cut" | "rejecting";
}

interface Rig {
  readonly world: World;
  readonly store: Pick<Store, "get" | "commit">;
  readonly lost: LostProxies;
  readonly events: LostProxyEvent[];
  readonly knocks: Place[];
  readonly gone: string[];
  readonly proxy: ProxyCandidate;
  /** As a stream begins: what it brings is stored, then it is served. */
  readonly connect: () => Promise<void>;
  readonly pass: (ms: number) => Promise<void>;
  readonly states: () => readonly unknown[];
}

interface RigOptions {
  readonly path?: World["path"];
  readonly isBrought?: boolean;
  readonly isHealthReported?: boolean;
  readonly type?: ProxyCandidate["id"]["type"];
  readonly brought?: JsonObject;
  readonly onCommit?: (world: World, spec: JsonObject) => void;
}

function rig({
  path = "open",
  isBrought = true,
  isHealthReported = true,
  type = "dataplane",
  brought = spec(INBOUND),
  onCommit,
}: RigOptions = {}): Rig {
  const clock = new FakeClock();
  const real = createMemoryStore({ clock });
  const world: World = { isUp: true, path };
  let running = 0;
  const busy = async <T>(task: Promise<T>): Promise<T> => {
    running += 1;
    try {
      return await task;
    } finally {
      running -= 1;
    }
  };
  const commit: Store["commit"] = (ops) => {
    for (const op of ops) if (op.kind === "put") onCommit?.(world, op.resource.spec);
    return busy(real.commit(ops));
  };
  const store: Rig["store"] = { get: (key) => real.get(key), commit };
  const knocks: Place[] = [];
  const knock = async (place: Place): Promise<KnockOutcome> => {
    knocks.push(place);
    if (world.path !== "open") return world.path === "cut" ? "silent" : "refused";
    return world.isUp ? "accepted" : "refused";
  };
  const events: LostProxyEvent[] = [];
  const gone: string[] = [];
  const lost = new LostProxies({
    store,
    clock,
    queue: new KnockQueue({ knock: (place) => busy(knock(place)), atOnce: 2, onKnocked: () => {} }),
    graceMs: GRACE_MS,
    isHealthReported,
    onZoneProxyGone: ({ id }) => gone.push(id.name),
    onEvent: (event) => events.push(event),
  });
  const metadata = readNodeMetadata({
    "dataplane.admin.port": String(ADMIN),
    ...(isBrought ? { "dataplane.resource": "{}" } : {}),
  });
  const key = {
    ...KEY,
    type: type === "dataplane" ? "Dataplane" : "ZoneIngress",
    mesh: type === "dataplane" ? "default" : "",
  };
  const proxy = {
    id: { type, mesh: key.mesh, name: KEY.name },
    metadata,
    credential: undefined,
    peer: "10.0.0.1:40000",
  } as ProxyCandidate;
  const settled = async (): Promise<void> => {
    await new Promise((resolve) => setImmediate(resolve));
    await eventually(() => running === 0);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return {
    world,
    store,
    lost,
    events,
    knocks,
    gone,
    proxy,
    async connect() {
      lost.returning(proxy.id);
      await real.commit([{ kind: "put", resource: { ...key, labels: {}, spec: brought } }]);
      lost.served(proxy);
    },
    async pass(ms) {
      await settled();
      for (let passed = 0; passed < ms; passed += STEP_MS) {
        clock.advance(Math.min(STEP_MS, ms - passed));
        await settled();
      }
    },
    states() {
      const { networking } = (real.get(key)?.spec ?? {}) as { networking?: { inbound?: { state?: string }[] } };
      return (networking?.inbound ?? []).map(({ state = "Ready" }) => state);
    },
  };
}

/** The admin port of the proxy was reached. */
async function served(options: RigOptions = {}): Promise<Rig> {
  const made = rig(options);
  await made.connect();
  await made.pass(600);
  return made;
}

describe("a proxy whose last stream is over", () => {
  it("is withdrawn at once when its Envoy is gone, and ready again as it was brought", async () => {
    const { world, lost, proxy, pass, states, events, connect } = await served();
    expect(lost.reachable).toBe(1);
    world.isUp = false;
    lost.lost(proxy);
    await pass(STEP_MS);
    expect([states(), lost.reachable]).toEqual([["NotReady"], 0]);
    expect(events).toEqual([{ kind: "withdrawn", key: KEY, places: ["10.0.0.1:80"] }]);
    world.isUp = true;
    await connect();
    await pass(600);
    expect([states(), lost.reachable]).toEqual([["Ready"], 1]);
  });

  it("is withdrawn by a later round when its sockets were closed late", async () => {
    const { world, lost, proxy, pass, states } = await served();
    lost.lost(proxy);
    await pass(STEP_MS);
    expect(states()).toEqual(["Ready"]);
    world.isUp = false;
    await pass(15);
    expect(states()).toEqual(["NotReady"]);
  });

  it("is not withdrawn any more once it comes back, though it listens a little later", async () => {
    const { world, lost, proxy, pass, states } = await served();
    Object.assign(world, { isUp: false, path: "cut" });
    lost.lost(proxy);
    await pass(100);
    lost.returning(proxy.id);
    world.path = "open";
    await pass(2_000);
    expect(states()).toEqual(["Ready"]);
  });

  it("is given back when somebody listens again, before it has a stream", async () => {
    const { world, lost, proxy, pass, states, events } = await served();
    world.isUp = false;
    lost.lost(proxy);
    await pass(2_000);
    expect(states()).toEqual(["NotReady"]);
    world.isUp = true;
    await pass(1_100);
    expect(states()).toEqual(["Ready"]);
    expect(events.map(({ kind }) => kind)).toEqual(["withdrawn", "restored"]);
  });

  it("that lives is asked at its admin port alone, and stays", async () => {
    const { lost, proxy, pass, states, knocks } = await served();
    lost.lost(proxy);
    await pass(GRACE_MS + 1_000);
    expect(new Set(knocks.map(({ port }) => port))).toEqual(new Set([ADMIN]));
    expect(knocks.length).toBeLessThan(20);
    expect(states()).toEqual(["Ready"]);
  });

  it("is found to be within reach some time after it began to listen", async () => {
    const { world, lost, proxy, connect, pass, knocks, states } = rig();
    world.isUp = false;
    await connect();
    await pass(9_000);
    expect([knocks.length, lost.reachable]).toEqual([2, 0]);
    world.isUp = true;
    await pass(2_000);
    expect([knocks.length, lost.reachable]).toEqual([3, 1]);
    await pass(60_000);
    expect(knocks.length).toBe(3);
    world.isUp = false;
    lost.lost(proxy);
    await pass(STEP_MS);
    expect(states()).toEqual(["NotReady"]);
  });

  it.each<[string, RigOptions]>([
    ["a firewall refuses what comes from here", { path: "rejecting" }],
    ["nothing was ever answered from here", { path: "cut" }],
    ["nobody would say that it is ready again", { isBrought: false, isHealthReported: false }],
  ])("is left as it is where %s", async (_, options) => {
    const { world, lost, proxy, pass, states, knocks } = await served(options);
    expect(lost.reachable).toBe(0);
    const before = knocks.length;
    world.isUp = false;
    lost.lost(proxy);
    await pass(2_000);
    expect([states(), knocks.length]).toEqual([["Ready"], before]);
  });

  it("keeps what was not ready or ignored before, whatever is found", async () => {
    const inbounds = [INBOUND, { ...INBOUND, port: 81, state: "NotReady" }, { ...INBOUND, port: 82, state: "Ignored" }];
    const { world, lost, proxy, pass, states } = await served({ brought: spec(...inbounds) });
    world.isUp = false;
    lost.lost(proxy);
    await pass(100);
    expect(states()).toEqual(["NotReady", "NotReady", "Ignored"]);
    world.isUp = true;
    await pass(1_000);
    expect(states()).toEqual(["Ready", "NotReady", "Ignored"]);
  });

  it("is not looked for at an address that was not reached", async () => {
    const { world, lost, proxy, pass, store, states, knocks } = await served();
    const before = knocks.length;
    const moved = { networking: { address: "10.0.0.2", inbound: [INBOUND] } };
    await store.commit([{ kind: "put", resource: { ...KEY, labels: {}, spec: moved } }]);
    world.isUp = false;
    lost.lost(proxy);
    await pass(500);
    expect([states(), knocks.length]).toEqual([["Ready"], before]);
  });

  it("is looked for until its grace is over, and not after it was deleted or the zone stops", async () => {
    const { world, lost, proxy, pass, store, knocks } = await served();
    world.isUp = false;
    lost.lost(proxy);
    await pass(GRACE_MS);
    const atEnd = knocks.length;
    await pass(5_000);
    expect(knocks.length).toBe(atEnd);
    lost.served(proxy);
    world.isUp = true;
    await pass(600);
    lost.lost(proxy);
    await store.commit([{ kind: "delete", key: KEY }]);
    await pass(50);
    const deleted = knocks.length;
    await pass(2_000);
    expect(knocks.length).toBe(deleted);
    lost.served(proxy);
    lost.stop();
    await pass(2_000);
    expect(knocks.length).toBe(deleted);
  });

  it("is withdrawn again by the next round when it could not be stored", async () => {
    let isBroken = true;
    const { world, lost, proxy, pass, states, events } = await served({
      onCommit() {
        if (isBroken) throw new Error("disk");
      },
    });
    world.isUp = false;
    lost.lost(proxy);
    await pass(STEP_MS);
    expect([states(), events]).toEqual([["Ready"], [expect.objectContaining({ kind: "failed", key: KEY })]]);
    isBroken = false;
    await pass(50);
    expect(states()).toEqual(["NotReady"]);
  });

  it("and is a zone ingress has no state: it is told that it is gone", async () => {
    const brought = { networking: { address: "10.0.0.1", port: 10_001, advertisedAddress: "192.0.2.1" } };
    const { world, lost, proxy, pass, gone, events } = await served({ type: "ingress", brought });
    lost.lost(proxy);
    await pass(100);
    expect(gone).toEqual([]);
    world.isUp = false;
    await pass(150);
    expect(gone).toEqual([KEY.name]);
    const key = { type: "ZoneIngress", mesh: "", name: KEY.name };
    expect(events).toEqual([{ kind: "withdrawn", key, places: ["10.0.0.1:10001"] }]);
  });
});

type Step = "dies" | "starts" | "stream breaks" | "connects" | "cut" | "healed" | number;

const history = fc.array(
  fc.oneof(
    fc.constantFrom<Step>("dies", "starts", "stream breaks", "connects", "cut", "healed"),
    fc.constantFrom<Step>(STEP_MS, 50, 400, 1_500),
  ),
  { maxLength: 25 },
);

it("in any history nothing is withdrawn that listens, what is dead is withdrawn soon, and what is back is ready", async () => {
  await fc.assert(
    fc.asyncProperty(history, async (steps) => {
      const wrong: unknown[] = [];
      const { world, lost, proxy, connect, pass, states } = await served({
        onCommit({ isUp }, { networking }) {
          const [inbound] = (networking as { readonly inbound: readonly { readonly state?: string }[] }).inbound;
          if ((inbound?.state !== "NotReady") !== isUp) wrong.push({ isUp, inbound });
        },
      });
      let isServed = true;
      const breaks = (): void => {
        if (isServed) lost.lost(proxy);
        isServed = false;
      };
      for (const step of steps) {
        // What was asked before is answered before.
        await pass(0);
        if (typeof step === "number") await pass(step);
        else if (step === "cut" || step === "healed") world.path = step === "cut" ? "cut" : "open";
        else if (step === "starts") world.isUp = true;
        else if (step === "stream breaks") breaks();
        else if (step === "connects" && world.isUp && world.path === "open") {
          await connect();
          isServed = true;
        } else if (step === "dies") {
          world.isUp = false;
          breaks();
        }
      }
      world.path = "open";
      // A life that was too short to be reached is not looked for.
      world.isUp = true;
      await connect();
      await pass(600);
      expect(states()).toEqual(["Ready"]);
      world.isUp = false;
      lost.lost(proxy);
      await pass(STEP_MS);
      expect(states()).toEqual(["NotReady"]);
      expect(wrong).toEqual([]);
    }),
    { numRuns: 60 },
  );
});
