/** Connections that Kuma 2.14.3 recorded, told as events: the insight is the same but for fractions of milliseconds. */
import { readFileSync } from "node:fs";
import { parseResource, type Resource, resourceToRest } from "@isthmus/resources";
import { isJsonObject, type JsonObject, type JsonValue } from "@isthmus/std";
import { describe, expect, it } from "vitest";
import { peer, rig } from "./testing/rig.ts";
import type { ZoneEvent, ZoneStream } from "./zone-event.ts";
import type { ZoneInsights } from "./zone-insights.ts";

interface RecordedSubscription {
  readonly id: string;
  readonly globalInstanceId: string;
  readonly zoneInstanceId: string;
  readonly connectTime: string;
  readonly disconnectTime?: string;
  readonly config: string;
  readonly version: { readonly kumaCp: { version: string; gitTag: string; gitCommit: string; buildDate: string } };
  readonly status: { readonly lastUpdateTime: string; readonly stat: Readonly<Record<string, RecordedCounters>> };
}

interface RecordedCounters {
  readonly responsesSent?: string;
  readonly responsesAcknowledged?: string;
  readonly responsesRejected?: string;
}

interface RecordedInsight {
  readonly subscriptions: readonly [RecordedSubscription];
  readonly healthCheck?: { readonly time: string };
  readonly kdsStreams: Readonly<Record<string, { readonly connectTime: string }>>;
}

const STREAMS: Readonly<Record<string, ZoneStream>> = {
  clusters: "StreamClusters",
  configDump: "StreamXDSConfigs",
  stats: "StreamStats",
  globalToZone: "GlobalToZoneSync",
  zoneToGlobal: "ZoneToGlobalSync",
};

function recordedInsight(file: string): JsonObject {
  const document = JSON.parse(readFileSync(new URL(`../testdata/${file}.json`, import.meta.url), "utf8")) as JsonObject;
  const { type: _, name: __, creationTime: ___, modificationTime: ____, ...spec } = document;
  return isJsonObject(document["zoneInsight"]) ? document["zoneInsight"] : spec;
}

/** Nanoseconds and ticks of Kuma's finalizer, which we do not have. */
function comparable(value: JsonValue): JsonValue {
  if (typeof value === "string" && /^\d{4}-\d\d-\d\dT.*Z$/.test(value)) return new Date(value).toISOString();
  if (Array.isArray(value)) return value.map(comparable);
  if (!isJsonObject(value)) return value;
  const members = Object.entries(value).filter(([member]) => member !== "generation");
  return Object.fromEntries(members.map(([member, each]) => [member, comparable(each)]));
}

const times = (count: string | undefined, event: ZoneEvent): ZoneEvent[] =>
  Array<ZoneEvent>(Number(count ?? 0)).fill(event);

/** All events of the connection in order of time. */
function replay(insights: ZoneInsights, recorded: RecordedInsight, at: (time: string) => void): void {
  const [subscription] = recorded.subscriptions;
  const { kumaCp } = subscription.version;
  const of = peer("rec-1", 1, {
    instanceId: subscription.zoneInstanceId,
    version: kumaCp,
    config: subscription.config,
    connectedAt: Date.parse(subscription.connectTime),
  });
  const note = (note: string, type: string): ZoneEvent => ({ kind: "sender", zone: "rec-1", note: { note, type } });
  const events: { readonly time: string; readonly event: ZoneEvent }[] = [
    { time: subscription.connectTime, event: { kind: "connected", peer: of } },
    ...Object.entries(recorded.kdsStreams).flatMap(([member, { connectTime }]) => {
      const stream = STREAMS[member];
      if (stream === undefined) throw new Error(`no stream ${member}`);
      return [{ time: connectTime, event: { kind: "streamOpened", peer: of, stream } as const }];
    }),
    ...Object.entries(subscription.status.stat).flatMap(([type, counters]) =>
      [
        ...times(counters.responsesSent, { kind: "sent", zone: "rec-1", type }),
        ...times(counters.responsesAcknowledged, note("acked", type)),
        ...times(counters.responsesRejected, note("nacked", type)),
      ].map((event) => ({ time: subscription.status.lastUpdateTime, event })),
    ),
  ];
  if (recorded.healthCheck !== undefined) {
    events.push({
      time: recorded.healthCheck.time,
      event: { kind: "pinged", zone: "rec-1", at: Date.parse(recorded.healthCheck.time) },
    });
  }
  if (subscription.disconnectTime !== undefined) {
    events.push({ time: subscription.disconnectTime, event: { kind: "disconnected", peer: of } });
  }
  events.sort((a, b) => Date.parse(a.time) - Date.parse(b.time));
  for (const { time, event } of events) {
    at(time);
    insights.onEvent(event);
  }
}

describe.each(["connected", "disconnected", "nack"])("recording %s", async (file) => {
  const spec = recordedInsight(file);
  const recorded = spec as unknown as RecordedInsight;
  const [subscription] = recorded.subscriptions;
  const made = rig({ instanceId: subscription.globalInstanceId, newId: () => subscription.id });
  replay(made.insights, recorded, (time) => made.clock.advance(Date.parse(time) - made.clock.now()));
  await made.insights.flush();
  await made.settle();
  const written = made.insightOf("rec-1");
  const descriptor = made.registry.get("ZoneInsight");
  if (written === undefined || descriptor === undefined) throw new Error("nothing was written");

  it("says the same, in the same order", () => {
    const shown = (value: JsonObject): string => JSON.stringify(comparable(value), null, 1);
    expect(shown(written.spec)).toBe(shown(spec));
  });

  it("is in canonical form: reading what REST prints changes nothing", () => {
    const read = parseResource(descriptor, resourceToRest(descriptor, written), { isFromServer: true });
    expect(read.ok && (read.value satisfies Resource).spec).toEqual(written.spec);
  });
});
