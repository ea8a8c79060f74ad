import { describe, expect, it } from "vitest";
import { toOthers } from "../mapping/audience.ts";
import { lowestCursor, POLLS_PER_WINDOW_MAX, TYPES_MAX } from "./sender.ts";
import { SenderRig, said, sends } from "./testing/sender-rig.ts";

function connected(...names: readonly string[]): SenderRig {
  const rig = new SenderRig();
  for (const name of names) rig.commit({ name, content: "1" });
  rig.subscribe();
  rig.ack("1");
  return rig;
}

describe("S1: the first request of a type is answered", () => {
  it("with the whole list", () => {
    const rig = new SenderRig();
    rig.commit({ name: "a", content: "1" }, { name: "b", content: "1" });
    const [send] = sends(rig.subscribe());
    expect(said(send)).toBe("+a.=1 +b.=1");
    expect(send).toMatchObject({ initial: true, nonce: "1", bytes: 200 });
  });

  it("also when there is nothing, with names left out for everything, or with a nonce from another life", () => {
    const rig = new SenderRig();
    expect(sends(rig.subscribe("T"))).toMatchObject([{ type: "T", upserts: [], removals: [] }]);
    expect(sends(rig.request({ type: "U", nonce: "77" }))).toHaveLength(1);
  });

  it("once and empty for a type nobody knows, which then stays silent", () => {
    const rig = new SenderRig();
    const effects = rig.subscribe("NoSuchType");
    expect(sends(effects)).toMatchObject([{ type: "NoSuchType", upserts: [] }]);
    expect(effects).toContainEqual({ kind: "note", note: "unknownType", type: "NoSuchType" });
    expect(sends(rig.ack("1", "NoSuchType"))).toEqual([]);
  });
});

describe("S2: one response in flight per type", () => {
  it("changes wait for the ACK, other types do not", () => {
    const rig = new SenderRig();
    rig.subscribe("T");
    rig.subscribe("U");
    rig.ack("2", "U");
    expect(sends(rig.commit({ name: "a", content: "1" }))).toEqual([]);
    expect(sends(rig.commit({ type: "U", name: "u", content: "1" })).map(said)).toEqual(["+u.=1"]);
    expect(sends(rig.ack("1")).map(said)).toEqual(["+a.=1"]);
  });

  it("a request without nonce is answered at once, even empty; one ACK then confirms both", () => {
    const rig = connected("a");
    rig.commit({ name: "b", content: "1" });
    const [second] = sends(rig.request({}));
    expect(said(second)).toBe("");
    expect(second?.nonce).toBe("3");
    expect(rig.type().flight?.upserts.toMap()).toEqual(new Map([["b.", "1"]]));
    expect(rig.ack("2")).toEqual([{ kind: "note", note: "staleNonce", type: "T", nonce: "2" }]);
    rig.ack("3");
    expect(rig.type().acked?.revision).toBe(rig.outbox.revision);
  });
});

describe("S3: a response is the difference", () => {
  it("upserts and removals since the cursor, nothing else", () => {
    const rig = connected("a", "b", "c");
    const effects = rig.commit(
      { name: "a", content: "2" },
      { name: "b", content: undefined },
      { name: "d", content: "1" },
    );
    expect(sends(effects).map(said)).toEqual(["+a.=2 +d.=1 -b."]);
  });

  it("nothing for what does not concern the peer, and the ledger follows", () => {
    const rig = connected("a");
    expect(rig.commit({ name: "own", content: "1", audience: toOthers("east", 0) })).toEqual([]);
    expect(rig.type()).toMatchObject({ phase: "idle", cursor: rig.outbox.end("T"), acked: rig.outbox.end("T") });
  });

  it("nothing for a resource that came and went between two responses", () => {
    const rig = connected("a");
    rig.commit({ name: "a", content: "2" });
    rig.commit({ name: "x", content: "1" });
    rig.commit({ name: "x", content: undefined });
    expect(sends(rig.ack("2"))).toEqual([]);
    expect(rig.type().phase).toBe("idle");
  });

  it("a removal when the audience shrinks, the resource again when it grows", () => {
    const rig = connected("a");
    expect(sends(rig.commit({ name: "a", content: "1", audience: toOthers("east", 0) })).map(said)).toEqual(["-a."]);
    rig.ack("2");
    expect(sends(rig.commit({ name: "a", content: "1" })).map(said)).toEqual(["+a.=1"]);
  });
});

