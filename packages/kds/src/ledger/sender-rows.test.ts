/** S17: the ledger of a sender is exact while connected. */
import { describe, expect, it } from "vitest";
import { toOthers } from "../mapping/audience.ts";
import { SenderRig } from "../session/testing/sender-rig.ts";
import { REJECTIONS_SHOWN_MAX, SUBSCRIBE_GRACE_MS, senderRows } from "./sender-rows.ts";
import type { SyncRow } from "./sync-status.ts";

function rowOf(rig: SenderRig, type = "T"): SyncRow {
  const rows = senderRows(rig.state, { outbox: rig.outbox, direction: "global-to-zone", now: rig.now });
  const row = rows.find((candidate) => candidate.type === type);
  if (row === undefined) throw new Error(`no row of ${type}`);
  return row;
}

function connected(): SenderRig {
  const rig = new SenderRig();
  rig.commit({ name: "a", content: "1" }, { name: "b", content: "1" });
  rig.subscribe();
  rig.ack("1");
  return rig;
}

describe("rows of a sender", () => {
  it("are one per provided type in order, whether subscribed or not; unknown types have none", () => {
    const rig = new SenderRig({ types: ["U", "T"] });
    rig.subscribe("T");
    rig.subscribe("NoSuchType");
    const rows = senderRows(rig.state, { outbox: rig.outbox, direction: "zone-to-global", now: rig.now });
    expect(rows.map((row) => [row.type, row.zone, row.direction, row.side])).toEqual([
      ["T", "east", "zone-to-global", "sender"],
      ["U", "east", "zone-to-global", "sender"],
    ]);
  });

  it("are synced when everything is acknowledged", () => {
    const rig = connected();
    rig.now += 5_000;
    expect(rowOf(rig)).toEqual({
      zone: "east",
      direction: "global-to-zone",
      side: "sender",
      type: "T",
      state: "synced",
      head: 1,
      sent: 1,
      acknowledged: 1,
      oldestUnackedSeconds: 0,
      pendingResources: 0,
      resources: 2,
      responses: 1,
      acks: 1,
      nacks: 0,
      bytes: 200,
      held: 0,
      rejected: [],
      lastChangeAt: 1_000_000,
      lastAckAt: 1_000_000,
    });
  });

  it("are pending until the first response is acknowledged, even if it is empty", () => {
    const rig = new SenderRig();
    rig.subscribe();
    rig.now += 2_000;
    expect(rowOf(rig)).toMatchObject({ state: "pending", oldestUnackedSeconds: 2, pendingResources: 0 });
    rig.ack("1");
    expect(rowOf(rig)).toMatchObject({ state: "synced", oldestUnackedSeconds: 0 });
  });

  it("count a type as still to come for a while, then as one that the peer does not take", () => {
    const rig = new SenderRig();
    rig.commit({ name: "a", content: "1" });
    rig.now += SUBSCRIBE_GRACE_MS - 1_000;
    expect(rowOf(rig)).toMatchObject({ state: "pending", oldestUnackedSeconds: 9, pendingResources: 1, resources: 1 });
    rig.now += 1_000;
    expect(rowOf(rig)).toMatchObject({ state: "unsubscribed", oldestUnackedSeconds: 0, pendingResources: 0 });
  });

  it("tell the age of the oldest change of a frozen peer, not of the latest", () => {
    const rig = connected();
    rig.commit({ name: "a", content: "2" });
    rig.now += 30_000;
    rig.commit({ name: "b", content: "2" }, { name: "c", content: "1" });
    rig.now += 30_000;
    expect(rowOf(rig)).toMatchObject({
      state: "pending",
      head: 3,
      sent: 2,
      acknowledged: 1,
      oldestUnackedSeconds: 60,
      pendingResources: 3,
    });
    rig.ack("2");
    expect(rowOf(rig)).toMatchObject({ state: "pending", oldestUnackedSeconds: 30, pendingResources: 2 });
    rig.ack("3");
    expect(rowOf(rig)).toMatchObject({
      state: "synced",
      acknowledged: 3,
      oldestUnackedSeconds: 0,
      pendingResources: 0,
    });
  });

  it("do not age by changes that the peer is not entitled to", () => {
    const rig = connected();
    rig.commit({ name: "mine", content: "1", audience: toOthers("east", 0) });
    rig.now += 60_000;
    expect(rowOf(rig)).toMatchObject({ state: "synced", oldestUnackedSeconds: 0, pendingResources: 0, resources: 2 });
  });

  it("count a resource that the peer may hold by now, though it lost it before the ACK", () => {
    const rig = connected();
    rig.commit({ name: "x", content: "1" });
    rig.commit({ name: "x", content: "1", audience: toOthers("east", 0) });
    expect(rowOf(rig)).toMatchObject({ state: "pending", pendingResources: 1, resources: 2 });
  });

  it("are pending while the stream is blocked", () => {
    const rig = connected();
    rig.step({ kind: "blocked" });
    rig.commit({ name: "a", content: "2" });
    rig.now += 3_000;
    expect(rowOf(rig)).toMatchObject({ state: "pending", oldestUnackedSeconds: 3, pendingResources: 1, sent: 1 });
  });

  it("stay pending after an invented nonce: it proves nothing", () => {
    const rig = connected();
    rig.commit({ name: "a", content: "2" });
    rig.ack("99");
    rig.now += 1_000;
    expect(rowOf(rig)).toMatchObject({
      state: "pending",
      acknowledged: 1,
      oldestUnackedSeconds: 1,
      pendingResources: 1,
    });
  });

  it("list rejections until the content changes and is stored", () => {
    const rig = connected();
    rig.commit({ name: "a", content: "bad" }, { name: "b", content: "2" });
    rig.now += 1_000;
    rig.nack("2", "a.: spec.to: required");
    rig.now += 4_000;
    expect(rowOf(rig)).toMatchObject({
      state: "rejected",
      oldestUnackedSeconds: 5,
      pendingResources: 1,
      nacks: 1,
      rejected: [
        { wireName: "a.", version: "bad", reason: "a.: spec.to: required", since: 1_001_000, isCertain: true },
      ],
      lastNack: { at: 1_001_000, message: "a.: spec.to: required" },
    });
    rig.commit({ name: "a", content: "good" });
    expect(rowOf(rig)).toMatchObject({ state: "pending", pendingResources: 1 });
    rig.ack("3");
    expect(rowOf(rig)).toMatchObject({ state: "synced", oldestUnackedSeconds: 0, pendingResources: 0, rejected: [] });
  });

  it("are pending before rejected, so that nobody stops waiting too early", () => {
    const rig = connected();
    rig.commit({ name: "a", content: "bad" });
    rig.nack("2", "a.: no");
    rig.commit({ name: "b", content: "2" });
    expect(rowOf(rig)).toMatchObject({ state: "pending", pendingResources: 2 });
    rig.ack("3");
    expect(rowOf(rig)).toMatchObject({ state: "rejected", pendingResources: 1 });
  });

  it("list a bounded number of rejections and count all", () => {
    const rig = new SenderRig();
    const names = Array.from({ length: REJECTIONS_SHOWN_MAX + 5 }, (_, i) => `n${i}`);
    rig.commit(...names.map((name) => ({ name, content: "1" })));
    rig.subscribe();
    rig.nack("1", "something is wrong");
    const row = rowOf(rig);
    expect(row.rejected).toHaveLength(REJECTIONS_SHOWN_MAX);
    expect(row.rejected[0]?.isCertain).toBe(false);
    expect(row.pendingResources).toBe(names.length);
  });

  it("are held as long as the peer says so, since the change that it holds", () => {
    const rig = connected();
    rig.commit({ name: "a", content: undefined }, { name: "b", content: undefined });
    rig.now += 1_000;
    rig.request({ nonce: "2", held: ["east/T/global"] });
    rig.now += 9_000;
    expect(rowOf(rig)).toMatchObject({ state: "held", held: 1, oldestUnackedSeconds: 10, acknowledged: 2 });
    rig.request({ nonce: "2", held: [] });
    expect(rowOf(rig)).toMatchObject({ state: "synced", held: 0, oldestUnackedSeconds: 0 });
  });

  it("name a type that does not fit one message", () => {
    const rig = new SenderRig({ maxMessageBytes: 4_096 + 150 });
    rig.commit({ name: "a", content: "1" }, { name: "b", content: "1" });
    rig.subscribe();
    rig.now += 7_000;
    expect(rowOf(rig)).toMatchObject({ state: "oversize", oldestUnackedSeconds: 7, pendingResources: 2, sent: 0 });
  });

  it("count the names of a named subscription alone", () => {
    const rig = new SenderRig();
    rig.commit({ name: "a", content: "1" }, { name: "b", content: "1" });
    rig.request({ subscribe: ["a."] });
    expect(rowOf(rig)).toMatchObject({ state: "pending", pendingResources: 1, resources: 1 });
    rig.ack("1");
    expect(rowOf(rig)).toMatchObject({ state: "synced", pendingResources: 0, resources: 1 });
  });
});
