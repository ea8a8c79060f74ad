import { describe, expect, it } from "vitest";
import { ReceiverRig, rejection, upsert } from "../session/testing/receiver-rig.ts";
import { ANSWER_GRACE_MS, receiverRows } from "./receiver-rows.ts";
import type { SyncRow } from "./sync-status.ts";

function rows(rig: ReceiverRig): readonly SyncRow[] {
  return receiverRows(rig.state, { direction: "zone-to-global", now: rig.now });
}

function onlyRow(rig: ReceiverRig): SyncRow {
  const [row] = rows(rig);
  if (row === undefined) throw new Error("no row");
  return row;
}

describe("rows of a receiver", () => {
  it("are one per subscribed or deferred type, in order", () => {
    const rig = new ReceiverRig();
    rig.step({ kind: "opened", types: ["Mesh", "Config", "Dataplane"], firstType: "Config" });
    rig.now += 500;
    expect(rows(rig).map((row) => [row.type, row.state, row.oldestUnackedSeconds])).toEqual([
      ["Config", "pending", 0.5],
      ["Dataplane", "pending", 0.5],
      ["Mesh", "pending", 0.5],
    ]);
  });

  it("take silence for an empty list after a while", () => {
    const rig = new ReceiverRig();
    rig.open("T");
    rig.now += ANSWER_GRACE_MS;
    expect(onlyRow(rig)).toMatchObject({ state: "synced", responses: 0, oldestUnackedSeconds: 0 });
  });

  it("are pending while a batch is being stored, queued ones included, then synced", () => {
    const rig = new ReceiverRig();
    rig.open("T");
    rig.respond("1", { upserts: [upsert("a"), upsert("b")] });
    rig.respond("2", { removed: ["a."] });
    rig.now += 250;
    expect(onlyRow(rig)).toMatchObject({ state: "pending", oldestUnackedSeconds: 0.25, pendingResources: 3 });
    rig.applied("1");
    expect(onlyRow(rig)).toMatchObject({ state: "pending", pendingResources: 1, oldestUnackedSeconds: 0 });
    rig.applied("2");
    expect(onlyRow(rig)).toMatchObject({
      zone: "east",
      side: "receiver",
      direction: "zone-to-global",
      state: "synced",
      responses: 2,
      acks: 2,
      bytes: 20,
      pendingResources: 0,
      lastChangeAt: 1_000_000,
      lastAckAt: 1_000_250,
    });
  });

  it("name what was rejected, since when, until the source says something else", () => {
    const rig = new ReceiverRig();
    rig.open("T");
    rig.respond("1", { upserts: [upsert("a")], invalid: [rejection("bad")] });
    rig.applied("1");
    rig.now += 3_000;
    expect(onlyRow(rig)).toMatchObject({
      state: "rejected",
      nacks: 1,
      oldestUnackedSeconds: 3,
      pendingResources: 1,
      rejected: [{ wireName: "bad.", reason: "spec: no", since: 1_000_000, isCertain: true }],
    });
    rig.respond("2", { upserts: [upsert("bad", "2")] });
    rig.applied("2");
    expect(onlyRow(rig)).toMatchObject({ state: "synced", rejected: [] });
  });

  it("count open holds with their age", () => {
    const rig = new ReceiverRig();
    rig.open("T");
    rig.respond("1");
    rig.applied("1", { held: 5, holds: ["east/T/global"] });
    rig.now += 60_000;
    expect(onlyRow(rig)).toMatchObject({ state: "held", held: 1, oldestUnackedSeconds: 60 });
    rig.step({ kind: "held", type: "T", holds: [] });
    expect(onlyRow(rig)).toMatchObject({ state: "synced", held: 0, oldestUnackedSeconds: 0 });
  });
});
