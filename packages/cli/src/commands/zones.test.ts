import type { SyncRow, SyncStatus, SyncZone } from "@isthmus/api";
import type { JsonValue } from "@isthmus/std";
import { FakeClock } from "@isthmus/testkit";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { expectGolden } from "../testing/golden.ts";
import { type RecordedServer, recordedServer, recordings } from "../testing/recorded-server.ts";
import { type Ended, run as runCommand } from "../testing/test-terminal.ts";

const NOW = Date.parse("2026-11-23T23:18:45Z");

let server: RecordedServer;
beforeAll(async () => {
  server = await recordedServer();
});
beforeEach(() => server.answers.clear());
afterAll(() => server.stop());

const run = (...args: readonly string[]): Promise<Ended> =>
  runCommand([...args, "-s", server.url], { clock: new FakeClock(NOW) });

const row = (type: string, more: Partial<SyncRow> = {}): SyncRow => ({
  zone: "east",
  direction: "global-to-zone",
  side: "sender",
  type,
  state: "synced",
  head: 7,
  sent: 7,
  acknowledged: 7,
  oldestUnackedSeconds: 0,
  pendingResources: 0,
  resources: 1,
  responses: 1,
  acks: 1,
  nacks: 0,
  bytes: 10,
  held: 0,
  rejected: [],
  ...more,
});

const zone = (name: string, more: Partial<SyncZone> = {}): SyncZone => ({
  zone: name,
  online: true,
  address: "10.77.1.1:41000",
  isIsthmus: true,
  worst: { state: "synced", oldestUnackedSeconds: 0 },
  rows: [row("Mesh")],
  ...more,
});

/** East cannot store a MeshTimeout and keeps deletions back; west has gone away, and is of a version that does not fit. */
function trouble(): void {
  const ledger: SyncStatus = {
    role: "global",
    name: "global",
    historyId: "h",
    revision: 9,
    zones: [
      zone("east", {
        worst: { state: "rejected", type: "MeshTimeout", oldestUnackedSeconds: 125 },
        rows: [
          row("Mesh"),
          row("MeshTimeout", {
            state: "rejected",
            oldestUnackedSeconds: 125,
            pendingResources: 1,
            nacks: 1,
            lastNack: { at: NOW - 125_000, message: "spec.to: must not be empty" },
            rejected: [
              {
                wireName: "default/slow",
                version: "1",
                reason: "spec.to: must not be empty",
                since: NOW - 125_000,
                isCertain: true,
              },
            ],
          }),
        ],
      }),
      zone("west", { online: false }),
    ],
    holds: [
      {
        id: "east/MeshService/zone",
        reason: "8 of 10 at once",
        since: NOW,
        keys: [],
        wouldDelete: 8,
        of: 10,
        state: "held",
      },
    ],
  };
  server.answers.set("GET /sync", { status: 200, json: ledger as unknown as JsonValue });
  const overviews = structuredClone(recordings("global")["GET /zones/_overview"]?.json) as {
    items: {
      zoneInsight: { subscriptions: { disconnectTime?: string; version: { kumaCp: Record<string, unknown> } }[] };
    }[];
  };
  const last = overviews.items[1]?.zoneInsight.subscriptions.at(-1);
  if (last !== undefined) {
    last.disconnectTime = "2026-11-23T23:17:45Z";
    last.version.kumaCp = { version: "2.4.0" };
  }
  server.answers.set("GET /zones/_overview?size=1000", { status: 200, json: overviews as unknown as JsonValue });
}

describe("isthmus zones", () => {
  it("shows what a Kuma knows", async () => {
    const { code, stdout } = await run("zones");
    expect(code).toBe(0);
    expectGolden("zones-kuma", stdout);
    expect((await run("zones", "list")).stdout).toBe(stdout);
  });

  it("shows what is wrong", async () => {
    trouble();
    expectGolden("zones-trouble", (await run("zones")).stdout);
    expectGolden("zones-describe-east", (await run("zones", "describe", "east")).stdout);
    expectGolden("zones-describe-west", (await run("zones", "describe", "west")).stdout);
  });

  it("is for programs as well", async () => {
    trouble();
    const zones = JSON.parse((await run("zones", "-o", "json")).stdout) as unknown[];
    expect(zones).toMatchObject([
      { name: "east", status: "Online", isCompatible: true, ingresses: [1, 1], sync: { worst: { state: "rejected" } } },
      { name: "west", status: "Offline", version: "2.4.0", isCompatible: false },
    ]);
    expect(JSON.parse((await run("zones", "describe", "west", "-o", "json")).stdout)).toMatchObject({ name: "west" });
  });

  it("says which zones there are", async () => {
    expect(await run("zones", "describe", "north")).toMatchObject({
      code: 1,
      stderr: 'there is no zone "north"; there is east, west\n',
    });
  });

  it("notes on Dataplanes of a zone that is away that nothing newer is known", async () => {
    trouble();
    const { stdout } = await run("inspect", "dataplanes");
    const notes = stdout.split("\n").filter((line) => line.includes("zone west is offline: this is what it said last"));
    expect(notes).toHaveLength(2);
  });
});

describe("isthmus describe", () => {
  it.each([
    ["dataplane", "east-backend-1-b84459847cz4f2w5"],
    ["meshservice", "backend-d2622w4zxzdb6cfw"],
    ["meshexternalservice", "outside"],
    ["meshtrafficpermission", "allow-all"],
    ["zoneingress", "east-ingress-4zv7z2zxwvcvbfzc"],
    ["zone", "east"],
    ["mesh", "default"],
  ])("shows a %s with what it has to do with others", async (type, name) => {
    const { code, stdout, stderr } = await run("describe", type, name);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expectGolden(`describe-${type}`, stdout);
  });

  it("shows digests of secrets", async () => {
    const json = { type: "Secret", mesh: "default", name: "s", data: "c2VjcmV0" };
    server.answers.set("GET /meshes/default/secrets/s", { status: 200, json });
    const { stdout } = await run("describe", "secret", "s");
    expect(stdout).toMatch(/data: '\*{5} \(sha256 [0-9a-f]{12}\)'/);
    expect(stdout).not.toContain("c2VjcmV0");
  });
});
