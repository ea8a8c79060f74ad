/**
 * The spec of a ZoneInsight and what can happen to it. Pure; what is there is kept, also what another instance of the
 * global wrote. Source: kuma v2.14.3: api/system/v1alpha1/zone_insight_helpers.go, pkg/core/managers/apis/zoneinsight.
 */
import { isOpenSubscription } from "@isthmus/resources";
import { isJsonObject, type JsonObject } from "@isthmus/std";
import { timestamp } from "./subscription.ts";
import { closed, newest, subscriptionsOf } from "./subscription-list.ts";
import type { ZoneStream } from "./zone-event.ts";

export interface InsightUpdate {
  /** Oldest first. One with a known id takes the place of what was written before. */
  readonly subscriptions: readonly JsonObject[];
  /** When the newest stream of each kind was opened; wall clock, ms. */
  readonly streams: ReadonlyMap<ZoneStream, number>;
  /** Last ping; wall clock, ms. */
  readonly healthCheckAt: number | undefined;
}

export interface InsightOptions {
  readonly instanceId: string;
  /** Newest subscriptions that are kept; 0: none. */
  readonly subscriptionLimit: number;
  /** Only the last subscription keeps its configuration and its counters per type. */
  readonly compactFinished: boolean;
  /** Wall clock, ms. */
  readonly now: number;
}

/** Members of `kdsStreams` in order of field number, and those of the deprecated `envoyAdminStreams`. */
const STREAM_MEMBERS: readonly { readonly stream: ZoneStream; readonly member: string; readonly admin?: string }[] = [
  { stream: "StreamClusters", member: "clusters", admin: "clustersGlobalInstanceId" },
  { stream: "StreamXDSConfigs", member: "configDump", admin: "configDumpGlobalInstanceId" },
  { stream: "StreamStats", member: "stats", admin: "statsGlobalInstanceId" },
  { stream: "GlobalToZoneSync", member: "globalToZone" },
  { stream: "ZoneToGlobalSync", member: "zoneToGlobal" },
];
const ADMIN_MEMBERS = ["configDumpGlobalInstanceId", "statsGlobalInstanceId", "clustersGlobalInstanceId"];

export function updateInsight(spec: JsonObject, update: InsightUpdate, options: InsightOptions): JsonObject {
  const subscriptions = mergeSubscriptions(subscriptionsOf(spec), update.subscriptions, options);
  const { envoyAdminStreams, kdsStreams } = mergeStreams(spec, update.streams, options.instanceId);
  const healthCheck =
    update.healthCheckAt === undefined ? spec["healthCheck"] : { time: timestamp(update.healthCheckAt) };
  return {
    ...(subscriptions.length === 0 ? {} : { subscriptions }),
    ...(envoyAdminStreams === undefined ? {} : { envoyAdminStreams }),
    ...(healthCheck === undefined ? {} : { healthCheck }),
    ...(kdsStreams === undefined ? {} : { kdsStreams }),
  };
}

/** A new one closes all that are still open: of one zone there is one connection. */
function mergeSubscriptions(
  present: readonly JsonObject[],
  added: readonly JsonObject[],
  { subscriptionLimit, compactFinished, now }: InsightOptions,
): readonly JsonObject[] {
  let merged = present;
  for (const subscription of added) {
    const isKnown = merged.some(({ id }) => id === subscription["id"]);
    merged = isKnown
      ? merged.map((each) => (each["id"] === subscription["id"] ? subscription : each))
      : [...merged.map((each) => (isOpenSubscription(each) ? closed(each, now) : each)), subscription];
  }
  const kept = newest(merged, subscriptionLimit);
  return compactFinished ? kept.map((each, i) => (i === kept.length - 1 ? each : compact(each))) : kept;
}

function compact(subscription: JsonObject): JsonObject {
  const members = Object.entries(subscription).filter(([member]) => member !== "config");
  return Object.fromEntries(
    members.map(([member, value]) => [member, member === "status" && isJsonObject(value) ? withoutStat(value) : value]),
  );
}

function withoutStat(status: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(status).filter(([member]) => member !== "stat"));
}

function mergeStreams(
  spec: JsonObject,
  streams: ReadonlyMap<ZoneStream, number>,
  instanceId: string,
): { readonly envoyAdminStreams: JsonObject | undefined; readonly kdsStreams: JsonObject | undefined } {
  const admin: Record<string, unknown> = { ...memberOf(spec, "envoyAdminStreams") };
  const kds: Record<string, unknown> = { ...memberOf(spec, "kdsStreams") };
  for (const { stream, member, admin: adminMember } of STREAM_MEMBERS) {
    const openedAt = streams.get(stream);
    if (openedAt === undefined || openedAt <= connectTimeOf(kds[member])) continue;
    kds[member] = { globalInstanceId: instanceId, connectTime: timestamp(openedAt) };
    if (adminMember !== undefined) admin[adminMember] = instanceId;
  }
  return {
    envoyAdminStreams: inOrder(admin, ADMIN_MEMBERS),
    kdsStreams: inOrder(
      kds,
      STREAM_MEMBERS.map(({ member }) => member),
    ),
  };
}

function memberOf(spec: JsonObject, member: string): JsonObject {
  const value = spec[member];
  return isJsonObject(value) ? value : {};
}

function connectTimeOf(stream: unknown): number {
  const connectTime = isJsonObject(stream) ? stream["connectTime"] : undefined;
  const time = typeof connectTime === "string" ? Date.parse(connectTime) : Number.NaN;
  return Number.isNaN(time) ? Number.NEGATIVE_INFINITY : time;
}

/** Undefined when there are none. */
function inOrder(members: Readonly<Record<string, unknown>>, order: readonly string[]): JsonObject | undefined {
  const present = order.filter((member) => members[member] !== undefined);
  if (present.length === 0) return undefined;
  return Object.fromEntries(present.map((member) => [member, members[member]])) as JsonObject;
}
