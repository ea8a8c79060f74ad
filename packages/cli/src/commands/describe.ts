/** `isthmus describe TYPE NAME`: one resource for people, with its state and what it has to do with others. */
import type { ApiClient, ResourceType, RestResource } from "@isthmus/api";
import { displayName, ORIGIN_LABEL, ZONE_LABEL } from "@isthmus/resources";
import { isJsonObject, type JsonObject, type JsonValue } from "@isthmus/std";
import type { Command } from "commander";
import { connect, withMesh, withServer } from "../connection/connect.ts";
import type { ServerOptions } from "../connection/settings.ts";
import { dataplaneStatus } from "../inspect/overview-tables.ts";
import { isOnline, lastSubscription, totalOf } from "../inspect/subscriptions.ts";
import { describeZone, loadZones } from "../inspect/zone-view.ts";
import { ago, formatDate } from "../output/age.ts";
import { objectAt, textAt } from "../output/member.ts";
import { maskSecrets } from "../output/secret-mask.ts";
import { formatFields } from "../output/table.ts";
import { formatYaml } from "../output/yaml.ts";
import { findType, resourcePath } from "../resource-address.ts";
import { orUndefined } from "../server-role.ts";
import { printLine, type Terminal } from "../terminal.ts";

/** Names shown of a longer list. */
const NAMES_MAX = 10;
const META: ReadonlySet<string> = new Set([
  "type",
  "mesh",
  "name",
  "creationTime",
  "modificationTime",
  "labels",
  "kri",
]);
/** Types with an overview, and where the insight stands in it. */
const INSIGHTS: Readonly<Record<string, string>> = {
  Dataplane: "dataplaneInsight",
  ZoneIngress: "zoneIngressInsight",
  ZoneEgress: "zoneEgressInsight",
};
const SERVICES: ReadonlySet<string> = new Set(["MeshService", "MeshMultiZoneService", "MeshExternalService"]);

type Section = readonly [title: string, lines: readonly string[]];

export function registerDescribe(program: Command, terminal: Terminal): void {
  const command = program
    .command("describe")
    .description("one resource with its state and what it has to do with others")
    .argument("<type>", "such as mesh, MeshTimeout or mt")
    .argument("<name>");
  withServer(withMesh(command)).action(
    async (word: string, name: string, options: ServerOptions & { readonly mesh?: string }) => {
      const { ask, mesh } = connect(terminal, options);
      const text = await ask(async (client) => {
        const type = await findType(client, word);
        const path = resourcePath(type, mesh, name);
        const resource = await client.get(path);
        return describeResource(client, type, path, resource, terminal.clock.now());
      });
      printLine(terminal.stdout, text);
    },
  );
}

async function describeResource(
  client: ApiClient,
  type: ResourceType,
  path: string,
  resource: RestResource,
  nowMs: number,
): Promise<string> {
  const sections = [
    ...labelSection(resource),
    ...contentSections(resource),
    ...(await stateSections(client, type, path, resource, nowMs)),
  ];
  return [
    formatFields(headFields(resource, nowMs)),
    ...sections.map(([title, lines]) => [`${title}:`, ...lines.map((line) => `  ${line}`)].join("\n")),
  ].join("\n\n");
}

function headFields(resource: RestResource, nowMs: number): readonly (readonly [string, string])[] {
  const labels = resource.labels ?? {};
  const shown = displayName({ name: resource.name, labels });
  const when = (time: string | undefined): string | undefined =>
    time === undefined || formatDate(time) === "-" ? undefined : `${formatDate(time)} UTC (${ago(time, nowMs)} ago)`;
  const fields: readonly (readonly [string, string | undefined])[] = [
    ["Type", resource.type],
    ["Mesh", resource.mesh],
    ["Name", resource.name],
    ["Display name", shown === resource.name ? undefined : shown],
    ["Zone", labels[ZONE_LABEL]],
    ["Origin", labels[ORIGIN_LABEL]],
    ["KRI", resource.kri],
    ["Created", when(resource.creationTime)],
    ["Changed", when(resource.modificationTime)],
  ];
  return fields.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
}

