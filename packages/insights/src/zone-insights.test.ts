import type { JsonObject } from "@isthmus/std";
import { describe, expect, it } from "vitest";
import { peer, type Rig, rig } from "./testing/rig.ts";
import type { ZoneEvent, ZonePeer } from "./zone-event.ts";

const connected = (of: ZonePeer): ZoneEvent => ({ kind: "connected", peer: of });
const disconnected = (of: ZonePeer): ZoneEvent => ({ kind: "disconnected", peer: of });
const sent = (zone: string, type = "Mesh"): ZoneEvent => ({ kind: "sent", zone, type });
const acked = (zone: string, type = "Mesh"): ZoneEvent => ({ kind: "sender", zone, note: { note: "acked", type } });
const nacked = (zone: string, type = "Mesh"): ZoneEvent => ({ kind: "sender", zone, note: { note: "nacked", type } });
const zone = { type: "Zone", mesh: "", name: "east" };
const statusOf = (subscription: JsonObject | undefined) => subscription?.["status"] as JsonObject | undefined;

describe("coming and going", () => {
  it("makes the Zone and its insight in one commit, at once", async () => {
    const { insights, store, commits, settle, insightOf } = rig();
    insights.onEvent(connected(peer("east")));
    expect(insights.isOnline("east")).toBe(true);
    await settle();
    expect(commits.map(({ changes }) => changes.map(({ key }) => key.type))).toEqual([["Zone", "ZoneInsight"]]);
    expect(store.get(zone)).toMatchObject({ spec: { enabled: true }, labels: {} });
    expect(insightOf("east")?.owner).toEqual(zone);
    expect(insightOf("east")?.spec["subscriptions"]).toMatchObject([
      { id: "id-1", globalInstanceId: "global-1", zoneInstanceId: "east-cp-1", connectTime: "2026-01-01T00:00:00Z" },
    ]);
  });

  it("leaves a Zone as it is, disabled ones too", async () => {
    const { insights, store, run, settle } = rig();
    await run({ kind: "put", resource: { ...zone, labels: { team: "a" }, spec: { enabled: false } } });
    insights.onEvent(connected(peer("east")));
    await settle();
    expect(store.get(zone)).toMatchObject({ spec: { enabled: false }, labels: { team: "a" }, version: 1 });
  });

  it("closes the subscription at once", async () => {
    const { insights, clock, settle, subscriptionsOf } = rig();
    insights.onEvent(connected(peer("east")));
    clock.advance(1500);
    insights.onEvent(disconnected(peer("east")));
    expect(insights.isOnline("east")).toBe(false);
    await settle();
    expect(subscriptionsOf("east")).toMatchObject([{ disconnectTime: "2026-01-01T00:00:01.500Z" }]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("of a connection that another one replaced leaves the newer one online", async () => {
    const { insights, clock, settle, subscriptionsOf } = rig();
    insights.onEvent(connected(peer("east", 1)));
    await settle();
    clock.advance(1000);
    insights.onEvent(connected(peer("east", 2)));
    await settle();
    expect(subscriptionsOf("east").map(({ disconnectTime }) => disconnectTime)).toEqual([
      "2026-01-01T00:00:01Z",
      undefined,
    ]);
    clock.advance(1000);
    insights.onEvent(disconnected(peer("east", 1)));
    await settle();
    expect(insights.isOnline("east")).toBe(true);
    expect(subscriptionsOf("east").map(({ disconnectTime }) => disconnectTime)).toEqual([
      "2026-01-01T00:00:01Z",
      undefined,
    ]);
  });

  it("ends with the service", async () => {
    const { insights, settle, subscriptionsOf } = rig();
    insights.onEvent(connected(peer("east")));
    insights.onEvent(sent("east"));
    await insights.stop();
    expect(subscriptionsOf("east")).toMatchObject([
      { disconnectTime: "2026-01-01T00:00:00Z", status: { total: { responsesSent: "1" } } },
    ]);
    expect(insights.isOnline("east")).toBe(false);
    insights.onEvent(connected(peer("west")));
    await settle();
    expect(subscriptionsOf("west")).toEqual([]);
  });

  it("keeps the newest subscriptions, the last one in full", async () => {
    const { insights, settle, subscriptionsOf } = rig({ subscriptionLimit: 3 });
    for (let connection = 1; connection <= 5; connection += 1) {
      insights.onEvent(connected(peer("east", connection)));
      insights.onEvent(sent("east"));
      insights.onEvent(disconnected(peer("east", connection)));
      await settle();
    }
    const subscriptions = subscriptionsOf("east");
    expect(subscriptions.map(({ id }) => id)).toEqual(["id-3", "id-4", "id-5"]);
    expect(subscriptions.map(({ config }) => config !== undefined)).toEqual([false, false, true]);
    expect(subscriptions.map((each) => statusOf(each)?.["stat"] !== undefined)).toEqual([false, false, true]);
    for (const each of subscriptions) expect(statusOf(each)?.["total"]).toEqual({ responsesSent: "1" });
  });

  it.each([
    [0, []],
    [1, ["id-2"]],
  ])("with a limit of %i", async (subscriptionLimit, ids) => {
    const { insights, settle, subscriptionsOf } = rig({ subscriptionLimit });
    insights.onEvent(connected(peer("east", 1)));
    insights.onEvent(connected(peer("east", 2)));
    await settle();
    expect(subscriptionsOf("east").map(({ id }) => id)).toEqual(ids);
    expect(insights.isOnline("east")).toBe(true);
  });

  it("shows who came only when it said so, then at once", async () => {
    const { insights, commits, settle, subscriptionsOf } = rig();
    const silent = { instanceId: undefined, version: undefined, config: undefined };
    insights.onEvent(connected(peer("east", 1, silent)));
    await settle();
    expect(subscriptionsOf("east")[0]).toMatchObject({ version: { kumaCp: {} } });
    insights.onEvent({ kind: "identified", peer: peer("east", 1) });
    await settle();
    expect(subscriptionsOf("east")[0]).toMatchObject({
      zoneInstanceId: "east-cp-1",
      version: { kumaCp: { version: "2.14.3" } },
    });
    expect(commits).toHaveLength(2);
  });
});

describe("counters", () => {
  it("are written once in ten seconds, and not at all while nothing changes", async () => {
    const { insights, clock, commits, settle, subscriptionsOf } = rig();
    insights.onEvent(connected(peer("east")));
    await settle();
    for (let n = 0; n < 100; n += 1) {
      insights.onEvent(sent("east"));
      insights.onEvent(n % 2 === 0 ? acked("east") : nacked("east", "MeshTimeout"));
    }
    clock.advance(9_999);
    await settle();
    expect(commits).toHaveLength(1);
    clock.advance(1);
    await settle();
    expect(commits).toHaveLength(2);
    expect(statusOf(subscriptionsOf("east")[0])).toEqual({
      lastUpdateTime: "2026-01-01T00:00:00Z",
      total: { responsesSent: "100", responsesAcknowledged: "50", responsesRejected: "50" },
      stat: {
        Mesh: { responsesSent: "100", responsesAcknowledged: "50" },
        MeshTimeout: { responsesRejected: "50" },
      },
    });
    expect(clock.pendingTimers).toBe(0);
    clock.advance(3_600_000);
    await settle();
    expect(commits).toHaveLength(2);
  });

  it("of types that nobody knows are in the total only", async () => {
    const { insights, settle, subscriptionsOf } = rig();
    insights.onEvent(connected(peer("east")));
    for (const type of ["__proto__", "constructor", "Nonsense"]) insights.onEvent(sent("east", type));
    await insights.flush();
    await settle();
    expect(statusOf(subscriptionsOf("east")[0])).toMatchObject({ total: { responsesSent: "3" } });
    expect(statusOf(subscriptionsOf("east")[0])?.["stat"]).toBeUndefined();
  });

  it("without a connection are nobody's", async () => {
    const { insights, commits, clock, settle } = rig();
    insights.onEvent(sent("east"));
    insights.onEvent(acked("east"));
    insights.onEvent(disconnected(peer("east")));
    for (const kind of ["refused", "zoneNameConflict", "received", "receiver", "recycled", "defect"] as const) {
      insights.onEvent({ kind });
    }
    insights.onEvent({ kind: "pinged", zone: "east", at: clock.now() });
    clock.advance(10_000);
    await settle();
    expect(commits).toEqual([]);
  });
});

describe("streams and pings", () => {
  it("before the connection counts are not lost", async () => {
    const { insights, clock, settle, insightOf } = rig();
    insights.onEvent({ kind: "pinged", zone: "east", at: clock.now() });
    clock.advance(1000);
    for (const stream of ["ZoneToGlobalSync", "StreamStats"] as const) {
      insights.onEvent({ kind: "streamOpened", peer: peer("east"), stream });
    }
    insights.onEvent(connected(peer("east")));
    await settle();
    expect(insightOf("east")?.spec).toMatchObject({
      envoyAdminStreams: { statsGlobalInstanceId: "global-1" },
      healthCheck: { time: "2026-01-01T00:00:00Z" },
      kdsStreams: {
        stats: { globalInstanceId: "global-1", connectTime: "2026-01-01T00:00:01Z" },
        zoneToGlobal: { globalInstanceId: "global-1", connectTime: "2026-01-01T00:00:01Z" },
      },
    });
  });

  it("of a zone that nobody knows yet wait for it, not for ever", async () => {
    const { insights, clock, settle, insightOf } = rig();
    const flush = async (times: number): Promise<void> => {
      for (let i = 0; i < times; i += 1) {
        clock.advance(10_000);
        await settle();
      }
    };
    insights.onEvent({ kind: "pinged", zone: "east", at: clock.now() });
    await flush(2);
    insights.onEvent(connected(peer("east")));
    await settle();
    expect(insightOf("east")?.spec).toMatchObject({ healthCheck: { time: "2026-01-01T00:00:00Z" } });

    insights.onEvent({ kind: "pinged", zone: "west", at: clock.now() });
    await flush(4);
    expect(clock.pendingTimers).toBe(0);
    insights.onEvent(connected(peer("west")));
    await settle();
    expect(insightOf("west")?.spec).not.toHaveProperty("healthCheck");
  });

  it("keep what another instance wrote, unless it is older", async () => {
    const { insights, run, settle, insightOf } = rig();
    const other = (connectTime: string) => ({ globalInstanceId: "global-0", connectTime });
    const kdsStreams = {
      clusters: other("2025-12-31T00:00:00Z"),
      globalToZone: other("2026-01-01T00:00:05Z"),
      zoneToGlobal: other("2025-12-31T23:59:59.999999999Z"),
    };
    await run(
      { kind: "put", resource: { ...zone, labels: {}, spec: {} } },
      { kind: "put", resource: { ...zone, type: "ZoneInsight", labels: {}, spec: { kdsStreams }, owner: zone } },
    );
    for (const stream of ["ZoneToGlobalSync", "GlobalToZoneSync"] as const) {
      insights.onEvent({ kind: "streamOpened", peer: peer("east"), stream });
    }
    insights.onEvent(connected(peer("east")));
    await settle();
    expect(insightOf("east")?.spec["kdsStreams"]).toEqual({
      ...kdsStreams,
      zoneToGlobal: { globalInstanceId: "global-1", connectTime: "2026-01-01T00:00:00Z" },
    });
  });

  it("of a zone that is there but not connected are written, and then forgotten", async () => {
    const { insights, clock, run, settle, insightOf } = rig();
    await run({ kind: "put", resource: { ...zone, labels: {}, spec: {} } });
    insights.onEvent({ kind: "pinged", zone: "east", at: clock.now() });
    clock.advance(10_000);
    await settle();
    expect(insightOf("east")?.spec).toEqual({ healthCheck: { time: "2026-01-01T00:00:00Z" } });
    expect(insights.isOnline("east")).toBe(false);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe("what a peer says", () => {
  it.each([
    ["a config that is no JSON", { config: "{" }, { config: undefined }],
    ["a config that is no object", { config: '"text"' }, { config: undefined }],
    ["a config of a global, which is empty", { config: "" }, { config: undefined }],
    ["a huge config", { config: `{"a":"${"x".repeat(300_000)}"}` }, { config: undefined }],
    ["a huge instance id", { instanceId: "x".repeat(300) }, { zoneInstanceId: undefined }],
    ["a token", { authTokenProvided: true }, { authTokenProvided: true }],
    [
      "all of its version",
      { version: { version: "2.20.0", gitTag: "v2.20.0", gitCommit: "abc", buildDate: "today" } },
      { version: { kumaCp: { version: "2.20.0", gitTag: "v2.20.0", gitCommit: "abc", buildDate: "today" } } },
    ],
  ])("%s", async (_, said, shown: JsonObject | { readonly [member: string]: undefined }) => {
    const { insights, settle, subscriptionsOf } = rig();
    insights.onEvent(connected(peer("east", 1, said)));
    await settle();
    const [subscription = {}] = subscriptionsOf("east");
    for (const [member, value] of Object.entries(shown)) expect(subscription[member]).toEqual(value);
  });
});

describe("a Zone that goes while it is connected", () => {
  it("is not made again, nor is its insight, until the zone connects anew", async () => {
    const { insights, clock, run, store, settle, insightOf, errors } = rig();
    insights.onEvent(connected(peer("east", 1)));
    await settle();
    await run({ kind: "delete", key: zone });
    insights.onEvent(sent("east"));
    clock.advance(10_000);
    await settle();
    insights.onEvent(disconnected(peer("east", 1)));
    await settle();
    expect([store.get(zone), insightOf("east")]).toEqual([undefined, undefined]);
    insights.onEvent(connected(peer("east", 2)));
    await settle();
    expect(store.get(zone)).toBeDefined();
    expect(insightOf("east")?.spec["subscriptions"]).toMatchObject([{ id: "id-2" }]);
    expect(errors).toEqual([]);
  });
});

describe("a store that fails", () => {
  it("is reported, tried again, and nothing is lost", async () => {
    const made = rig();
    const { insights, clock, settle, subscriptionsOf, errors } = made;
    made.disk = "full";
    insights.onEvent(connected(peer("east", 1)));
    insights.onEvent(sent("east"));
    insights.onEvent(disconnected(peer("east", 1)));
    await settle();
    insights.onEvent(connected(peer("east", 2)));
    await settle();
    clock.advance(10_000);
    await settle();
    expect(errors.length).toBeGreaterThanOrEqual(2);
    expect(errors[0]).toMatchObject({ zone: "east", error: { code: "IO" } });
    expect(insights.isOnline("east")).toBe(true);
    made.disk = "ok";
    clock.advance(10_000);
    await settle();
    expect(subscriptionsOf("east")).toMatchObject([
      { id: "id-1", disconnectTime: "2026-01-01T00:00:00Z", status: { total: { responsesSent: "1" } } },
      { id: "id-2" },
    ]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("does not make a zone that comes and goes pile up", async () => {
    const made = rig({ subscriptionLimit: 2 });
    made.disk = "full";
    for (let connection = 1; connection <= 50; connection += 1) {
      made.insights.onEvent(connected(peer("east", connection)));
      made.insights.onEvent(disconnected(peer("east", connection)));
    }
    made.disk = "ok";
    await made.insights.stop();
    expect(made.subscriptionsOf("east").map(({ id }) => id)).toEqual(["id-49", "id-50"]);
  });

  it("loses races without anybody noticing", async () => {
    const made = rig();
    made.disk = 3;
    made.insights.onEvent(connected(peer("east")));
    await made.settle();
    expect(made.subscriptionsOf("east")).toHaveLength(1);
    expect(made.errors).toEqual([]);
  });
});

describe("a new process on old data", () => {
  it("closes what a dead instance left open, and not what a living one has", async () => {
    const made = rig();
    made.insights.onEvent(connected(peer("east")));
    made.insights.onEvent(connected(peer("west")));
    await made.settle();
    const neighbour = made.restarted({ isInstanceAlive: (id) => id === "global-1" });
    await neighbour.start();
    expect(made.commits).toHaveLength(2);
    expect(neighbour.isOnline("east")).toBe(true);

    made.clock.advance(60_000);
    const successor = made.restarted();
    expect(successor.isOnline("east")).toBe(false);
    await successor.start();
    for (const name of ["east", "west"]) {
      expect(made.subscriptionsOf(name)).toMatchObject([{ disconnectTime: "2026-01-01T00:01:00Z" }]);
      expect(Object.keys(made.subscriptionsOf(name)[0] ?? {}).slice(0, 4)).toEqual([
        "id",
        "globalInstanceId",
        "connectTime",
        "disconnectTime",
      ]);
    }
    expect(made.commits).toHaveLength(3);
  });

  it("closes them later when the store fails at start", async () => {
    const made = rig();
    made.insights.onEvent(connected(peer("east")));
    await made.settle();
    const successor = made.restarted();
    made.disk = "full";
    await successor.start();
    expect(made.errors).toMatchObject([{ zone: "" }]);
    made.disk = "ok";
    made.clock.advance(10_000);
    await made.settle();
    expect(made.subscriptionsOf("east")).toMatchObject([{ disconnectTime: "2026-01-01T00:00:10Z" }]);
  });
});

describe("a slow store", () => {
  /** Holds back commits about a zone until the returned function is called. */
  const holdBack = (made: Rig, name: string): (() => void) => {
    let release: () => void = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    made.gate = (ops) => (JSON.stringify(ops).includes(`"name":"${name}"`) ? released : Promise.resolve());
    return release;
  };

  it("gets what changed during a flush with the next one", async () => {
    const made = rig();
    made.insights.onEvent(connected(peer("east")));
    await made.settle();
    made.insights.onEvent(sent("east"));
    const release = holdBack(made, "east");
    made.clock.advance(10_000);
    await made.settle();
    made.insights.onEvent(sent("east"));
    made.clock.advance(10_000);
    release();
    await made.settle();
    expect(statusOf(made.subscriptionsOf("east")[0])).toMatchObject({ total: { responsesSent: "1" } });
    made.clock.advance(10_000);
    await made.settle();
    expect(statusOf(made.subscriptionsOf("east")[0])).toMatchObject({ total: { responsesSent: "2" } });
    expect(made.clock.pendingTimers).toBe(0);
  });

  it("is waited for at the end", async () => {
    const made = rig();
    for (const name of ["east", "west"]) made.insights.onEvent(connected(peer(name)));
    await made.settle();
    for (const name of ["east", "west"]) made.insights.onEvent(sent(name));
    const release = holdBack(made, "west");
    made.clock.advance(10_000);
    await made.settle();
    const stopped = made.insights.stop();
    release();
    await stopped;
    for (const name of ["east", "west"]) {
      expect(made.subscriptionsOf(name)).toMatchObject([{ disconnectTime: "2026-01-01T00:00:10Z" }]);
    }
  });

  it("makes no other zone wait that comes", async () => {
    const made = rig();
    made.insights.onEvent(connected(peer("east")));
    await made.settle();
    made.insights.onEvent(sent("east"));
    const release = holdBack(made, "east");
    made.clock.advance(10_000);
    made.insights.onEvent(connected(peer("west")));
    await made.settle();
    expect(made.subscriptionsOf("west")).toHaveLength(1);
    release();
    await made.settle();
  });

  it("is asked only about zones that changed", async () => {
    const made = rig();
    for (const name of ["east", "west"]) made.insights.onEvent(connected(peer(name)));
    await made.settle();
    made.insights.onEvent(sent("west"));
    made.clock.advance(10_000);
    await made.settle();
    expect(made.asked).toHaveLength(3);
  });
});

it("writes a closed subscription once", async () => {
  const { insights, run, settle, clock, subscriptionsOf } = rig();
  insights.onEvent(connected(peer("east", 1)));
  insights.onEvent(connected(peer("east", 2)));
  await settle();
  await run({ kind: "delete", key: { ...zone, type: "ZoneInsight" } });
  insights.onEvent(sent("east"));
  clock.advance(10_000);
  await settle();
  expect(subscriptionsOf("east").map(({ id }) => id)).toEqual(["id-2"]);
});

describe("ensureZone", () => {
  it("makes the Zone, once", async () => {
    const { insights, store, commits } = rig();
    await Promise.all([insights.ensureZone("east"), insights.ensureZone("east"), insights.ensureZone("east")]);
    await insights.ensureZone("east");
    expect(commits).toHaveLength(1);
    expect(store.get(zone)?.spec).toEqual({ enabled: true });
  });

  it("says when it cannot", async () => {
    const made = rig();
    made.disk = "full";
    await expect(made.insights.ensureZone("east")).rejects.toMatchObject({ code: "IO" });
  });
});

it("on a zone is about itself, seen from the other end", async () => {
  const { insights, store, settle, subscriptionsOf } = rig({ role: "zone", instanceId: "east-cp-9" });
  insights.onEvent(connected(peer("east", 1, { instanceId: "global-7", config: "" })));
  insights.onEvent(sent("east", "MeshService"));
  await insights.flush();
  await settle();
  expect(store.get(zone)?.spec).toEqual({});
  expect(subscriptionsOf("east")).toMatchObject([
    { globalInstanceId: "global-7", zoneInstanceId: "east-cp-9", status: { total: { responsesSent: "1" } } },
  ]);
});
