/** A zone that holds what the recorded one held and answers for its proxies with what theirs answered; connected over KDS. */
import { type AdminQuestion, ZoneKdsClient } from "@isthmus/kds";
import { createLogger, createSyncParts, type Instance, openInstance } from "@isthmus/runtime";
import { err, isJsonObject, ok, type Result, ServiceGroup, systemRandom } from "@isthmus/std";
import { configOf } from "./configuration.ts";
import { itemsOf, zoneOwn } from "./recorded-state.ts";
import { recordingsOf } from "./recording.ts";

export interface RecordedZone {
  readonly instance: Instance;
  stop(): Promise<void>;
}

export async function connectZone(zone: string, kdsPort: number, folder: string): Promise<RecordedZone> {
  const config = configOf(folder, { "multizone.zone.name": zone });
  const instance = await openInstance(
    { name: zone, zoneLabel: zone },
    config,
    createLogger({ level: "off", name: zone }),
  );
  const { store, registry, clock, instanceId } = instance;
  await store.commit(zoneOwn(zone).map((resource) => ({ kind: "put", resource })));
  const parts = createSyncParts(instance, { kind: "zone", zone }, []);
  const client = new ZoneKdsClient({
    registry,
    outbox: parts.outbox,
    openApplier: parts.openApplier,
    holds: parts.holds,
    historyId: store.historyId,
    address: `grpc://127.0.0.1:${kdsPort}`,
    node: { zone, instanceId, version: VERSION, config: recordedConfig(zone) },
    clock,
    random: systemRandom,
    onEvent: () => {},
    stuck: parts.stuck,
    answerAdmin: async (question) => recordedAnswer(question, zone),
  });
  const services = new ServiceGroup(zone, [store, parts.holdsService, parts.outboxService, client], () => {});
  await services.start();
  return { instance, stop: () => services.stop() };
}

const VERSION = { version: "2.14.3", gitTag: "v2.14.3", gitCommit: "local", buildDate: "local" };
const GLOBAL = recordingsOf("global");

function recordedConfig(zone: string): string {
  const insights = itemsOf(GLOBAL.find(({ name }) => name === "global/zones/insights")?.response.json);
  const subscriptions = insights.find(({ name }) => name === zone)?.["subscriptions"];
  const [subscription] = Array.isArray(subscriptions) ? subscriptions : [];
  const config = isJsonObject(subscription) ? subscription["config"] : undefined;
  return typeof config === "string" ? config : "";
}

const KINDS = { StreamXDSConfigs: "xds", StreamStats: "stats", StreamClusters: "clusters" } as const;

/** By the request to the global that leads here. */
function recordedAnswer(question: AdminQuestion, zone: string): Result<Uint8Array, string> {
  const { stream, name, format, includeEds } = question;
  const ending = `/${KINDS[stream]}${includeEds ? "?include_eds=true" : ""}${format === "json" && stream !== "StreamXDSConfigs" ? "?format=json" : ""}`;
  const found = GLOBAL.find(({ request: { path } }) => {
    const [item = ""] = path.split(`/${KINDS[stream]}`);
    const stored = item.slice(item.lastIndexOf("/") + 1);
    return path.endsWith(ending) && stored.startsWith(`${name}-`) && name.startsWith(`${zone}-`);
  });
  if (found === undefined) return err(`no recording of ${name}${ending}`);
  const { json, text } = found.response;
  return ok(Buffer.from(text ?? JSON.stringify(json)));
}