describe("S4: changes during a flight coalesce and are never lost", () => {
  it("the latest state per key goes out with the ACK", () => {
    const rig = connected("a");
    rig.commit({ name: "a", content: "2" });
    for (const content of ["3", "4", "5"]) rig.commit({ name: "a", content });
    rig.commit({ name: "b", content: "1" });
    expect(sends(rig.ack("2")).map(said)).toEqual(["+a.=5 +b.=1"]);
    expect(sends(rig.ack("3"))).toEqual([]);
  });
});

describe("S5: stored means acknowledged", () => {
  it("acked follows the flight's nonce only", () => {
    const rig = connected("a");
    const before = rig.type().acked;
    rig.commit({ name: "a", content: "2" });
    expect(rig.type().acked).toEqual(before);
    rig.ack("1");
    expect(rig.type().acked).toEqual(before);
    rig.ack("2");
    expect(rig.type().acked?.revision).toBe(rig.outbox.revision);
  });

  it("an ACK reports how long the oldest change took", () => {
    const rig = connected("a");
    rig.commit({ name: "a", content: "2" });
    rig.now += 40;
    const note = { kind: "note", note: "acked", type: "T", nonce: "2", changeToStoredMs: 40 };
    expect(rig.ack("2")).toEqual([note]);
  });
});

describe("S6: a NACK", () => {
  it("is recorded, and not retried until the content changes", () => {
    const rig = connected("a");
    rig.commit({ name: "bad", content: "1" });
    expect(sends(rig.nack("2", "spec: no"))).toEqual([]);
    expect(rig.type()).toMatchObject({ nacks: 1, lastNack: { at: rig.now, message: "spec: no" } });
    expect(rig.type().rejected.get("bad.")).toMatchObject({ version: "1", message: "spec: no", isCertain: true });
    expect(sends(rig.commit({ name: "good", content: "1" })).map(said)).toEqual(["+good.=1"]);
    rig.ack("3");
    expect(rig.type().rejected.size).toBe(1);
    expect(sends(rig.commit({ name: "bad", content: "2" })).map(said)).toEqual(["+bad.=2"]);
    rig.ack("4");
    expect(rig.type().rejected.size).toBe(0);
  });

  it("of which each line names a resource makes only those rejected", () => {
    const rig = connected();
    rig.commit({ name: "a", content: "1" }, { name: "b", content: "1" }, { name: "c", content: "1" });
    rig.nack("2", "a.: spec: no\nb.: spec: no either");
    expect([...rig.type().rejected.keys()]).toEqual(["a.", "b."]);
  });

  it("of Kuma's conflict form names the resource too; a text without a name makes all suspect", () => {
    const rig = connected();
    rig.commit({ name: "dup", content: "1" }, { name: "other", content: "1" });
    rig.nack("2", 'user error\nresource already exists: type="T" name="dup" mesh=""');
    expect([...rig.type().rejected]).toMatchObject([["dup.", { isCertain: true }]]);
    rig.commit({ name: "dup", content: "2" }, { name: "other", content: "2" });
    rig.nack("3", "spec.to: no");
    expect([...rig.type().rejected].map(([name, r]) => [name, r.isCertain])).toEqual([
      ["dup.", false],
      ["other.", false],
    ]);
  });

  it("of an empty response rejects the type until the next ACK", () => {
    const rig = new SenderRig();
    rig.subscribe();
    rig.nack("1", "T is not welcome");
    expect([...rig.type().rejected.keys()]).toEqual([""]);
    rig.commit({ name: "a", content: "1" });
    rig.ack("2");
    expect(rig.type().rejected.size).toBe(0);
  });
});

