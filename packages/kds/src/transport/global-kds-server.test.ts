/** The global against peers that break the rules, are slow, or fight for a name. Every other zone goes on. */
import { GrpcCode, type GrpcError, metadataOf } from "@isthmus/grpc-kit";
import {
  decodeDeltaRequest,
  decodeDeltaResponse,
  encodeDeltaRequest,
  encodeDeltaResponse,
  encodeKumaResource,
  encodeResourceChunk,
} from "@isthmus/proto";
import { systemClock } from "@isthmus/std";
import { createMemoryStore } from "@isthmus/store";
import { eventually, FakeClock } from "@isthmus/testkit";
import { afterEach, describe, expect, it } from "vitest";
import type { KdsEvent } from "./kds-events.ts";
import { ADMIN_STREAMS, KDS_PATHS, SYNC_STREAMS } from "./kds-methods.ts";
import { draft, type GlobalRig, LoopbackRig, put, type RawStream, zoneOf } from "./testing/loopback-rig.ts";

const rig = new LoopbackRig();
afterEach(() => rig.end());

const subscribe = (type: string, zone = "east"): Uint8Array =>
  encodeDeltaRequest({ node: { id: zone, metadata: {} }, typeUrl: type, subscribe: ["*"] });
const ack = (type: string, nonce: string, zone = "east"): Uint8Array =>
  encodeDeltaRequest({ node: { id: zone }, typeUrl: type, responseNonce: nonce });

function upload(type: string, nonce: string, ...chunks: readonly Uint8Array[]): Uint8Array {
  return encodeDeltaResponse({ typeUrl: type, nonce, controlPlane: "east", chunks, removed: [], intents: [] });
}

const responses = (stream: RawStream) =>
  stream.received.map((bytes) => {
    const decoded = decodeDeltaResponse(bytes);
    if (!decoded.ok) throw new Error(decoded.error);
    return decoded.value;
  });
const requests = (stream: RawStream) =>
  stream.received.map((bytes) => {
    const decoded = decodeDeltaRequest(bytes);
    if (!decoded.ok) throw new Error(decoded.error);
    return decoded.value;
  });

const ofKind = <K extends KdsEvent["kind"]>(global: GlobalRig, kind: K) =>
  global.events.filter((event): event is Extract<KdsEvent, { kind: K }> => event.kind === kind);

async function ping(
  global: GlobalRig,
  headers: Record<string, string | readonly string[]>,
  body = "",
): Promise<string> {
  return rig
    .raw(global.address)
    .connection.unary(KDS_PATHS.HealthCheck, Buffer.from(body, "hex"), metadataOf(headers))
    .then((bytes) => bytes.toString("hex"))
    .catch((error: GrpcError) => error.message);
}

