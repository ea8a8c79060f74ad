/** Tables of overviews and insights, with the columns of `kumactl inspect`. Source: kuma v2.14.3: app/kumactl/cmd/inspect. */
import type { RestResource } from "@isthmus/api";
import { ago, formatDate } from "../output/age.ts";
import { listAt, numberAt, objectAt, textAt, textsAt, valueAt } from "../output/member.ts";
import { dataplaneTags, formatTags } from "../output/resource-table.ts";
import { formatTable } from "../output/table.ts";
import { isOnline, lastSubscription, totalOf } from "./subscriptions.ts";

export interface OverviewTable {
  readonly header: readonly string[];
  readonly row: (overview: RestResource, nowMs: number) => readonly string[];
}

export function formatOverviews({ header, row }: OverviewTable, items: readonly RestResource[], nowMs: number): string {
  return formatTable(
    header,
    items.map((item) => row(item, nowMs)),
  );
}

const STREAM = ["STATUS", "LAST CONNECTED AGO", "LAST UPDATED AGO", "TOTAL UPDATES", "TOTAL ERRORS"];
const PROXY_VERSIONS = ["KUMA-DP VERSION", "ENVOY VERSION"];

/** `noteOf`: what to say about a Dataplane besides its own state. */
export function dataplaneTable(
  noteOf: (overview: RestResource) => string | undefined = () => undefined,
): OverviewTable {
  return {
    header: [
      "MESH",
      "NAME",
      "TAGS",
      ...STREAM,
      "CERT REGENERATED AGO",
      "CERT EXPIRATION",
      "CERT REGENERATIONS",
      "CERT BACKEND",
      "SUPPORTED CERT BACKENDS",
      ...PROXY_VERSIONS,
      "DEPENDENCIES VERSIONS",
      "NOTES",
    ],
    row: (overview, nowMs) => {
      const insight = objectAt(overview, "dataplaneInsight");
      const mtls = objectAt(insight, "mTLS");
      const { status, notes } = dataplaneStatus(overview);
      const note = noteOf(overview);
      return [
        overview.mesh ?? "",
        overview.name,
        formatTags(dataplaneTags(objectAt(overview, "dataplane"))),
        ...stream(insight, status, nowMs),
        ago(textAt(mtls, "lastCertificateRegeneration"), nowMs),
        formatDate(textAt(mtls, "certificateExpirationTime")),
        String(numberAt(mtls, "certificateRegenerations")),
        Object.keys(mtls).length === 0 ? "-" : (textAt(mtls, "issuedBackend") ?? ""),
        textsAt(mtls, "supportedBackends").join(","),
        ...proxyVersions(insight),
        dependencies(insight),
        [...notes, ...(note === undefined ? [] : [note])].join(";"),
      ];
    },
  };
}

/** A gateway is what its stream is; others need inbounds or listeners that are ready. */
export function dataplaneStatus(overview: unknown): { readonly status: string; readonly notes: readonly string[] } {
  const online = isOnline(objectAt(overview, "dataplaneInsight"));
  const networking = objectAt(overview, "dataplane", "networking");
  if (Object.hasOwn(networking, "gateway")) return { status: online ? "Online" : "Offline", notes: [] };
  const inbounds = listAt(networking, "inbound");
  const listeners = listAt(networking, "listeners");
  const notes = [
    ...inbounds
      .filter((inbound) => isNotReady(inbound))
      .map((inbound) => {
        const service = textAt(inbound, "tags", "kuma.io/service") ?? "";
        return `inbound[port=${numberAt(inbound, "port")},svc=${service}] is not ready`;
      }),
    ...listeners
      .filter((listener) => !isListenerReady(listener))
      .map(
        (listener) =>
          `listener[port=${numberAt(listener, "port")},type=${textAt(listener, "type") ?? ""}] is not ready`,
      ),
  ];
  const total = inbounds.length + listeners.length;
  const ready = total - notes.length;
  if (!online || ready === 0) return { status: "Offline", notes };
  return { status: ready < total ? "Partially degraded" : "Online", notes };
}

function isNotReady(inbound: unknown): boolean {
  const hasHealth = valueAt(inbound, ["health"]) !== undefined;
  const isUnhealthy = hasHealth && valueAt(inbound, ["health", "ready"]) !== true;
  return isUnhealthy || textAt(inbound, "state") === "NotReady";
}

/** `Ready` is the default, which is left out. */
function isListenerReady(listener: unknown): boolean {
  return (textAt(listener, "state") ?? "Ready") === "Ready";
}

export const zoneTable: OverviewTable = {
  header: ["NAME", ...STREAM, "ZONE-CP VERSION", "BACKEND"],
  row: (overview, nowMs) => {
    const insight = objectAt(overview, "zoneInsight");
    return [
      overview.name,
      ...stream(insight, zoneStatus(overview), nowMs),
      zoneVersion(insight) ?? "",
      zoneBackend(insight) ?? "",
    ];
  },
};

export function zoneStatus(overview: unknown): "Online" | "Offline" {
  const isEnabled = valueAt(overview, ["zone", "enabled"]) !== false;
  return isOnline(objectAt(overview, "zoneInsight")) && isEnabled ? "Online" : "Offline";
}

