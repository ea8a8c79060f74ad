import { describe, expect, it } from "vitest";
import { NACK_MAX_LENGTH } from "./nack-message.ts";
import { FIRST_TYPE_WAIT_MS, QUEUED_BYTES_MAX, QUEUED_PER_TYPE_MAX, REFUSED_MAX } from "./receiver.ts";
import { actions, batchOf, ReceiverRig, rejection, upsert } from "./testing/receiver-rig.ts";

const ack = (nonce: string, type = "T") => ({ kind: "ack", type, nonce, held: undefined });

it("R1: an ACK follows the commit", () => {
  const rig = new ReceiverRig();
  rig.open("T");
  expect(rig.respond("1", { upserts: [upsert("a")] })).toEqual([
    {
      kind: "apply",
      batch: { type: "T", nonce: "1", initial: true, upserts: [upsert("a")], removed: [], invalid: [], intents: [] },
    },
  ]);
  expect(actions(rig.applied("1"))).toEqual([ack("1")]);
});

describe("R2: only the first response of a type is the full state", () => {
  it("after an ACK as after a NACK, per type", () => {
    const rig = new ReceiverRig();
    rig.open("T", "U");
    expect(batchOf(rig.respond("1"))?.initial).toBe(true);
    rig.applied("1", { rejected: [rejection("a")] });
    expect(batchOf(rig.respond("2"))?.initial).toBe(false);
    expect(batchOf(rig.respond("3", { type: "U" }))?.initial).toBe(true);
  });

  it("a second one that came before the first was applied is an increment", () => {
    const rig = new ReceiverRig();
    rig.open("T");
    rig.respond("1");
    rig.respond("2");
    expect(batchOf(rig.applied("1"))).toMatchObject({ nonce: "2", initial: false });
  });
});

it("R3: one type in order, types side by side", () => {
  const rig = new ReceiverRig();
  rig.open("T", "U");
  expect(batchOf(rig.respond("1"))?.nonce).toBe("1");
  expect(rig.respond("2")).toEqual([]);
  expect(rig.respond("3")).toEqual([]);
  expect(batchOf(rig.respond("4", { type: "U" }))?.nonce).toBe("4");
  expect(batchOf(rig.applied("1"))?.nonce).toBe("2");
  expect(batchOf(rig.applied("2"))?.nonce).toBe("3");
  expect(rig.type().phase).toBe("applying");
  rig.applied("3");
  expect(rig.type()).toMatchObject({ phase: "idle", received: 3, acks: 3, bytes: 30 });
});

it("R4: each response is answered once; a second result for it is stray", () => {
  const rig = new ReceiverRig();
  rig.open("T");
  rig.respond("1");
  expect(actions(rig.applied("1"))).toEqual([ack("1")]);
  expect(rig.applied("1")).toEqual([{ kind: "note", note: "strayResult", type: "T", nonce: "1" }]);
});

describe("R5: one bad resource rejects itself only", () => {
  it("the batch goes to the applier with the invalid ones named, the NACK holds all lines", () => {
    const rig = new ReceiverRig();
    rig.open("T");
    const invalid = [rejection("bad", "spec: no\nspec: no again")];
    expect(batchOf(rig.respond("1", { upserts: [upsert("good")], invalid }))).toMatchObject({
      upserts: [upsert("good")],
      invalid,
    });
    expect(actions(rig.applied("1", { rejected: [rejection("dup", "taken", "conflict")] }))).toEqual([
      {
        kind: "nack",
        type: "T",
        nonce: "1",
        message: "user error\nbad.: spec: no; spec: no again\ndup.: taken",
        held: undefined,
      },
    ]);
  });

  it("the message stays bounded", () => {
    const rig = new ReceiverRig();
    rig.open("T");
    rig.respond("1", { invalid: Array.from({ length: 1_000 }, (_, i) => rejection(`r${i}`, "x".repeat(5_000))) });
    const [nack] = actions(rig.applied("1"));
    const message = nack?.kind === "nack" ? nack.message : "";
    expect(message.length).toBeLessThanOrEqual(NACK_MAX_LENGTH);
    const lines = message.split("\n");
    expect(lines.at(-1)).toBe(`and ${1_000 - lines.length + 1} more`);
    expect(rig.type().rejected.size).toBe(1_000);
    expect(rig.type().rejected.get("r0.")?.reason.length).toBeLessThan(1_010);
  });
});

describe("R6: a type that was not asked for", () => {
  it("is refused by name and not stored; the stream goes on", () => {
    const rig = new ReceiverRig();
    rig.open("T");
    expect(actions(rig.respond("1", { type: "Mesh", upserts: [upsert("mine")] }))).toEqual([
      {
        kind: "nack",
        type: "Mesh",
        nonce: "1",
        message: 'type "Mesh" was not requested and is not stored',
        held: undefined,
      },
    ]);
    expect(batchOf(rig.respond("2"))?.type).toBe("T");
    expect([...rig.state.types.keys()]).toEqual(["T"]);
  });

  it("again and again ends the stream", () => {
    const rig = new ReceiverRig();
    rig.open("T");
    for (let i = 0; i < REFUSED_MAX; i += 1) rig.respond(`${i}`, { type: `X${i}` });
    expect(rig.respond("n", { type: "X" })).toMatchObject([{ kind: "endStream", code: "INVALID_ARGUMENT" }]);
  });
});