describe("identity", () => {
  it("refuses calls without client-id as Kuma does, also with an empty one", async () => {
    const global = await rig.global();
    const peer = rig.raw(global.address);
    const details = '"client-id" is not present in metadata';
    for (const headers of [{}, { "client-id": "" }]) {
      for (const kind of SYNC_STREAMS) {
        expect(await peer.open(kind, headers).ended()).toEqual({ code: GrpcCode.UNKNOWN, details });
      }
      for (const kind of ADMIN_STREAMS) {
        expect(await peer.open(kind, headers).ended()).toEqual({ code: GrpcCode.INVALID_ARGUMENT, details });
      }
      expect(await ping(global, headers)).toBe(`INVALID_ARGUMENT: ${details}`);
    }
    expect(ofKind(global, "refused")).toHaveLength(12);
    expect(global.server.status()).toEqual([]);
  });

  it("refuses names that are no DNS label, naming them", async () => {
    const global = await rig.global();
    for (const name of ["Rec_1!", "a.b", "-a", "x".repeat(64)]) {
      const status = await rig.raw(global.address).open("GlobalToZoneSync", zoneOf(name)).ended();
      expect(status.code).toBe(GrpcCode.INVALID_ARGUMENT);
      expect(status.details).toContain(`zone name ${JSON.stringify(name)} is no DNS label: `);
    }
    expect(await ping(global, zoneOf("Rec_1!"))).toContain("INVALID_ARGUMENT");
  });

  it("takes the first of two client-ids, and a node id that differs", async () => {
    const global = await rig.global();
    const stream = rig.raw(global.address).open("GlobalToZoneSync", { "client-id": ["east", "west"] });
    stream.send(subscribe("Mesh", "other"));
    await eventually(() => stream.received.length === 1);
    expect(global.server.status().map((status) => status.zone)).toEqual(["east"]);
  });

  it("serves a zone only once it is admitted, reading nothing before", async () => {
    let admit: (() => void) | undefined;
    const admitted = new Promise<undefined>((resolve) => {
      admit = () => resolve(undefined);
    });
    const asked: string[] = [];
    const global = await rig.global({
      admitZone: ({ zone }) => {
        asked.push(zone);
        return zone === "east" ? admitted : Promise.resolve({ code: GrpcCode.PERMISSION_DENIED, details: "not you" });
      },
    });
    const east = rig.raw(global.address);
    const down = east.open("GlobalToZoneSync", zoneOf("east"));
    const up = east.open("ZoneToGlobalSync", zoneOf("east"));
    down.send(subscribe("Mesh"));
    const west = rig.raw(global.address).open("ZoneToGlobalSync", zoneOf("west"));
    expect(await west.ended()).toEqual({ code: GrpcCode.PERMISSION_DENIED, details: "not you" });
    expect(down.received).toEqual([]);
    expect(up.received).toEqual([]);
    admit?.();
    await eventually(() => down.received.length === 1 && up.received.length === 31);
    expect(asked.toSorted()).toEqual(["east", "west"]);
  });

  it("turns zones away until it is ready", async () => {
    let isReady = false;
    const global = await rig.global({ isReady: () => isReady });
    const peer = rig.raw(global.address);
    const refused = await peer.open("GlobalToZoneSync", zoneOf("east")).ended();
    expect(refused).toEqual({ code: GrpcCode.UNAVAILABLE, details: "the global control plane is not ready yet" });
    isReady = true;
    const served = peer.open("GlobalToZoneSync", zoneOf("east"));
    served.send(subscribe("Mesh"));
    await eventually(() => served.received.length === 1);
  });
});

describe("calls beside sync", () => {
  it("answers pings with Kuma's bytes, or the configured interval, and refuses garbage", async () => {
    const global = await rig.global();
    expect(await ping(global, zoneOf("east"))).toBe("0a00");
    expect(await ping(global, zoneOf("east"), "0aff")).toContain("INVALID_ARGUMENT: no ZoneHealthCheckRequest");
    const eager = await rig.global({ zoneHealthCheck: { pollIntervalMs: 1_500, timeoutMs: 60_000 } });
    expect(await ping(eager, zoneOf("east"))).toBe("0a0808011080cab5ee01");
  });

  it("gives up a zone that no longer pings, but not one that never promised to", async () => {
    const clock = new FakeClock();
    const global = await rig.global({ clock, zoneHealthCheck: { pollIntervalMs: 1_000, timeoutMs: 3_000 } });
    const east = rig.raw(global.address).open("GlobalToZoneSync", zoneOf("east"));
    const west = rig.raw(global.address).open("GlobalToZoneSync", { "client-id": "west", features: "hash-suffix" });
    for (const [stream, zone] of [
      [east, "east"],
      [west, "west"],
    ] as const)
      stream.send(subscribe("Mesh", zone));
    await eventually(() => east.received.length === 1 && west.received.length === 1);
    clock.advance(2_900);
    expect(east.status()).toBeUndefined();
    clock.advance(200);
    expect(await east.ended()).toEqual({ code: GrpcCode.CANCELLED, details: "stream canceled - zone hc failed" });
    expect(west.status()).toBeUndefined();
    expect(global.server.isOnline("east")).toBe(false);
    expect(global.server.isOnline("west")).toBe(true);
  });
});

