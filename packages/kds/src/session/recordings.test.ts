/** Both sessions against transcripts of real Kuma 2.14.3 peers: up to nonces and versions we say what they said. */
import { decodeDeltaRequest } from "@isthmus/proto";
import { beforeAll, describe, expect, it } from "vitest";
import { NODE_FEATURES } from "../mapping/features.ts";
import type { SenderRole } from "../mapping/mapper.ts";
import { registry } from "../testing/make-resource.ts";
import { nodeMetadata } from "../wire/node.ts";
import { encodeAck, encodeNack, encodeSubscribe } from "../wire/request.ts";
import { readResponse } from "../wire/response.ts";
import type { Rejection } from "./received-resource.ts";
import { createReceiver, type ReceiverEffect, type ReceiverEvent, stepReceiver } from "./receiver.ts";
import { NOTHING_REJECTED } from "./testing/receiver-rig.ts";
import { bytesOf, type RecordedLine, type Rpc, readRecording } from "./testing/recording.ts";
import { SenderReplay } from "./testing/sender-replay.ts";

const GLOBAL: SenderRole = { kind: "global" };
const METADATA = nodeMetadata({
  zone: "rec-1",
  instanceId: "rec-1-cp-50c2",
  version: { version: "2.14.3", gitTag: "v2.14.3", gitCommit: "unknown", buildDate: "unknown" },
  config: '{"mode":"zone","store":{"type":"memory"}}',
});

describe("our sender", () => {
  it.each<[string, Rpc, SenderRole, number]>([
    ["connect-fresh", "GlobalToZoneSync", GLOBAL, 45],
    ["policy-lifecycle", "GlobalToZoneSync", GLOBAL, 6],
    ["ack-and-nonce", "GlobalToZoneSync", GLOBAL, 4],
    ["nack", "GlobalToZoneSync", GLOBAL, 4],
    ["reconnect-versions", "GlobalToZoneSync", GLOBAL, 18],
    ["services.zone-b", "GlobalToZoneSync", GLOBAL, 20],
  ])("says what was recorded, to the last byte: %s", async (recording, rpc, role, responses) => {
    const replay = new SenderReplay(readRecording(recording), rpc, role, { withVersions: true });
    expect(await replay.run()).toBe(responses);
  });

  it("says what was recorded: services.zone-a", async () => {
    const role: SenderRole = { kind: "zone", zone: "zone-a" };
    const replay = new SenderReplay(readRecording("services.zone-a"), "ZoneToGlobalSync", role, {
      withVersions: false,
    });
    // Kuma wrote `identities: null`, then left it out: one response more than ours, and another version.
    expect(await replay.run()).toBe(21);
  });
});

interface Answer {
  readonly type: string;
  readonly nonce: string;
  readonly error: string | undefined;
  readonly bytes: Uint8Array;
}

/** Our receiver in the place of the recorded one of the first connection; every batch is stored but for `conflicts`. */
class ReceiverReplay {
  readonly answers: Answer[] = [];
  readonly subscribed: string[] = [];
  readonly expected: Answer[] = [];
  readonly expectedSubscriptions: string[] = [];
  readonly #zone: string;
  readonly #conflicts: readonly Rejection[];
  #now = 0;

