/** One zone, out of all that a server knows about it: overview, ledger, doors. A Kuma has no ledger. */
import type { ApiClient, RestResource, SyncStatus, SyncZone } from "@isthmus/api";
import { ZONE_LABEL } from "@isthmus/resources";
import { ago, formatAge } from "../output/age.ts";
import { objectAt, textAt, valueAt } from "../output/member.ts";
import { formatFields, formatTable } from "../output/table.ts";
import { orUndefined } from "../server-role.ts";
import { zoneBackend, zoneStatus, zoneVersion } from "./overview-tables.ts";
import { isOnline, lastSubscription, subscriptionsOf } from "./subscriptions.ts";

export interface ZoneView {
  readonly name: string;
  readonly status: "Online" | "Offline" | "Disabled";
  readonly version: string | undefined;
  /** Whether the global says that it can work with that version; undefined where it says nothing. */
  readonly isCompatible: boolean | undefined;
  readonly backend: string | undefined;
  readonly connectedAt: string | undefined;
  /** Online and all; undefined where the server has no such overviews. */
  readonly ingresses: readonly [online: number, total: number] | undefined;
  readonly egresses: readonly [online: number, total: number] | undefined;
  readonly sync: SyncZone | undefined;
  readonly overview: RestResource;
}

export interface ZoneViews {
  readonly zones: readonly ZoneView[];
  /** Undefined of a server that has none. */
  readonly ledger: SyncStatus | undefined;
}

export async function loadZones(client: ApiClient): Promise<ZoneViews> {
  const [overviews, ledger, ingresses, egresses] = await Promise.all([
    client.listResources("zones/_overview"),
    orUndefined(() => client.syncStatus()),
    orUndefined(() => client.listResources("zoneingresses/_overview")),
    orUndefined(() => client.listResources("zoneegresses/_overview")),
  ]);
  const zones = overviews.map((overview): ZoneView => {
    const insight = objectAt(overview, "zoneInsight");
    const compatible = valueAt(lastSubscription(insight), ["version", "kumaCp", "kumaCpGlobalCompatible"]);
    const hasVersion = zoneVersion(insight) !== undefined;
    return {
      name: overview.name,
      status: valueAt(overview, ["zone", "enabled"]) === false ? "Disabled" : zoneStatus(overview),
      version: zoneVersion(insight),
      // `false` is left out.
      isCompatible: hasVersion ? compatible === true : undefined,
      backend: zoneBackend(insight),
      connectedAt: textAt(lastSubscription(insight), "connectTime"),
      ingresses: ingresses && doors(ingresses, overview.name, "zoneIngress", "zoneIngressInsight"),
      egresses: egresses && doors(egresses, overview.name, "zoneEgress", "zoneEgressInsight"),
      sync: ledger?.zones.find(({ zone }) => zone === overview.name),
      overview,
    };
  });
  return { zones, ledger };
}

export function formatZones({ zones }: ZoneViews, nowMs: number): string {
  return formatTable(
    ["NAME", "STATUS", "VERSION", "COMPATIBLE", "SYNC", "INGRESSES", "EGRESSES", "BACKEND", "LAST CONNECTED AGO"],
    zones.map((zone) => [
      zone.name,
      zone.status,
      zone.version ?? "-",
      yesNo(zone.isCompatible),
      syncText(zone.sync),
      doorsText(zone, zone.ingresses),
      doorsText(zone, zone.egresses),
      zone.backend ?? "-",
      ago(zone.connectedAt, nowMs),
    ]),
  );
}

/** `synced`, or what is worst and for how long. */
export function syncText(zone: SyncZone | undefined): string {
  if (zone === undefined) return "-";
  if (!zone.online) return "unknown";
  const { state, type, oldestUnackedSeconds } = zone.worst;
  if (state === "synced") return state;
  const age = oldestUnackedSeconds > 0 ? ` for ${formatAge(oldestUnackedSeconds)}` : "";
  return `${state}${age}${type === undefined ? "" : ` (${type})`}`;
}