describe("bad messages", () => {
  it("ends only the stream that got garbage, at once and with the reason", async () => {
    const global = await rig.global();
    await put(global.store, draft("Mesh", "default"));
    const west = await rig.zone("west", global.address);
    for (const kind of SYNC_STREAMS) {
      const stream = rig.raw(global.address).open(kind, zoneOf("east"));
      stream.send(Buffer.from("ffffffff", "hex"));
      const status = await stream.ended();
      expect(status.code).toBe(GrpcCode.INVALID_ARGUMENT);
      expect(status.details).toMatch(/^message is no DeltaDiscovery/);
    }
    expect(ofKind(global, "garbage").map((event) => event.stream)).toEqual([...SYNC_STREAMS]);
    await put(global.store, draft("Mesh", "second"));
    await eventually(() => west.store.count("Mesh") === 2);
    expect(ofKind(global, "defect")).toEqual([]);
  });

  it("survives a resource without spec, one of another type, a type that was not asked for, and names itself in the NACK", async () => {
    const global = await rig.global();
    const stream = rig.raw(global.address).open("ZoneToGlobalSync", zoneOf("east"));
    await eventually(() => stream.received.length === 31);
    const chunk = (kumaResourceBytes: Uint8Array): Uint8Array =>
      encodeResourceChunk({ name: "a.default", version: "1", kumaResourceBytes });
    const meta = Buffer.concat([Buffer.from("0a01611207", "hex"), Buffer.from("default")]);
    const noSpec = Buffer.concat([Buffer.from([0x0a, meta.length]), meta]);
    const head = { name: "a", mesh: "default", labels: {}, specTypeUrl: "" };
    const wrongSpec = encodeKumaResource({ ...head, specBytes: Buffer.from("[]") });
    for (const [nonce, content] of [
      ["1", noSpec],
      ["2", wrongSpec],
    ] as const) {
      stream.send(upload("MeshService", nonce, chunk(content)));
      const nack = await eventually(() => requests(stream).find((request) => request.responseNonce === nonce));
      expect(nack.errorDetail?.message).toContain("a.default");
    }
    stream.send(upload("Mesh", "3"));
    const nack = await eventually(() => requests(stream).find((request) => request.responseNonce === "3"));
    expect(nack.errorDetail?.message).toBe('type "Mesh" was not requested and is not stored');
    expect(stream.status()).toBeUndefined();
    expect(global.store.count("MeshService") + global.store.count("Mesh")).toBe(0);
  });

  it("serves a request without node", async () => {
    const global = await rig.global();
    await put(global.store, draft("Mesh", "default"));
    const stream = rig.raw(global.address).open("GlobalToZoneSync", zoneOf("east"));
    stream.send(encodeDeltaRequest({ typeUrl: "Mesh", subscribe: ["*"] }));
    await eventually(() => responses(stream)[0]?.resources.length === 1);
  });

  it("ends a flood of requests, and the stream of a peer that stops sending never with OK", async () => {
    const global = await rig.global();
    const flood = rig.raw(global.address).open("GlobalToZoneSync", zoneOf("east"));
    for (let i = 0; i < 1_100; i += 1) flood.send(subscribe("Mesh"));
    expect((await flood.ended()).code).toBe(GrpcCode.RESOURCE_EXHAUSTED);
    for (const kind of SYNC_STREAMS) {
      const stream = rig.raw(global.address).open(kind, zoneOf("west"));
      stream.halfClose();
      expect(await stream.ended()).toEqual({
        code: GrpcCode.CANCELLED,
        details: "stream canceled - stream stopped",
      });
    }
  });

  it("ends an oversize upload with the sizes, and the zone's other stream stays", async () => {
    const global = await rig.global({ maxMessageBytes: 100_000 });
    const peer = rig.raw(global.address);
    const down = peer.open("GlobalToZoneSync", zoneOf("east"));
    down.send(subscribe("Mesh"));
    await eventually(() => down.received.length === 1);
    const up = peer.open("ZoneToGlobalSync", zoneOf("east"));
    up.send(Buffer.alloc(100_001));
    const status = await up.ended();
    expect(status.code).toBe(GrpcCode.RESOURCE_EXHAUSTED);
    expect(status.details).toMatch(/100001.*100000/);
    expect(down.status()).toBeUndefined();
    await eventually(() => ofKind(global, "streamClosed").some((event) => event.code === "RESOURCE_EXHAUSTED"));
  });
});

