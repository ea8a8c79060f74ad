/** The zone against globals that break the rules, fail in parts, or are Kuma's. */
import { createServer, type Socket } from "node:net";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { GrpcCode, GrpcError, splitValues } from "@isthmus/grpc-kit";
import {
  AdminOutputFormat,
  ClustersRequestSchema,
  ClustersResponseSchema,
  encodeDeltaRequest,
  encodeKumaResource,
  StatsRequestSchema,
  StatsResponseSchema,
  XDSConfigRequestSchema,
  XDSConfigResponseSchema,
} from "@isthmus/proto";
import { err, ok } from "@isthmus/std";
import { eventually } from "@isthmus/testkit";
import { afterEach, describe, expect, it } from "vitest";
import type { AdminQuestion } from "./admin-message.ts";
import { encodeHealthResponse } from "./health-check.ts";
import type { KdsEvent } from "./kds-events.ts";
import { ADMIN_STREAMS, SYNC_STREAMS } from "./kds-methods.ts";
import { FakeGlobal, type FakeGlobalOptions, response } from "./testing/fake-global.ts";
import { LoopbackRig, type ZoneRig, type ZoneRigOptions } from "./testing/loopback-rig.ts";

const rig = new LoopbackRig();
afterEach(() => rig.end());

async function fakeGlobal(options: FakeGlobalOptions = {}): Promise<FakeGlobal> {
  const global = new FakeGlobal(options);
  await global.server.start();
  rig.onEnd(() => global.server.stop());
  return global;
}

/** A zone with all its streams open. */
async function join(global: FakeGlobal, options: ZoneRigOptions = {}): Promise<ZoneRig> {
  const zone = await rig.zone("east", global.address, options);
  await eventually(() => global.streams.length === SYNC_STREAMS.length + ADMIN_STREAMS.length);
  return zone;
}

const ofKind = <K extends KdsEvent["kind"]>(zone: ZoneRig, kind: K) =>
  zone.events.filter((event): event is Extract<KdsEvent, { kind: K }> => event.kind === kind);
const failure = (zone: ZoneRig): Promise<string> => eventually(() => ofKind(zone, "retrying")[0]?.reason);

const mesh = encodeKumaResource({
  name: "default",
  mesh: "",
  labels: { "kuma.io/origin": "global" },
  specTypeUrl: "type.googleapis.com/kuma.mesh.v1alpha1.Mesh",
  specBytes: new Uint8Array(),
});