function labelSection({ labels = {} }: RestResource): readonly Section[] {
  const lines = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return lines.length === 0 ? [] : [["Labels", lines]];
}

function contentSections(resource: RestResource): readonly Section[] {
  const content = Object.fromEntries(
    Object.entries(maskSecrets(resource as JsonObject)).filter(([name]) => !META.has(name)),
  );
  const { spec, status, ...rest } = content;
  const section = (title: string, value: JsonValue | undefined): readonly Section[] =>
    value === undefined || (isJsonObject(value) && Object.keys(value).length === 0)
      ? []
      : [[title, formatYaml(value).split("\n")]];
  return [...section("Content", rest), ...section("Spec", spec), ...section("Status", status)];
}

/** What other endpoints know. A server without one of them has one section less. */
async function stateSections(
  client: ApiClient,
  type: ResourceType,
  path: string,
  resource: RestResource,
  nowMs: number,
): Promise<readonly Section[]> {
  if (type.name === "Zone") {
    const views = await orUndefined(() => loadZones(client));
    const zone = views?.zones.find(({ name }) => name === resource.name);
    return zone === undefined ? [] : [["State", describeZone(zone, views?.ledger, nowMs).split("\n").slice(1)]];
  }
  const insight = INSIGHTS[type.name];
  if (insight !== undefined) {
    const overview = await orUndefined(() => client.get(`${path}/_overview`));
    return overview === undefined ? [] : [["State", proxyState(type.name, overview, insight, nowMs)]];
  }
  if (SERVICES.has(type.name)) {
    const [hostnames, proxies] = await Promise.all([
      orUndefined(() => client.hostnames(path)),
      type.name === "MeshService" ? matched(client, path) : [],
    ]);
    const lines = (hostnames?.items ?? []).map(
      ({ hostname, zones }) =>
        `${hostname}${zones.length === 0 ? "" : ` (${zones.map(({ name }) => name).join(", ")})`}`,
    );
    return [...(lines.length === 0 ? [] : [["Hostnames", lines] as const]), ...proxies];
  }
  return type.policy === undefined ? [] : matched(client, path);
}

async function matched(client: ApiClient, path: string): Promise<readonly Section[]> {
  const answer = await orUndefined(() => client.matchedDataplanes(path, { size: NAMES_MAX }));
  if (answer === undefined) return [];
  const names = answer.items.map(({ name }) => name);
  const more = answer.total - names.length;
  return [[`Dataplanes (${answer.total})`, [...names, ...(more > 0 ? [`and ${more} more`] : [])]]];
}

function proxyState(type: string, overview: RestResource, member: string, nowMs: number): readonly string[] {
  const insight = objectAt(overview, member);
  const last = lastSubscription(insight);
  const { status, notes } =
    type === "Dataplane" ? dataplaneStatus(overview) : { status: isOnline(insight) ? "Online" : "Offline", notes: [] };
  const fields: readonly (readonly [string, string | undefined])[] = [
    ["Status", [status, ...notes].join("; ")],
    ["Connected", last === undefined ? "never" : `${ago(textAt(last, "connectTime"), nowMs)} ago`],
    ["Disconnected", textAt(last, "disconnectTime") && `${ago(textAt(last, "disconnectTime"), nowMs)} ago`],
    ["Control plane", textAt(last, "controlPlaneInstanceId")],
    ["Updates", `${totalOf(insight, "responsesSent")} sent, ${totalOf(insight, "responsesRejected")} rejected`],
    ["kuma-dp", textAt(last, "version", "kumaDp", "version")],
    ["Envoy", textAt(last, "version", "envoy", "version")],
    ["Certificate", certificate(insight)],
  ];
  return formatFields(fields.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]))).split(
    "\n",
  );
}

function certificate(insight: unknown): string | undefined {
  const until = textAt(insight, "mTLS", "certificateExpirationTime");
  if (until === undefined) return undefined;
  return `of ${textAt(insight, "mTLS", "issuedBackend") ?? "?"}, until ${formatDate(until)} UTC`;
}