describe("S7: nonces that answer nothing", () => {
  it("a stale one changes nothing", () => {
    const rig = connected("a");
    rig.commit({ name: "a", content: "2" });
    const flight = rig.type().flight;
    rig.ack("1");
    rig.nack("1", "late");
    expect(rig.type()).toMatchObject({ flight, nacks: 0, acks: 1 });
  });

  it.each(["made-up", "99", "0", "-1", "1e1", "9999999999999999999"])(
    "an invented one (%s) releases the flight",
    (nonce) => {
      const rig = connected("a");
      rig.commit({ name: "a", content: "2" });
      rig.commit({ name: "b", content: "1" });
      const acked = rig.type().acked;
      expect(sends(rig.ack(nonce)).map(said)).toEqual(["+b.=1"]);
      expect(rig.type()).toMatchObject({ acked, unconfirmedSince: rig.now });
      rig.ack("3");
      expect(rig.type()).toMatchObject({ acked: rig.outbox.end("T"), unconfirmedSince: undefined });
    },
  );
});

it("S8: nonces count over all types of the stream", () => {
  const rig = new SenderRig();
  const nonces = [...sends(rig.subscribe("U")), ...sends(rig.subscribe("T"))].map((send) => send.nonce);
  rig.ack("2");
  expect([...nonces, ...sends(rig.commit({ name: "a", content: "1" })).map((send) => send.nonce)]).toEqual([
    "1",
    "2",
    "3",
  ]);
});

describe("S9: initial_resource_versions", () => {
  it("only differences and removals of superfluous names, then increments", () => {
    const rig = new SenderRig();
    rig.commit({ name: "same", content: "1" }, { name: "stale", content: "2" }, { name: "new", content: "1" });
    const initialVersions = new Map([
      ["same.", "1"],
      ["stale.", "1"],
      ["gone.", "1"],
    ]);
    const [send] = sends(rig.request({ subscribe: ["*"], initialVersions }));
    expect(said(send)).toBe("+stale.=2 +new.=1 -gone.");
    rig.ack("1");
    expect(sends(rig.commit({ name: "same", content: "2" })).map(said)).toEqual(["+same.=2"]);
  });

  it("everything known: one empty response", () => {
    const rig = new SenderRig();
    rig.commit({ name: "a", content: "1" });
    expect(sends(rig.request({ subscribe: ["*"], initialVersions: new Map([["a.", "1"]]) })).map(said)).toEqual([""]);
  });
});

describe("S10: a list above the message limit", () => {
  it("is not sent, is named, stops no other type and goes out once it fits", () => {
    const rig = new SenderRig({ maxMessageBytes: 4_096 + 250 });
    for (const name of ["a", "b", "c"]) rig.commit({ name, content: "1" });
    rig.commit({ type: "U", name: "u", content: "1" });
    expect(rig.subscribe("T")).toEqual([{ kind: "note", note: "oversize", type: "T", bytes: 300, limit: 4_346 }]);
    expect(rig.type()).toMatchObject({ phase: "oversize", oversizeBytes: 300, pendingSince: rig.now });
    expect(sends(rig.subscribe("U")).map(said)).toEqual(["+u.=1"]);
    expect(rig.commit({ name: "d", content: "1" })).toEqual([]);
    rig.commit({ name: "d", content: undefined });
    const [send] = sends(rig.commit({ name: "c", content: undefined }));
    expect(said(send)).toBe("+a.=1 +b.=1");
    expect(send?.initial).toBe(true);
  });
});

describe("S11: an increment above the message limit", () => {
  it("is told in parts, in order, also when rows change in between", () => {
    const rig = new SenderRig({ maxMessageBytes: 4_096 + 250 });
    rig.commit({ name: "old", content: "1" });
    rig.subscribe();
    rig.ack("1");
    const many = ["a", "b", "c", "d", "e"].map((name) => ({ name, content: "1" }));
    expect(sends(rig.commit({ name: "old", content: undefined }, ...many)).map(said)).toEqual(["+a.=1 +b.=1 -old."]);
    expect(rig.type().acked?.revision).toBeLessThan(rig.outbox.revision);
    rig.commit({ name: "a", content: undefined }, { name: "c", content: "2" });
    expect(sends(rig.ack("2")).map(said)).toEqual(["+d.=1 +e.=1 -a."]);
    expect(sends(rig.ack("3")).map(said)).toEqual(["+c.=2"]);
    expect(sends(rig.ack("4"))).toEqual([]);
    expect(rig.type()).toMatchObject({ phase: "idle", acked: { revision: rig.outbox.revision } });
  });
});

