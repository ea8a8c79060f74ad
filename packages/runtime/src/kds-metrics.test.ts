/** Names, types and labels against what Kuma 2.14.3 serves (testdata: recorded families). */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { KdsEvent, KdsPeer, KdsStreamKind } from "@isthmus/kds";
import { describe, expect, it } from "vitest";
import { bindKdsMetrics, type KdsMetricsOptions } from "./kds-metrics.ts";
import { Metrics } from "./metrics.ts";

interface Family {
  readonly type: string;
  readonly labels: readonly string[];
}

const PEER: KdsPeer = {
  zone: "east",
  connection: 1,
  address: "127.0.0.1:1",
  instanceId: "vm-1",
  version: { product: "Kuma", version: "2.14.3", gitTag: "v2.14.3" },
  config: undefined,
  isIsthmus: false,
  connectedAt: 0,
};
const OUTCOME = { rejected: [], held: 0, holds: [], created: 1, updated: 0, deleted: 0, rewrites: 2, durationMs: 3 };

function eventsOf(role: "global" | "zone"): readonly KdsEvent[] {
  const streams: readonly KdsStreamKind[] = ["GlobalToZoneSync", "ZoneToGlobalSync"];
  const [zone, type] = ["east", "Mesh"];
  return [
    { kind: "connected", peer: PEER },
    ...streams.map((stream): KdsEvent => ({ kind: "streamOpened", peer: PEER, stream })),
    { kind: "sent", zone, type, bytes: 2_000, resources: 1, removals: 0, durationMs: 0.5 },
    { kind: "sender", zone, note: { note: "acked", type, nonce: "1", changeToStoredMs: 4 } },
    { kind: "sender", zone, note: { note: "nacked", type, nonce: "2", message: "no" } },
    { kind: "receiver", zone, note: { note: "applied", type: "MeshService", outcome: OUTCOME } },
    ...(role === "global"
      ? [{ kind: "receiver", zone, note: { note: "refusedType", type: "GlobalSecret" } } as const]
      : []),
  ];
}

async function scrape(role: "global" | "zone", events: readonly KdsEvent[], status?: KdsMetricsOptions["status"]) {
  const metrics = new Metrics(role === "global" ? "Global" : "east");
  const observe = bindKdsMetrics(metrics, { role, status: status ?? (() => ({ zones: [], holds: [] })) });
  for (const event of events) observe(event);
  return metrics.text();
}

/** Families of Prometheus text, with the labels of their samples but for `le`. */
function familiesOf(text: string): ReadonlyMap<string, Family> {
  const families = new Map<string, Family>();
  for (const [, name = "", type = ""] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
    const sample = new RegExp(`^${name}(?:_sum)?\\{([^}]*)\\}`, "m").exec(text)?.[1] ?? "";
    const labels = [...sample.matchAll(/(\w+)="/g)].map(([, label = ""]) => label);
    families.set(name, { type, labels: labels.toSorted() });
  }
  return families;
}

describe.each(["global", "zone"] as const)("on a %s", (role) => {
  const file = join(import.meta.dirname, "../testdata", `kds-metrics.${role}.json`);
  const recorded = JSON.parse(readFileSync(file, "utf8")) as Readonly<Record<string, Family>>;

  it.each(Object.entries(recorded))("%s is as Kuma has it", async (name, family) => {
    expect(familiesOf(await scrape(role, eventsOf(role))).get(name)).toEqual(family);
  });
});

it("counts what happened, in Kuma's units", async () => {
  const text = await scrape("global", eventsOf("global"));
  for (const line of [
    'kds_zone_active_connections{zone_name="east",zone="Global"} 2',
    'kds_delta_streams_active{zone="Global"} 1',
    'kds_delta_requests_received{type_url="Mesh",confirmation="ACK",error_type="no_error",zone="Global"} 1',
    'kds_delta_requests_received{type_url="Mesh",confirmation="NACK",error_type="other",zone="Global"} 1',
    'kds_delta_delivery_sum{zone="Global"} 4',
    'kds_resources_sync_sum{zone="Global"} 0.003',
    'kds_zone_attribution_rewrites_total{resource_type="MeshService",zone="Global"} 2',
    'kds_nack_total{zone_name="east",resource_type="GlobalSecret",zone="Global"} 1',
    'isthmus_sync_change_to_stored_seconds_sum{zone="east"} 0.004',
  ]) {
    expect(text).toContain(line);
  }
});

it("shows an ended connection as none, not as absent", async () => {
  const streamClosed = { kind: "streamClosed", peer: PEER, code: "OK", message: "" } as const;
  const text = await scrape("global", [
    ...eventsOf("global"),
    { ...streamClosed, stream: "GlobalToZoneSync" },
    { ...streamClosed, stream: "ZoneToGlobalSync" },
    { kind: "disconnected", peer: PEER, reason: "gone" },
  ]);
  expect(text).toContain('kds_zone_active_connections{zone_name="east",zone="Global"} 0');
  expect(text).toContain('kds_delta_client_versions{client_version="2.14.3",zone="Global"} 0');
});

it("computes the ledger when it is scraped", async () => {
  const row = {
    zone: "east",
    direction: "global-to-zone",
    type: "Mesh",
    state: "pending",
    pendingResources: 3,
    rejected: [],
  } as const;
  const sender = { ...row, side: "sender", oldestUnackedSeconds: 61 } as const;
  const rejection = { wireName: "backend.default", version: "1", reason: "no", since: 0, isCertain: true };
  const receiver = {
    ...row,
    side: "receiver",
    direction: "zone-to-global",
    type: "MeshService",
    rejected: [rejection],
  };
  const status = {
    zones: [
      { zone: "east", online: true, worst: { oldestUnackedSeconds: 61 }, rows: [sender, receiver] },
      { zone: "west", online: false, worst: { oldestUnackedSeconds: 0 }, rows: [] },
    ],
    holds: [{ state: "held" }, { state: "held" }, { state: "rejected" }],
  } as unknown as ReturnType<KdsMetricsOptions["status"]>;
  const text = await scrape("global", [], () => status);
  expect(text).toContain('isthmus_sync_oldest_unacked_seconds{zone="east",direction="global-to-zone",type="Mesh"} 61');
  expect(text).toContain('isthmus_sync_pending_resources{zone="east",direction="global-to-zone",type="Mesh"} 3');
  for (const line of [
    'isthmus_sync_rejected_resources{zone="east",direction="zone-to-global",type="MeshService"} 1',
    'isthmus_zone_online{zone="east"} 1',
    'isthmus_zone_online{zone="west"} 0',
    'isthmus_zone_sync_age_seconds{zone="east"} 61',
    'isthmus_zone_sync_age_seconds{zone="west"} 0',
  ]) {
    expect(text).toContain(line);
  }
  expect(text).not.toContain('isthmus_sync_rejected_resources{zone="east",direction="global-to-zone"');
  expect(text).toContain('isthmus_sync_holds{state="held",zone="Global"} 2');
  expect(text).toContain('isthmus_sync_holds{state="rejected",zone="Global"} 1');
});
