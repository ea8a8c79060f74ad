import type { Hold, SyncRow, SyncStatus, SyncZone } from "@isthmus/api";
import { describe, expect, it } from "vitest";
import { ExitCode } from "../exit-code.ts";
import { run } from "../testing/test-terminal.ts";
import { formatHolds, formatStatus, isConverged } from "./sync.ts";

const hold: Hold = {
  id: "east/MeshService/global",
  reason: "the first response would delete 8 of 10",
  since: Date.UTC(2026, 0, 1),
  keys: ["default/web"],
  wouldDelete: 8,
  of: 10,
  state: "held",
};

const row = (state: SyncRow["state"], more: Partial<SyncRow> = {}): SyncRow => ({
  zone: "east",
  direction: "global-to-zone",
  side: "sender",
  type: "Mesh",
  state,
  head: 7,
  sent: 7,
  acknowledged: 7,
  oldestUnackedSeconds: 0,
  pendingResources: 0,
  resources: 1,
  responses: 1,
  acks: 1,
  nacks: 0,
  bytes: 100,
  held: 0,
  rejected: [],
  ...more,
});

const zone = (...rows: readonly SyncRow[]): SyncZone => ({
  zone: "east",
  online: true,
  isIsthmus: true,
  worst: { state: "synced", oldestUnackedSeconds: 0 },
  rows,
});

const status = (...zones: readonly SyncZone[]): SyncStatus => ({
  role: "global",
  name: "global",
  historyId: "1",
  revision: 7,
  zones,
  holds: [],
});

it("shows holds with the time they began", () => {
  expect(formatHolds([hold])).toBe(
    [
      "HOLD                      STATE   WOULD DELETE   SINCE                      REASON",
      "east/MeshService/global   held    8 of 10        2026-01-01T00:00:00.000Z   the first response would delete 8 of 10",
    ].join("\n"),
  );
  expect(formatHolds([])).toBe("nothing is held");
});

it("shows a zone in a line, with the holds below", () => {
  const behind = zone(row("synced"), row("pending", { type: "MeshTimeout", held: 2 }));
  const worst = { state: "pending", type: "MeshTimeout", oldestUnackedSeconds: 61 } as const;
  const text = formatStatus({ ...status({ ...behind, worst }), holds: [hold] }, false);
  expect(text.split("\n").slice(0, 2)).toEqual([
    "ZONE   ONLINE   STATE     WORST TYPE    AGE   TYPES SYNCED   HELD",
    "east   yes      pending   MeshTimeout   1m    1/2            2",
  ]);
  expect(text).toContain("east/MeshService/global");
  expect(formatStatus(status(), false)).toBe("no zone has connected yet");
});

it("shows a line per type", () => {
  const text = formatStatus(status(zone(row("rejected", { oldestUnackedSeconds: 3, nacks: 1 }))), true);
  expect(text.split("\n")[1]).toBe("east   global-to-zone   Mesh   rejected   3s    1           0         1      1");
});

describe("what time can still change is not converged", () => {
  it.each([
    ["synced", true],
    ["rejected", true],
    ["held", true],
    ["oversize", true],
    ["pending", false],
    ["unsubscribed", true],
  ] as const)("%s: %s", (state, expected) => {
    expect(isConverged(status(zone(row("synced"), row(state))))).toBe(expected);
  });
});

it.each([["status"], ["holds"]])("sync %s refuses an unknown form of output", async (command) => {
  const { code, stderr } = await run(["sync", command, "-o", "xml"]);
  expect(code).toBe(ExitCode.usage);
  expect(stderr).toContain("Allowed choices are table, json");
});
