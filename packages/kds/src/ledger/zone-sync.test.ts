import { describe, expect, it } from "vitest";
import type { SyncRow, SyncState } from "./sync-status.ts";
import { isInSync, offlineZone, onlineZone, worstOf } from "./zone-sync.ts";

function row(type: string, state: SyncState, oldestUnackedSeconds = 0): SyncRow {
  return {
    zone: "east",
    direction: "global-to-zone",
    side: "sender",
    type,
    state,
    head: 1,
    sent: 1,
    acknowledged: 1,
    oldestUnackedSeconds,
    pendingResources: 0,
    resources: 1,
    responses: 1,
    acks: 1,
    nacks: 0,
    bytes: 1,
    held: 0,
    rejected: [],
  };
}

const online = (...rows: readonly SyncRow[]) => onlineZone("east", { connectedAt: 1, isIsthmus: true }, rows);

describe("the worst row", () => {
  it("is none when all types are synced or not taken by the peer", () => {
    expect(worstOf([])).toEqual({ state: "synced", oldestUnackedSeconds: 0 });
    expect(worstOf([row("A", "synced"), row("B", "unsubscribed")])).toEqual({
      state: "synced",
      oldestUnackedSeconds: 0,
    });
  });

  it("is the one with the oldest change, whatever its state", () => {
    const rows = [row("A", "rejected", 5), row("B", "pending", 60), row("C", "held", 7), row("D", "synced")];
    expect(worstOf(rows)).toEqual({
      state: "pending",
      type: "B",
      direction: "global-to-zone",
      oldestUnackedSeconds: 60,
    });
  });

  it("is the severest of equal age", () => {
    const states = ["synced", "held", "oversize", "pending", "rejected"] as const;
    expect(worstOf(states.map((state) => row(state, state))).state).toBe("oversize");
  });
});

describe("isInSync", () => {
  it.each<[string, readonly SyncRow[], number, boolean]>([
    ["everything stored", [row("A", "synced"), row("B", "unsubscribed")], 0, true],
    ["a change that was made right now", [row("A", "pending", 0)], 0, false],
    ["a change younger than the limit", [row("A", "pending", 4.9)], 5, true],
    ["a change as old as the limit", [row("A", "pending", 5)], 5, false],
    ["a rejection", [row("A", "rejected", 90)], 60, false],
    ["a hold", [row("A", "held", 90)], 60, false],
    ["a type that does not fit", [row("A", "oversize", 90)], 60, false],
  ])("%s", (_, rows, maxAgeSeconds, expected) => {
    expect(isInSync({ zones: [online(row("Z", "synced")), online(...rows)] }, { maxAgeSeconds })).toBe(expected);
  });

  it("an absent zone is not in sync, and is as old as its absence", () => {
    const zone = offlineZone("west", 40_000, 100_000);
    expect(zone.worst).toEqual({ state: "pending", oldestUnackedSeconds: 60 });
    expect(isInSync({ zones: [online(), zone] }, { maxAgeSeconds: 3_600 })).toBe(false);
    expect(offlineZone("west", undefined, 100_000).worst.oldestUnackedSeconds).toBe(0);
  });
});