describe("S12: a blocked stream", () => {
  it("gets nothing until it drains, then the latest state at once", () => {
    const rig = connected("a");
    rig.step({ kind: "blocked" });
    for (const content of ["2", "3"]) expect(rig.commit({ name: "a", content })).toEqual([]);
    expect(rig.subscribe("U")).toEqual([]);
    expect(rig.type()).toMatchObject({ phase: "waiting", pendingSince: rig.now });
    const effects = rig.step({ kind: "drained" });
    expect(sends(effects).map((send) => [send.type, said(send)])).toEqual([
      ["T", "+a.=3"],
      ["U", ""],
    ]);
  });

  it("an answer owed over a flight is given when it drains", () => {
    const rig = connected("a");
    rig.commit({ name: "a", content: "2" });
    rig.step({ kind: "blocked" });
    expect(rig.request({})).toEqual([]);
    expect(sends(rig.step({ kind: "drained" })).map(said)).toEqual([""]);
  });
});

describe("S13: hostile requests end the stream with a reason and nothing else", () => {
  const names = Array.from({ length: 10_001 }, (_, i) => `n${i}`);
  it.each([
    ["no type", { type: "" }, "request without type_url"],
    ["a huge type", { type: "x".repeat(254) }, "type_url longer than 253 characters"],
    ["too many names", { subscribe: names }, "more than 10000 resource names in a request for T"],
    ["a huge name", { unsubscribe: ["x".repeat(513)] }, "resource name longer than 512 characters in a request for T"],
    ["a huge hold", { held: ["x".repeat(1_025)] }, "id of a hold longer than 1024 characters in a request for T"],
    ["too many holds", { held: names.slice(0, 1_001) }, "more than 1000 holds reported for T"],
  ])("%s", (_, request, message) => {
    const rig = new SenderRig();
    expect(rig.request(request)).toEqual([{ kind: "endStream", code: "INVALID_ARGUMENT", message }]);
    expect(rig.state.isClosed).toBe(true);
    expect(rig.subscribe()).toEqual([]);
  });

  it("a flood of types", () => {
    const rig = new SenderRig();
    for (let i = 0; i < TYPES_MAX; i += 1) expect(sends(rig.subscribe(`made-up-${i}`))).toHaveLength(1);
    expect(rig.subscribe("one more")).toMatchObject([{ kind: "endStream", code: "INVALID_ARGUMENT" }]);
    expect(rig.state.types.size).toBe(TYPES_MAX);
  });

  it("a flood of requests without nonce, but not the same number over a longer time", () => {
    const rig = new SenderRig();
    for (let i = 0; i < POLLS_PER_WINDOW_MAX; i += 1) rig.subscribe();
    expect(rig.state.isClosed).toBe(false);
    rig.now += 10_000;
    for (let i = 0; i < POLLS_PER_WINDOW_MAX; i += 1) rig.subscribe();
    expect(rig.subscribe()).toMatchObject([{ kind: "endStream", code: "RESOURCE_EXHAUSTED" }]);
  });

  it("of a huge NACK only the beginning is kept, and what it may have been about stays suspect", () => {
    const rig = connected();
    rig.commit({ name: "a", content: "1" }, { name: "b", content: "1" }, { name: "c", content: "1" });
    rig.nack("2", `a.: no\n${"x".repeat(1_000_000)}`);
    expect(rig.type().lastNack?.message.length).toBeLessThan(66_000);
    expect(rig.type().rejected.get("a.")).toMatchObject({ message: "a.: no", isCertain: true });
    expect(rig.type().rejected.get("b.")).toMatchObject({ isCertain: false });
    rig.nack("99", "x".repeat(1_000_000));
    expect(rig.type().lastNack?.message.length).toBeLessThan(66_000);
  });

  it("features of the first request count, later ones and their absence do not", () => {
    const rig = new SenderRig();
    rig.request({ features: 2 });
    rig.request({ type: "U", features: 31 });
    expect(rig.state.features).toBe(2);
    const silent = new SenderRig();
    silent.request({});
    silent.request({ type: "U", features: 2 });
    expect(silent.state.features).toBe(31);
  });
});