describe("slow readers", () => {
  it("delays no other zone, and what a zone is sent waits for it as one difference", async () => {
    const store = createMemoryStore({ clock: systemClock });
    const global = await rig.global({ store, server: { highWaterBytes: 64 * 1024 } });
    const slow = rig.raw(global.address).open("GlobalToZoneSync", zoneOf("slow"));
    slow.pause();
    const secret = (name: string, size: number) =>
      draft("GlobalSecret", name, { spec: { data: Buffer.alloc(size, 1).toString("base64") } });
    await put(store, ...Array.from({ length: 9 }, (_, i) => secret(`s${i}`, 1_000_000)));
    for (const type of ["GlobalSecret", "Mesh", "HostnameGenerator"]) slow.send(subscribe(type, "slow"));
    await eventually(() => ofKind(global, "sent").length > 0);
    const quick = await rig.zone("quick", global.address);
    await eventually(() => quick.store.count("GlobalSecret") === 9);
    for (let i = 0; i < 20; i += 1) await put(store, draft("Mesh", `m${i}`));
    await eventually(() => quick.store.count("Mesh") === 20);
    const before = ofKind(global, "sent").filter((event) => event.zone === "slow");
    expect(before.length).toBeLessThanOrEqual(3);
    slow.resume();
    const first = await eventually(() => responses(slow).find((response) => response.typeUrl === "GlobalSecret"));
    slow.send(ack("GlobalSecret", first.nonce, "slow"));
    const mesh = await eventually(() => responses(slow).find((response) => response.typeUrl === "Mesh"));
    slow.send(ack("Mesh", mesh.nonce, "slow"));
    await eventually(() => {
      const told = responses(slow).filter((response) => response.typeUrl === "Mesh");
      return new Set(told.flatMap((response) => response.resources.map((resource) => resource.name))).size === 20;
    });
    expect(responses(slow).filter((response) => response.typeUrl === "Mesh").length).toBeLessThanOrEqual(2);
  });
});

describe("stuck streams", () => {
  it("starts a stream over that acknowledges nothing, alone, and spares one that does or has nothing to say", async () => {
    const clock = new FakeClock();
    const global = await rig.global({ clock });
    const open = (zone: string): RawStream => {
      const stream = rig.raw(global.address).open("GlobalToZoneSync", zoneOf(zone));
      stream.send(subscribe("Mesh", zone));
      return stream;
    };
    const [frozen, live] = [open("frozen"), open("live")];
    await eventually(() => frozen.received.length === 1 && live.received.length === 1);
    live.send(ack("Mesh", "1", "live"));
    await eventually(() => ofKind(global, "sender").length === 1);
    clock.advance(89_000);
    expect(frozen.status()).toBeUndefined();
    // In small steps: the status needs real time to travel before its grace period is over.
    const status = await eventually(() => {
      clock.advance(100);
      return frozen.status();
    });
    expect(status.code).toBe(GrpcCode.ABORTED);
    expect(status.details).toMatch(/^nothing acknowledged for \d+ s$/);
    expect(ofKind(global, "recycled")).toEqual([
      { kind: "recycled", zone: "frozen", stream: "GlobalToZoneSync", reason: status.details },
    ]);
    // A late answer to the first response must not look like 109 s without progress.
    await put(global.store, draft("Mesh", "default"));
    await eventually(() => live.received.length === 2);
    clock.advance(60_000);
    expect(live.status()).toBeUndefined();
  });
});