it("R7: a failing store ends the stream at once and nothing is acknowledged", () => {
  const rig = new ReceiverRig();
  rig.open("T");
  rig.respond("1");
  rig.respond("2");
  expect(rig.step({ kind: "storeFailed", type: "T", nonce: "1", reason: "disk full" })).toEqual([
    { kind: "endStream", code: "INTERNAL", message: "could not store T: disk full" },
  ]);
  expect(rig.applied("1")).toEqual([]);
  expect(rig.respond("3")).toEqual([]);
});

describe("R8: Config first", () => {
  const types = ["A", "Config", "B"];
  const subscriptions = (rig: ReceiverRig, ...effects: readonly ReturnType<ReceiverRig["step"]>[]) =>
    effects.flat().flatMap((effect) => (effect.kind === "subscribe" ? [effect.type] : []));

  it("the others when it is applied, whatever became of it", () => {
    const rig = new ReceiverRig();
    const opened = rig.step({ kind: "opened", types, firstType: "Config" });
    expect(opened).toEqual([
      { kind: "subscribe", type: "Config" },
      { kind: "wait", ms: FIRST_TYPE_WAIT_MS },
    ]);
    rig.respond("1", { type: "Config" });
    expect(rig.step({ kind: "waited" })).toEqual([]);
    const effects = rig.applied("1", { rejected: [rejection("x")] }, "Config");
    expect(actions(effects).map((effect) => effect.kind)).toEqual(["nack", "subscribe", "subscribe"]);
    expect(subscriptions(rig, effects)).toEqual(["A", "B"]);
  });

  it("the others after the wait when it is not answered, and not twice", () => {
    const rig = new ReceiverRig();
    rig.step({ kind: "opened", types, firstType: "Config" });
    expect(subscriptions(rig, rig.step({ kind: "waited" }))).toEqual(["A", "B"]);
    rig.respond("1", { type: "Config" });
    expect(subscriptions(rig, rig.applied("1", {}, "Config"), rig.step({ kind: "waited" }))).toEqual([]);
  });

  it("all at once when the first type is not among them", () => {
    const rig = new ReceiverRig();
    expect(subscriptions(rig, rig.step({ kind: "opened", types: ["A"], firstType: "Config" }))).toEqual(["A"]);
  });
});

describe("R9: bounded queues", () => {
  it("in number", () => {
    const rig = new ReceiverRig();
    rig.open("T");
    for (let i = 0; i <= QUEUED_PER_TYPE_MAX; i += 1) expect(actions(rig.respond(`${i}`)).length).toBe(i === 0 ? 1 : 0);
    expect(rig.respond("more")).toMatchObject([{ kind: "endStream", code: "RESOURCE_EXHAUSTED" }]);
  });

  it("in bytes, over all types; what was taken from the queue frees its bytes", () => {
    const rig = new ReceiverRig();
    rig.open("T", "U");
    const bytes = QUEUED_BYTES_MAX / 2;
    for (const type of ["T", "U"]) for (const nonce of ["1", "2"]) rig.respond(`${type}${nonce}`, { type, bytes });
    rig.applied("T1");
    rig.respond("T3", { bytes });
    expect(rig.state.isClosed).toBe(false);
    expect(rig.respond("U3", { type: "U", bytes: 1 })).toMatchObject([{ kind: "endStream" }]);
  });
});

it.each(["subscribed", "applying", "unsubscribed"])("R10: a response without nonce ends the stream (%s)", (phase) => {
  const rig = new ReceiverRig();
  rig.open(...(phase === "unsubscribed" ? ["U"] : ["T"]));
  if (phase === "applying") rig.respond("1");
  expect(rig.respond("")).toEqual([
    { kind: "endStream", code: "INVALID_ARGUMENT", message: "response of type T without a nonce" },
  ]);
});

describe("R11: holds", () => {
  it("are told with each answer and when they change", () => {
    const rig = new ReceiverRig({ takesHolds: true });
    rig.open("T");
    rig.respond("1");
    expect(actions(rig.applied("1", { held: 3, holds: ["h"] }))).toEqual([{ ...ack("1"), held: ["h"] }]);
    expect(rig.step({ kind: "held", type: "T", holds: ["h"] })).toEqual([]);
    expect(rig.step({ kind: "held", type: "T", holds: [] })).toEqual([{ ...ack("1"), held: [] }]);
  });

  it("are not told to peers that do not take them, but shown here", () => {
    const rig = new ReceiverRig();
    rig.open("T");
    rig.respond("1");
    rig.applied("1");
    expect(rig.step({ kind: "held", type: "T", holds: ["h"] })).toEqual([]);
    expect(rig.type().holds).toEqual(["h"]);
  });
});

describe("R13: rejections", () => {
  it("keep their beginning while they last and go when the source says something else", () => {
    const rig = new ReceiverRig();
    rig.open("T");
    const since = rig.now;
    rig.respond("1", { upserts: [upsert("a", "1")], invalid: [rejection("b")] });
    rig.applied("1", { rejected: [rejection("a", "taken", "conflict")] });
    rig.now += 1_000;
    rig.respond("2", { upserts: [upsert("a", "2")] });
    rig.applied("2", { rejected: [rejection("a", "taken", "conflict")] });
    expect([...rig.type().rejected.values()]).toMatchObject([
      { wireName: "b.", version: "", since },
      { wireName: "a.", version: "2", since },
    ]);
    rig.respond("3", { upserts: [upsert("a", "3")], removed: ["b."] });
    rig.applied("3");
    expect(rig.type().rejected.size).toBe(0);
  });
});