export function describeZone(zone: ZoneView, ledger: SyncStatus | undefined, nowMs: number): string {
  const insight = objectAt(zone.overview, "zoneInsight");
  const last = lastSubscription(insight);
  const since = zone.status === "Online" ? ` for ${ago(zone.connectedAt, nowMs)}` : sinceWhen(last, nowMs);
  const fields: readonly (readonly [string, string | undefined])[] = [
    ["Zone", zone.name],
    ["Status", `${zone.status}${since}`],
    [
      "Version",
      zone.version === undefined
        ? undefined
        : `${zone.version}, ${zone.isCompatible === true ? "compatible with the global" : "not compatible with the global"}`,
    ],
    ["Build", textAt(last, "version", "kumaCp", "gitCommit")],
    ["Instance", textAt(last, "zoneInstanceId")],
    ["At instance", textAt(last, "globalInstanceId")],
    ["Address", zone.sync?.address],
    ["Environment", settingOf(last, "environment")],
    ["Backend", zone.backend],
    ["Ingresses online", zone.ingresses && doorsText(zone, zone.ingresses)],
    ["Egresses online", zone.egresses && doorsText(zone, zone.egresses)],
    [
      "Sync",
      zone.sync === undefined
        ? ledger === undefined
          ? "the server keeps no ledger"
          : "nothing is known"
        : syncText(zone.sync),
    ],
  ];
  const holds = (ledger?.holds ?? []).filter(({ id }) => id.startsWith(`${zone.name}/`));
  return [
    formatFields(fields.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]))),
    ...section("Not in sync", notInSync(zone.sync)),
    ...section("Rejected resources", rejected(zone.sync, nowMs)),
    ...section(
      "Held deletions",
      holds.length === 0
        ? undefined
        : formatTable(
            ["HOLD", "WOULD DELETE", "REASON"],
            holds.map((hold) => [hold.id, `${hold.wouldDelete} of ${hold.of}`, hold.reason]),
          ),
    ),
    ...section("Connections", connections(insight, nowMs)),
  ].join("\n");
}

function section(title: string, text: string | undefined): readonly string[] {
  return text === undefined ? [] : ["", `${title}:`, ...text.split("\n").map((line) => `  ${line}`)];
}

function notInSync(zone: SyncZone | undefined): string | undefined {
  const rows = (zone?.rows ?? []).filter(({ state }) => state !== "synced");
  if (rows.length === 0) return undefined;
  return formatTable(
    ["TYPE", "DIRECTION", "STATE", "AGE", "PENDING", "LAST REFUSAL"],
    rows.map((row) => [
      row.type,
      row.direction,
      row.state,
      row.oldestUnackedSeconds > 0 ? formatAge(row.oldestUnackedSeconds) : "-",
      String(row.pendingResources),
      row.lastNack?.message ?? "-",
    ]),
  );
}

function rejected(zone: SyncZone | undefined, nowMs: number): string | undefined {
  const all = (zone?.rows ?? []).flatMap((row) => row.rejected.map((each) => ({ type: row.type, ...each })));
  if (all.length === 0) return undefined;
  return formatTable(
    ["TYPE", "NAME", "AGE", "REASON"],
    all.map(({ type, wireName, since, reason, isCertain }) => [
      type,
      isCertain ? wireName : `${wireName} (or another of that response)`,
      formatAge((nowMs - since) / 1000),
      reason,
    ]),
  );
}

function connections(insight: unknown, nowMs: number): string | undefined {
  const all = subscriptionsOf(insight);
  if (all.length === 0) return undefined;
  return formatTable(
    ["INSTANCE", "CONNECTED AGO", "DISCONNECTED AGO", "UPDATES", "ERRORS"],
    [...all]
      .reverse()
      .map((each) => [
        textAt(each, "zoneInstanceId") ?? "-",
        ago(textAt(each, "connectTime"), nowMs),
        textAt(each, "disconnectTime") === undefined ? "-" : ago(textAt(each, "disconnectTime"), nowMs),
        textAt(each, "status", "total", "responsesSent") ?? "0",
        textAt(each, "status", "total", "responsesRejected") ?? "0",
      ]),
  );
}

function sinceWhen(last: unknown, nowMs: number): string {
  const since = textAt(last, "disconnectTime");
  return since === undefined ? "" : ` for ${ago(since, nowMs)}`;
}

function settingOf(subscription: unknown, name: string): string | undefined {
  try {
    return textAt(JSON.parse(textAt(subscription, "config") ?? "null"), name);
  } catch {
    return undefined;
  }
}

function doors(
  overviews: readonly RestResource[],
  zone: string,
  resource: string,
  insight: string,
): readonly [number, number] {
  const own = overviews.filter(
    (overview) => (overview.labels?.[ZONE_LABEL] ?? textAt(overview, resource, "zone")) === zone,
  );
  return [own.filter((overview) => isOnline(objectAt(overview, insight))).length, own.length];
}

/** How many are online is not known while the zone is away. */
function doorsText({ status }: ZoneView, counts: readonly [number, number] | undefined): string {
  if (counts === undefined) return "-";
  const [online, total] = counts;
  return `${status === "Offline" && total > 0 ? "?" : online}/${total}`;
}

const yesNo = (value: boolean | undefined): string => (value === undefined ? "-" : value ? "yes" : "NO");