describe("two connections of one zone", () => {
  const connect = async (global: GlobalRig, zone = "east") => {
    const peer = rig.raw(global.address);
    const down = peer.open("GlobalToZoneSync", zoneOf(zone));
    down.send(subscribe("Mesh", zone));
    await eventually(() => down.received.length === 1 || down.status() !== undefined);
    return { peer, down };
  };

  it("serves the newer whole, ends the older whole, and the older's end harms nobody", async () => {
    const global = await rig.global();
    const older = await connect(global);
    const olderUp = older.peer.open("ZoneToGlobalSync", zoneOf("east"));
    await eventually(() => olderUp.received.length === 31);
    const newer = await connect(global);
    for (const stream of [older.down, olderUp]) {
      const status = await stream.ended();
      expect(status.code).toBe(GrpcCode.CANCELLED);
      expect(status.details).toMatch(/^replaced by a newer connection of zone east, from 127\.0\.0\.1:\d+$/);
    }
    // What the older still opens is no new claim.
    const late = await older.peer.open("ZoneToGlobalSync", zoneOf("east")).ended();
    expect(late.details).toMatch(/^zone east has a newer connection, from /);
    await older.peer.connection.close();
    newer.down.send(ack("Mesh", "1"));
    await put(global.store, draft("Mesh", "default"));
    await eventually(() => newer.down.received.length === 2);
    const newerUp = newer.peer.open("ZoneToGlobalSync", zoneOf("east"));
    await eventually(() => newerUp.received.length === 31);
    expect(newer.down.status()).toBeUndefined();
    expect(ofKind(global, "zoneNameConflict")).toEqual([
      { kind: "zoneNameConflict", zone: "east", outcome: "replaced" },
    ]);
    expect(ofKind(global, "disconnected").map((event) => event.reason)).toEqual([
      expect.stringContaining("replaced by a newer connection"),
    ]);
  });

  it("refuses a newer one while the name is in dispute, once per connection", async () => {
    const global = await rig.global({ conflicts: { judge: () => "refuse" } });
    const holder = await connect(global);
    const rival = rig.raw(global.address);
    for (const kind of SYNC_STREAMS) {
      const status = await rival.open(kind, zoneOf("east")).ended();
      expect(status.code).toBe(GrpcCode.ALREADY_EXISTS);
      expect(status.details).toContain("zone name east is in dispute");
    }
    expect(holder.down.status()).toBeUndefined();
    expect(ofKind(global, "zoneNameConflict")).toEqual([
      { kind: "zoneNameConflict", zone: "east", outcome: "refused" },
    ]);
    await holder.peer.connection.close();
    await eventually(() => !global.server.isOnline("east"));
    const heir = await connect(global);
    expect(heir.down.received).toHaveLength(1);
  });

  it("takes a newer stream of the same connection in place of the older", async () => {
    const global = await rig.global();
    const { peer, down } = await connect(global);
    const again = peer.open("GlobalToZoneSync", zoneOf("east"));
    again.send(subscribe("Mesh"));
    expect((await down.ended()).details).toBe("replaced by a newer GlobalToZoneSync stream of the same connection");
    await eventually(() => again.received.length === 1);
    expect(ofKind(global, "zoneNameConflict")).toEqual([]);
  });
});

describe("the end", () => {
  it("ends all streams with UNAVAILABLE at shutdown, at once", async () => {
    const global = await rig.global();
    const peer = rig.raw(global.address);
    const streams = SYNC_STREAMS.map((kind) => peer.open(kind, zoneOf("east")));
    await eventually(() => global.server.status().length === 1 && streams[1]?.received.length === 31);
    const startedAt = performance.now();
    const stopped = global.server.stop();
    for (const stream of streams) {
      expect(await stream.ended()).toEqual({ code: GrpcCode.UNAVAILABLE, details: "stream unavailable" });
    }
    expect(performance.now() - startedAt).toBeLessThan(1_500);
    await stopped;
  });

  it("disconnects and forgets a zone on demand; it may come back", async () => {
    const global = await rig.global();
    const east = await rig.zone("east", global.address);
    await eventually(() => global.server.isOnline("east"));
    global.server.disconnectZone("east", "zone east was deleted");
    const retrying = await eventually(() => east.events.find((event) => event.kind === "retrying"));
    expect(retrying).toMatchObject({ reason: expect.stringContaining("CANCELLED: zone east was deleted") });
    await eventually(() => global.server.isOnline("east"));
  });

  it("remembers zones that left, without their streams, and not those that only knocked", async () => {
    const global = await rig.global();
    const east = await rig.zone("east", global.address);
    await eventually(() => global.server.isOnline("east"));
    await east.client.stop();
    const knocking = rig.raw(global.address);
    const stream = knocking.open("GlobalToZoneSync", zoneOf("knocking"));
    await eventually(() => global.server.status().length === 2);
    await knocking.connection.close();
    await eventually(() => global.server.status().length === 1);
    expect(stream.received).toEqual([]);
    expect(global.server.status()[0]).toMatchObject({
      zone: "east",
      isOnline: false,
      lastSeenAt: expect.any(Number),
      sender: undefined,
      receiver: undefined,
    });
  });
});