  constructor(lines: readonly RecordedLine[], rpc: Rpc, zone: string, conflicts: readonly Rejection[] = []) {
    this.#zone = zone;
    this.#conflicts = conflicts;
    const session = createReceiver({ zone, takesHolds: false, openedAt: 0 });
    const step = (event: ReceiverEvent): void => {
      for (const effect of stepReceiver(session, event, { now: this.#now })) this.#on(effect, step);
    };
    const messages = lines.filter((line) => "rpc" in line).filter((line) => line.rpc === rpc);
    const requests = messages.filter((line) => "request" in line);
    for (const { request, raw = "" } of requests) {
      const { type, nonce = "", error } = request;
      if (nonce === "") this.expectedSubscriptions.push(type);
      else this.expected.push({ type, nonce, error, bytes: bytesOf(raw) });
    }
    step({ kind: "opened", types: this.expectedSubscriptions });
    const mode = rpc === "GlobalToZoneSync" ? "zone" : "global";
    for (const line of messages) {
      if (!("response" in line)) continue;
      const read = readResponse(bytesOf(line.raw), { registry, mode });
      if (!read.ok) throw new Error(read.error);
      step({ kind: "response", ...read.value });
    }
  }

  #on(effect: ReceiverEffect, step: (event: ReceiverEvent) => void): void {
    switch (effect.kind) {
      case "subscribe":
        this.subscribed.push(effect.type);
        break;
      case "apply": {
        const { type, nonce, upserts } = effect.batch;
        const names = new Set(upserts.map((upsert) => upsert.wireName));
        const rejected = this.#conflicts.filter((conflict) => names.has(conflict.wireName));
        step({ kind: "applied", type, nonce, outcome: { ...NOTHING_REJECTED, rejected } });
        break;
      }
      case "ack":
        this.answers.push({ ...effect, error: undefined, bytes: encodeAck(this.#zone, effect) });
        break;
      case "nack":
        this.answers.push({ ...effect, error: effect.message, bytes: encodeNack(this.#zone, effect) });
        break;
      case "endStream":
        throw new Error(effect.message);
      case "note":
      case "wait":
    }
  }
}

const order = (answers: readonly Answer[]): readonly string[] =>
  answers.map(({ type, nonce, error }) => `${error === undefined ? "ACK" : "NACK"} ${type} ${nonce}`);

describe("our receiver", () => {
  it.each<[string, Rpc, string]>([
    ["connect-fresh", "GlobalToZoneSync", "rec-1"],
    ["connect-fresh", "ZoneToGlobalSync", "rec-1"],
    ["uploads.zone-rec-1", "ZoneToGlobalSync", "rec-1"],
    ["services.zone-a", "ZoneToGlobalSync", "zone-a"],
    ["services.zone-b", "GlobalToZoneSync", "zone-b"],
    ["real-zone-fake-global", "GlobalToZoneSync", "zone-1"],
  ])("answers as was recorded, byte by byte where it acknowledges: %s, %s", (recording, rpc, zone) => {
    const replay = new ReceiverReplay(readRecording(recording), rpc, zone);
    expect([...order(replay.answers)].sort()).toEqual([...order(replay.expected)].sort());
    for (const answer of replay.answers) {
      const recorded = replay.expected.find(({ nonce }) => nonce === answer.nonce);
      if (answer.error === undefined) expect(Buffer.from(answer.bytes)).toEqual(Buffer.from(recorded?.bytes ?? []));
    }
  });

  it("subscribes to what Kuma's zone and global subscribe to", () => {
    const lines = readRecording("connect-fresh");
    const zone = new ReceiverReplay(lines, "GlobalToZoneSync", "rec-1");
    const global = new ReceiverReplay(lines, "ZoneToGlobalSync", "rec-1");
    expect([...zone.expectedSubscriptions].sort()).toEqual(registry.towardsZones().map((type) => type.name));
    expect([...global.expectedSubscriptions].sort()).toEqual(registry.towardsGlobal().map((type) => type.name));
    expect(zone.subscribed).toEqual(zone.expectedSubscriptions);
  });

  it("rejects of a batch what Kuma rejects, with the same reason", () => {
    const replay = new ReceiverReplay(readRecording("real-zone-fake-global"), "GlobalToZoneSync", "zone-1");
    const [ours] = replay.answers.filter((answer) => answer.error !== undefined);
    const [recorded] = replay.expected.filter((answer) => answer.error !== undefined);
    expect(ours?.error).toMatch(/^bad-5xbxf4xdzxz4fxf5\.default: /);
    expect(ours?.error).toContain("spec.to[0].targetRef.kind: ");
    expect(recorded?.error).toContain("spec.to[0].targetRef.kind: ");
  });

  it("tells of a taken name as Kuma does, with the wire name before it", () => {
    const reason = 'resource already exists: type="GlobalSecret" name="dup" mesh=""';
    const conflicts: readonly Rejection[] = [{ wireName: "dup.", kind: "conflict", reason }];
    const replay = new ReceiverReplay(
      readRecording("real-zone-minimal-global"),
      "GlobalToZoneSync",
      "zone-1",
      conflicts,
    );
    expect(order(replay.answers)).toEqual(order(replay.expected));
    expect(replay.answers.at(-1)?.error?.replace("dup.: ", "")).toBe(replay.expected.at(-1)?.error);
  });
});

describe("the first request of a type", () => {
  let recorded: ReadonlyMap<string, Uint8Array>;
  beforeAll(() => {
    const subscriptions = readRecording("connect-fresh").flatMap((line) =>
      "request" in line && line.request.nonce === undefined && line.from === "zone" && line.raw !== undefined
        ? [[line.request.type, bytesOf(line.raw)] as const]
        : [],
    );
    recorded = new Map(subscriptions);
  });

  it("is what a zone of Kuma sends: wildcard, node, metadata; never initial_resource_versions", () => {
    expect(recorded.size).toBe(45);
    for (const [type, bytes] of recorded) {
      const ours = decodeDeltaRequest(encodeSubscribe("rec-1", METADATA, type));
      const theirs = decodeDeltaRequest(bytes);
      if (!ours.ok || !theirs.ok) throw new Error(`${type} cannot be decoded`);
      const { "control-plane-id": _, config: __, ...metadata } = theirs.value.node?.metadata ?? {};
      expect(ours.value.node?.metadata).toMatchObject(metadata);
      expect({ ...ours.value, node: ours.value.node?.id }).toEqual({ ...theirs.value, node: theirs.value.node?.id });
      expect(ours.value).toMatchObject({ subscribe: ["*"], initialVersions: {}, responseNonce: "" });
      expect(ours.value.node?.metadata?.features).toEqual(NODE_FEATURES);
    }
  });
});