describe("introduction", () => {
  it("sends Kuma's headers on each of the six calls, features as two fields", async () => {
    const global = await fakeGlobal();
    const zone = await join(global);
    await eventually(() => global.pings.length === 1);
    for (const metadata of [...global.pings, ...global.streams.map(({ metadata }) => metadata)]) {
      expect(metadata.get("client-id")).toEqual(["east"]);
      expect(splitValues(metadata, "features")).toEqual(["zone-ping-health", "hash-suffix"]);
      expect(metadata.get("kds-version")).toEqual(["v3"]);
      expect(metadata.get("version")).toEqual(["2.14.3"]);
      expect(metadata.get("isthmus-features")).toEqual(["intent,holds"]);
      expect(metadata.get("isthmus-history")).toEqual([zone.store.historyId]);
      expect(String(metadata.get("user-agent")[0])).toMatch(/^kds\/2\.14\.3 \(/);
    }
  });

  it("asks for Config first, for the rest once that is stored, and names its node in every request", async () => {
    const global = await fakeGlobal();
    await join(global);
    await eventually(() => global.requests().length === 1);
    expect(global.requests()[0]).toMatchObject({
      typeUrl: "Config",
      subscribe: ["*"],
      responseNonce: "",
      node: { id: "east", metadata: { "control-plane-id": "east-1", config: '{"store":{"type":"memory"}}' } },
    });
    global.send("GlobalToZoneSync", response("Config", "1"));
    await eventually(() => global.requests().length === 46);
    const [, ack, ...rest] = global.requests();
    expect(ack).toMatchObject({ typeUrl: "Config", responseNonce: "1", subscribe: [], node: { id: "east" } });
    expect(new Set(rest.map((request) => request.typeUrl)).size).toBe(44);
    expect(global.requests().every((request) => request.node?.id === "east")).toBe(true);
    expect(rest.every((request) => request.node?.metadata !== undefined)).toBe(true);
  });

  it("does not wait for a global that never answers Config", async () => {
    const global = await fakeGlobal();
    await join(global);
    await eventually(() => global.requests().length === 45);
  });

  it("sends neither intents nor holds to a Kuma global", async () => {
    const global = await fakeGlobal();
    const zone = await join(global);
    global.send(
      "ZoneToGlobalSync",
      encodeDeltaRequest({ node: { id: "east" }, typeUrl: "Dataplane", subscribe: ["*"] }),
    );
    global.send("GlobalToZoneSync", response("Config", "1"));
    await eventually(() => zone.client.isConnected && zone.client.status()?.sender?.types.has("Dataplane"));
    const status = zone.client.status();
    expect(status?.peer.isIsthmus).toBe(false);
    expect(status?.receiver?.takesHolds).toBe(false);
    expect(status?.sender?.takesIntents).toBe(false);
  });
});

describe("failures", () => {
  it.each([
    ["GlobalToZoneSync", GrpcCode.OK],
    ["GlobalToZoneSync", GrpcCode.INTERNAL],
    ["ZoneToGlobalSync", GrpcCode.OK],
    ["ZoneToGlobalSync", GrpcCode.CANCELLED],
    ["StreamStats", GrpcCode.OK],
    ["StreamClusters", GrpcCode.INTERNAL],
  ] as const)("rebuilds the whole connection when %s ends with %i, never two at a time", async (kind, code) => {
    const global = await fakeGlobal();
    const zone = await join(global);
    global.stream(kind)?.stream.end({ code, details: "because" });
    expect(await failure(zone)).toMatch(new RegExp(`^${kind}: `));
    await eventually(() => global.streams.length === 10);
    expect(global.streams.slice(0, 5).every(({ stream }) => stream.isClosed)).toBe(true);
    expect(global.connectionsMax).toBe(1);
  });

  it("goes on without admin streams and pings that a global does not offer", async () => {
    const onPing = (): Uint8Array => {
      throw new GrpcError(GrpcCode.UNIMPLEMENTED, "no pings here");
    };
    const global = await fakeGlobal({ onPing });
    const zone = await join(global);
    const codes = [GrpcCode.UNIMPLEMENTED, GrpcCode.CANCELLED, GrpcCode.UNIMPLEMENTED];
    ADMIN_STREAMS.forEach((kind, i) => {
      global.stream(kind)?.stream.end({ code: codes[i] ?? GrpcCode.OK, details: "not here" });
    });
    await eventually(() => ofKind(zone, "streamClosed").length === 3 && global.pings.length === 1);
    global.send("GlobalToZoneSync", response("Config", "1"));
    await eventually(() => zone.client.isConnected);
    expect(ofKind(zone, "retrying")).toEqual([]);
  });

  it("starts over when a ping fails otherwise, and pings as often as it is told", async () => {
    let pings = 0;
    const onPing = (): Uint8Array => {
      pings += 1;
      if (pings === 4) throw new GrpcError(GrpcCode.INTERNAL, "no");
      return encodeHealthResponse(20);
    };
    const global = await fakeGlobal({ onPing });
    const zone = await join(global);
    expect(await failure(zone)).toBe("HealthCheck: INTERNAL: no");
    expect(pings).toBeGreaterThanOrEqual(4);
  });

  it("ends the connection on garbage, naming the stream, and connects again", async () => {
    for (const kind of SYNC_STREAMS) {
      const global = await fakeGlobal();
      const zone = await join(global);
      global.send(kind, Buffer.from("ffffffff", "hex"));
      expect(await failure(zone)).toMatch(new RegExp(`^${kind}: INVALID_ARGUMENT: message is no DeltaDiscovery`));
      expect(ofKind(zone, "garbage")).toMatchObject([{ stream: kind }]);
      expect(ofKind(zone, "defect")).toEqual([]);
      await zone.client.stop();
    }
  });

  it("says which limit an oversize response broke", async () => {
    const global = await fakeGlobal();
    const zone = await join(global, { maxMessageBytes: 50_000 });
    global.send("GlobalToZoneSync", Buffer.alloc(50_001));
    expect(await failure(zone)).toMatch(/^GlobalToZoneSync: RESOURCE_EXHAUSTED: .*50001.*50000/);
  });

  it("rejects what is broken by name, stores the rest, and refuses types it did not ask for", async () => {
    const global = await fakeGlobal();
    const zone = await join(global);
    global.send("GlobalToZoneSync", response("Config", "1"));
    await eventually(() => global.requests().length === 46);
    global.send("GlobalToZoneSync", response("Mesh", "2", mesh, Buffer.from("0a02", "hex"), new Uint8Array()));
    global.send("GlobalToZoneSync", response("Dataplane", "3"));
    const nacks = await eventually(() => {
      const answers = global.requests().filter((request) => request.errorDetail !== undefined);
      return answers.length === 2 && answers.toSorted((a, b) => a.responseNonce.localeCompare(b.responseNonce));
    });
    expect(nacks[1]).toMatchObject({ typeUrl: "Dataplane", responseNonce: "3" });
    expect(nacks[0]).toMatchObject({ typeUrl: "Mesh", responseNonce: "2", subscribe: ["*"] });
    expect(nacks[0]?.errorDetail?.message).toMatch(/r1\..*\n.*r2\./);
    expect(zone.store.list("Mesh").map((row) => row.name)).toEqual(["default"]);
    expect(ofKind(zone, "retrying")).toEqual([]);
  });
});

describe("stopping", () => {
  it("does not wait for a server that accepts and never speaks", async () => {
    const sockets: Socket[] = [];
    const silent = createServer((socket) => sockets.push(socket.resume()));
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    rig.onEnd(() => {
      for (const socket of sockets) socket.destroy();
      silent.close();
    });
    const address = silent.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    const zone = await rig.zone("east", `grpcs://127.0.0.1:${address.port}`);
    await eventually(() => sockets.length === 1);
    const startedAt = performance.now();
    await zone.client.stop();
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    await eventually(() => sockets[0]?.readableEnded === true || sockets[0]?.destroyed === true);
    expect(ofKind(zone, "defect")).toEqual([]);
    expect(zone.client.isConnected).toBe(false);
  });

  it("waits for what is being stored, so that the store can be closed next", async () => {
    let release: (() => void) | undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const applied: string[] = [];
    const global = await fakeGlobal();
    const zone = await join(global, {
      openApplier: () => ({
        apply: async ({ type }) => {
          await held;
          applied.push(type);
          return {
            rejected: [],
            held: 0,
            holds: [],
            created: 0,
            updated: 0,
            deleted: 0,
            rewrites: 0,
            durationMs: 0,
          };
        },
        close: () => {},
      }),
    });
    global.send("GlobalToZoneSync", response("Config", "1"));
    await eventually(() => ofKind(zone, "received").length === 1);
    let isStopped = false;
    const stopped = zone.client.stop().then(() => {
      isStopped = true;
    });
    await eventually(() => global.server.connections === 0);
    expect(isStopped).toBe(false);
    release?.();
    await stopped;
    expect(applied).toEqual(["Config"]);
  });
});

describe("admin streams", () => {
  const question = { requestId: "q-1", resourceType: "Dataplane", resourceName: "nope", resourceMesh: "default" };
  const answerOf = (global: FakeGlobal, kind: (typeof ADMIN_STREAMS)[number]): Promise<Buffer> =>
    eventually(() => global.stream(kind)?.received[0]);

  it("answers for a proxy that it does not know as Kuma does", async () => {
    const global = await fakeGlobal();
    await join(global);
    global.send("StreamXDSConfigs", toBinary(XDSConfigRequestSchema, create(XDSConfigRequestSchema, question)));
    global.send("StreamStats", toBinary(StatsRequestSchema, create(StatsRequestSchema, question)));
    global.send("StreamClusters", toBinary(ClustersRequestSchema, create(ClustersRequestSchema, question)));
    const answers = [
      fromBinary(XDSConfigResponseSchema, await answerOf(global, "StreamXDSConfigs")),
      fromBinary(StatsResponseSchema, await answerOf(global, "StreamStats")),
      fromBinary(ClustersResponseSchema, await answerOf(global, "StreamClusters")),
    ];
    const value = 'resource not found: type="Dataplane" name="nope" mesh="default"';
    for (const answer of answers) expect(answer).toMatchObject({ requestId: "q-1", result: { case: "error", value } });
  });

  it("passes questions on, and sends results, errors and nothing as such", async () => {
    const questions: AdminQuestion[] = [];
    const global = await fakeGlobal();
    await join(global, {
      answerAdmin: (asked) => {
        questions.push(asked);
        if (asked.stream === "StreamStats") return Promise.resolve(ok(Buffer.from("stats")));
        if (asked.stream === "StreamClusters") return Promise.resolve(ok(new Uint8Array()));
        return asked.includeEds ? Promise.reject(new Error("gone")) : Promise.resolve(err("asleep"));
      },
    });
    const config = (includeEds: boolean): void =>
      global.send(
        "StreamXDSConfigs",
        toBinary(XDSConfigRequestSchema, create(XDSConfigRequestSchema, { ...question, includeEds })),
      );
    const format = AdminOutputFormat.TEXT;
    const stats = create(StatsRequestSchema, { ...question, format, usedOnly: true });
    global.send("StreamStats", toBinary(StatsRequestSchema, stats));
    const clusters = create(ClustersRequestSchema, { ...question, format: AdminOutputFormat.JSON });
    global.send("StreamClusters", toBinary(ClustersRequestSchema, clusters));
    config(false);
    config(true);
    const told = fromBinary(StatsResponseSchema, await answerOf(global, "StreamStats"));
    expect(told.result.case).toBe("stats");
    expect(Buffer.from(told.result.value ?? "").toString()).toBe("stats");
    const empty = fromBinary(ClustersResponseSchema, await answerOf(global, "StreamClusters"));
    expect(empty).toMatchObject({ requestId: "q-1", result: { case: undefined } });
    const errors = await eventually(() => {
      const received = global.stream("StreamXDSConfigs")?.received ?? [];
      return received.length === 2 && received.map((bytes) => fromBinary(XDSConfigResponseSchema, bytes).result.value);
    });
    expect(errors).toEqual(["asleep", "gone"]);
    const asked = (stream: AdminQuestion["stream"]) => questions.find((one) => one.stream === stream);
    expect(asked("StreamStats")).toMatchObject({ type: "Dataplane", name: "nope", format: "text", usedOnly: true });
    expect(asked("StreamClusters")).toMatchObject({ mesh: "default", format: "json", usedOnly: false });
  });

  it("starts over on garbage there", async () => {
    const global = await fakeGlobal();
    const zone = await join(global);
    global.send("StreamStats", Buffer.from("0aff", "hex"));
    expect(await failure(zone)).toMatch(/^StreamStats: INVALID_ARGUMENT: message is no request: /);
  });
});