export function zoneVersion(insight: unknown): string | undefined {
  return textAt(lastSubscription(insight), "version", "kumaCp", "version");
}

/** Kind of the store, out of the settings that the zone sent as a text. */
export function zoneBackend(insight: unknown): string | undefined {
  const config = textAt(lastSubscription(insight), "config");
  if (config === undefined) return undefined;
  try {
    return textAt(JSON.parse(config), "store", "type");
  } catch {
    // A zone that sends no JSON has no settings to show; kumactl refuses to show any zone then.
    return undefined;
  }
}

/** `member`: where the insight stands in the overview. */
export function zoneProxyTable(member: "zoneIngressInsight" | "zoneEgressInsight"): OverviewTable {
  return {
    header: ["NAME", ...STREAM, ...PROXY_VERSIONS],
    row: (overview, nowMs) => {
      const insight = objectAt(overview, member);
      return [
        overview.name,
        ...stream(insight, isOnline(insight) ? "Online" : "Offline", nowMs),
        ...proxyVersions(insight),
      ];
    },
  };
}

/** Column and type of the policies that kumactl counts. */
const COUNTED = [
  ["TRAFFIC PERMISSIONS", "TrafficPermission"],
  ["TRAFFIC ROUTES", "TrafficRoute"],
  ["CIRCUIT BREAKERS", "CircuitBreaker"],
  ["HEALTH CHECKS", "HealthCheck"],
  ["FAULT INJECTIONS", "FaultInjection"],
  ["EXTERNAL SERVICES", "ExternalService"],
  ["TRAFFIC TRACES", "TrafficTrace"],
  ["TRAFFIC LOGS", "TrafficLog"],
  ["PROXY TEMPLATES", "ProxyTemplate"],
  ["RATE LIMITS", "RateLimit"],
] as const;

export const meshTable: OverviewTable = {
  header: ["MESH", "DATAPLANES", ...COUNTED.map(([title]) => title)],
  row: (insight) => [
    insight.name,
    online(objectAt(insight, "dataplanes")),
    ...COUNTED.map(([, type]) => String(numberAt(insight, "policies", type, "total"))),
  ],
};

/** What a mesh of today has. */
export const wideMeshTable: OverviewTable = {
  header: ["MESH", "DATAPLANES", "DEGRADED", "OFFLINE", "POLICIES", "SERVICES", "MTLS BACKENDS", "KUMA-DP VERSIONS"],
  row: (insight) => [
    insight.name,
    online(objectAt(insight, "dataplanes")),
    String(numberAt(insight, "dataplanes", "partiallyDegraded")),
    String(numberAt(insight, "dataplanes", "offline")),
    String(sumOf(objectAt(insight, "policies"))),
    String(
      ["MeshService", "MeshMultiZoneService", "MeshExternalService"].reduce(
        (sum, type) => sum + numberAt(insight, "resources", type, "total"),
        numberAt(insight, "services", "total"),
      ),
    ),
    Object.keys(objectAt(insight, "mTLS", "issuedBackends")).join(",") || "-",
    Object.keys(objectAt(insight, "dpVersions", "kumaDp")).join(",") || "-",
  ],
};

export const serviceTable: OverviewTable = {
  header: ["SERVICE", "STATUS", "DATAPLANES"],
  row: (insight) => [insight.name, serviceStatus(insight), online(objectAt(insight, "dataplanes"))],
};

export const wideServiceTable: OverviewTable = {
  header: [...serviceTable.header, "TYPE", "ADDRESS", "ZONES"],
  row: (insight, nowMs) => [
    ...serviceTable.row(insight, nowMs),
    textAt(insight, "serviceType") ?? "internal",
    textAt(insight, "addressPort") ?? "-",
    textsAt(insight, "zones").join(",") || "-",
  ],
};

function serviceStatus(insight: unknown): string {
  const status = textAt(insight, "status");
  return status === "online" ? "Online" : status === "partially_degraded" ? "Partially degraded" : "Offline";
}

function stream(insight: unknown, status: string, nowMs: number): readonly string[] {
  const last = lastSubscription(insight);
  return [
    status,
    ago(textAt(last, "connectTime"), nowMs),
    ago(textAt(last, "status", "lastUpdateTime"), nowMs),
    String(totalOf(insight, "responsesSent")),
    String(totalOf(insight, "responsesRejected")),
  ];
}

function proxyVersions(insight: unknown): readonly string[] {
  const version = objectAt(lastSubscription(insight), "version");
  return [textAt(version, "kumaDp", "version") ?? "", textAt(version, "envoy", "version") ?? ""];
}

function dependencies(insight: unknown): string {
  const versions = objectAt(lastSubscription(insight), "version", "dependencies");
  const names = Object.keys(versions);
  return names.length === 0 ? "-" : names.map((name) => `${name}: ${textAt(versions, name) ?? ""}`).join(", ");
}

const online = (counts: unknown): string => `${numberAt(counts, "online")}/${numberAt(counts, "total")}`;

const sumOf = (counts: object): number =>
  Object.values(counts).reduce<number>((sum, each) => sum + numberAt(each, "total"), 0);