it("S14: intents go to peers that take them only", () => {
  for (const takesIntents of [true, false]) {
    const rig = new SenderRig({ takesIntents });
    rig.commit({ name: "a", content: "1" }, { name: "b", content: "1" });
    rig.subscribe();
    rig.ack("1");
    const intent = "zone/west";
    const [send] = sends(
      rig.commit({ name: "a", content: undefined, intent }, { name: "b", content: undefined, intent }),
    );
    expect(send?.intents).toEqual(takesIntents ? ["zone/west"] : []);
  }
});

describe("S17: what is not stored, since when", () => {
  it("counts from the oldest change that is in no acknowledged response", () => {
    const rig = connected("a");
    const start = rig.now;
    rig.commit({ name: "a", content: "2" });
    rig.now += 1_000;
    rig.commit({ name: "own", content: "1", audience: toOthers("east", 0) });
    expect(rig.type().pendingSince).toBeUndefined();
    rig.now += 1_000;
    rig.commit({ name: "b", content: "1" });
    rig.now += 1_000;
    rig.commit({ name: "b", content: "2" });
    expect(rig.type()).toMatchObject({ flight: { oldestChangeAt: start }, pendingSince: start + 2_000 });
    rig.ack("2");
    expect(rig.type()).toMatchObject({ flight: { oldestChangeAt: start + 2_000 }, pendingSince: undefined });
  });

  it("a first list counts from the subscription on", () => {
    const rig = new SenderRig();
    rig.commit({ name: "a", content: "1" });
    rig.now += 5_000;
    rig.subscribe();
    expect(rig.type().flight?.oldestChangeAt).toBe(rig.now);
  });
});

describe("named subscriptions", () => {
  it("get those names only; names come and go; the wildcard starts over", () => {
    const rig = new SenderRig();
    for (const name of ["a", "b", "c"]) rig.commit({ name, content: "1" });
    expect(sends(rig.request({ subscribe: ["a.", "missing."] })).map(said)).toEqual(["+a.=1"]);
    rig.ack("1");
    expect(sends(rig.commit({ name: "b", content: "2" }))).toEqual([]);
    expect(sends(rig.commit({ name: "a", content: undefined })).map(said)).toEqual(["-a."]);
    expect(sends(rig.request({ nonce: "2", subscribe: ["b."] })).map(said)).toEqual(["+b.=2"]);
    rig.request({ nonce: "3", unsubscribe: ["b."] });
    expect(sends(rig.commit({ name: "b", content: "3" }))).toEqual([]);
    expect(sends(rig.request({ nonce: "3", subscribe: ["*"] })).map(said)).toEqual(["+b.=3 +c.=1"]);
  });

  it("a wildcard that is unsubscribed is silent", () => {
    const rig = connected("a");
    rig.request({ nonce: "1", unsubscribe: ["*"] });
    expect(sends(rig.commit({ name: "a", content: "2" }))).toEqual([]);
  });
});

describe("cursors", () => {
  it("say how long the outbox must remember", () => {
    const rig = connected("a");
    expect(lowestCursor(rig.state, "T")).toBe(1);
    expect(lowestCursor(rig.state, "U")).toBe(Number.POSITIVE_INFINITY);
    rig.commit({ name: "a", content: "2" });
    expect(lowestCursor(rig.state, "T")).toBe(2);
    rig.step({ kind: "closed" });
    expect(lowestCursor(rig.state, "T")).toBe(Number.POSITIVE_INFINITY);
  });
});
