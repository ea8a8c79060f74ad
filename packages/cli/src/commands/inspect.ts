/** `isthmus inspect WHAT [NAME]`: state of zones, proxies, meshes and services, and what applies to what. */
import type { ApiClient, MatchedDataplanes, ResourceType, RestResource } from "@isthmus/api";
import { ZONE_LABEL } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import { type Command, Option } from "commander";
import { type Connection, connect, withMesh, withServer } from "../connection/connect.ts";
import type { ServerOptions } from "../connection/settings.ts";
import { CommandError, ExitCode } from "../exit-code.ts";
import {
  dataplaneTable,
  formatOverviews,
  meshTable,
  type OverviewTable,
  serviceTable,
  wideMeshTable,
  wideServiceTable,
  zoneProxyTable,
  zoneStatus,
  zoneTable,
} from "../inspect/overview-tables.ts";
import { formatDataplanePolicies, formatMatchedDataplanes, formatPolicyDataplanes } from "../inspect/policy-text.ts";
import { formatJson } from "../output/json.ts";
import { formatYaml } from "../output/yaml.ts";
import { findType, pathSegment, resourcePath } from "../resource-address.ts";
import { orUndefined } from "../server-role.ts";
import { printLine, type Terminal } from "../terminal.ts";
import { textWatcher, type WatchOptions, watch, withWatch } from "../watch.ts";

const PROXY_ANSWERS = ["policies", "rules", "layout", "config", "config-dump", "stats", "clusters"] as const;
type ProxyAnswer = (typeof PROXY_ANSWERS)[number];

interface InspectOptions extends ServerOptions, WatchOptions {
  readonly mesh?: string;
  readonly output: "table" | "wide" | "json" | "yaml";
  readonly tag?: readonly string[];
  readonly gateway?: boolean;
  readonly ingress?: boolean;
  readonly type?: ProxyAnswer;
  readonly includeEds?: boolean;
  readonly shadow?: boolean;
  readonly include?: readonly string[];
  readonly newApi?: boolean;
}

/** An answer as text for people, and as it is for programs. */
interface Answer {
  readonly text: string;
  readonly json: unknown;
}

type Question = (connection: Connection, options: InspectOptions, nowMs: number) => Promise<Answer>;

export function registerInspect(program: Command, terminal: Terminal): void {
  const command = program
    .command("inspect")
    .description("state of zones, proxies, meshes and services; what applies to what")
    .argument(
      "<what>",
      "zones, zoneingresses, zoneegresses, dataplanes, meshes, services; with a name: dataplane, zoneingress, zoneegress, meshgateway, a service or a policy",
    )
    .argument("[name]")
    .addOption(
      new Option("-o, --output <format>", "form of the answer")
        .choices(["table", "wide", "json", "yaml"])
        .default("table"),
    )
    .option("--tag <key=value...>", "dataplanes: only those with all these tags")
    .option("--gateway", "dataplanes: only gateways")
    .option("--ingress", "dataplanes: only ingresses")
    .addOption(new Option("--type <answer>", "of a proxy").choices(PROXY_ANSWERS))
    .option("--include-eds", "with --type=config-dump: endpoints as well")
    .option("--shadow", "with --type=config: take policies with `kuma.io/effect: shadow` into account")
    .option("--include <field...>", "with --type=config: further fields, such as diff")
    .option("--new-api", "a policy: the proxies that its targetRef selects");
  withServer(withWatch(withMesh(command))).action(
    async (what: string, name: string | undefined, options: InspectOptions) => {
      checkOptions(options);
      const connection = connect(terminal, options);
      const question = name === undefined ? listQuestion(what) : await itemQuestion(connection, what, name, options);
      const format = ({ text, json }: Answer): string =>
        options.output === "json"
          ? formatJson(json)
          : options.output === "yaml"
            ? formatYaml(json as JsonObject)
            : text.trimEnd();
      const read = (): Promise<Answer> => question(connection, options, terminal.clock.now());
      if (options.watch !== true) {
        printLine(terminal.stdout, format(await connection.ask(read)));
        return;
      }
      const show = textWatcher(terminal);
      const types =
        name === undefined
          ? listWords(what)
              .map((word) => WATCHED_TYPES.get(word))
              .find((each) => each !== undefined)
          : undefined;
      const watched = { interval: options.interval, isAgeing: true, ...(types === undefined ? {} : { types }) };
      await watch(terminal, connection, watched, read, (answer) => show(format(answer)));
    },
  );
}

function checkOptions({ type, includeEds, shadow, include }: InspectOptions): void {
  const refuse = (option: string, only: ProxyAnswer): never => {
    throw new CommandError(`${option} goes with --type=${only} only`, ExitCode.usage);
  };
  if (includeEds === true && type !== "config-dump") refuse("--include-eds", "config-dump");
  if (shadow === true && type !== "config") refuse("--shadow", "config");
  if (include !== undefined && type !== "config") refuse("--include", "config");
}

/** The word, and what may be its singular. */
function listWords(what: string): readonly string[] {
  const word = what.toLowerCase().replaceAll("-", "");
  return [word, word.replace(/s$/, ""), word.replace(/es$/, "")];
}

/** What the lists are made of. */
const WATCHED_TYPES: ReadonlyMap<string, readonly string[]> = new Map([
  ["zone", ["Zone", "ZoneInsight"]],
  ["zoneingress", ["ZoneIngress", "ZoneIngressInsight"]],
  ["zoneegress", ["ZoneEgress", "ZoneEgressInsight"]],
  ["dataplane", ["Dataplane", "DataplaneInsight", "Zone", "ZoneInsight"]],
  ["mesh", ["MeshInsight"]],
  ["service", ["ServiceInsight"]],
]);

/** Lists by their plural; the singular without a name is most likely meant as such. */
function listQuestion(what: string): Question {
  const question = new Map<string, Question>([
    [
      "zone",
      overviews(
        () => "zones/_overview",
        () => zoneTable,
      ),
    ],
    [
      "zoneingress",
      overviews(
        () => "zoneingresses/_overview",
        () => zoneProxyTable("zoneIngressInsight"),
      ),
    ],
    [
      "zoneegress",
      overviews(
        () => "zoneegresses/_overview",
        () => zoneProxyTable("zoneEgressInsight"),
      ),
    ],
    ["dataplane", dataplanes],
    [
      "mesh",
      overviews(
        () => "mesh-insights",
        (isWide) => (isWide ? wideMeshTable : meshTable),
      ),
    ],
    [
      "service",
      overviews(
        (mesh) => `meshes/${mesh}/service-insights`,
        (isWide) => (isWide ? wideServiceTable : serviceTable),
      ),
    ],
  ]);
  const found = listWords(what)
    .map((word) => question.get(word))
    .find((each) => each !== undefined);
  if (found !== undefined) return found;
  throw new CommandError(
    `${JSON.stringify(what)} needs a name; without one there are zones, zoneingresses, zoneegresses, dataplanes, meshes and services`,
    ExitCode.usage,
  );
}

function overviews(pathOf: (mesh: string) => string, tableOf: (isWide: boolean) => OverviewTable): Question {
  return async ({ client, mesh }, { output }, nowMs) => {
    const items = await client.listResources(pathOf(pathSegment("mesh", mesh)));
    return { text: formatOverviews(tableOf(output === "wide"), items, nowMs), json: listOf(items) };
  };
}

const dataplanes: Question = async ({ client, mesh }, { tag, gateway, ingress }, nowMs) => {
  const query = {
    ...(tag === undefined ? {} : { tags: tag.map((each) => each.replace("=", ":")) }),
    ...(gateway === true ? { gateway: "true" } : {}),
  };
  const [items, offline] = await Promise.all([
    client.listResources(`meshes/${pathSegment("mesh", mesh)}/dataplanes/_overview`, query),
    offlineZones(client),
  ]);
  const wanted =
    ingress === true ? items.filter((item) => item.labels?.["kuma.io/listener-zoneingress"] === "enabled") : items;
  const noteOf = ({ labels }: RestResource): string | undefined => {
    const zone = labels?.[ZONE_LABEL];
    return zone !== undefined && offline.has(zone) ? `zone ${zone} is offline: this is what it said last` : undefined;
  };
  return { text: formatOverviews(dataplaneTable(noteOf), wanted, nowMs), json: listOf(wanted) };
};

/** A proxy stays as it was last seen when its zone goes away. */
async function offlineZones(client: ApiClient): Promise<ReadonlySet<string>> {
  const zones = (await orUndefined(() => client.listResources("zones/_overview"))) ?? [];
  return new Set(zones.filter((zone) => zoneStatus(zone) === "Offline").map(({ name }) => name));
}

const listOf = (items: readonly RestResource[]): unknown => ({ total: items.length, items, next: null });

async function itemQuestion(
  { ask, mesh }: Connection,
  what: string,
  name: string,
  options: InspectOptions,
): Promise<Question> {
  const type = await ask((client) => findType(client, what));
  const path = resourcePath(type, mesh, name);
  if (["Dataplane", "ZoneIngress", "ZoneEgress"].includes(type.name)) return proxyQuestion(type, path, name, options);
  if (options.type !== undefined)
    throw new CommandError(`--type is for proxies, not for a ${type.name}`, ExitCode.usage);
  if (type.name === "MeshGateway" || (type.policy !== undefined && options.newApi !== true)) {
    return async ({ client }) => {
      const answer = await client.policyDataplanes(path);
      return { text: formatPolicyDataplanes(answer), json: answer };
    };
  }
  if (type.policy === undefined && !type.name.startsWith("Mesh")) {
    throw new CommandError(`there is nothing to inspect of a ${type.name}; see \`isthmus describe\``, ExitCode.usage);
  }
  return async ({ client }) => {
    const items = await allMatched(client, path);
    return { text: formatMatchedDataplanes(items), json: { total: items.length, items } };
  };
}

async function allMatched(client: ApiClient, path: string): Promise<MatchedDataplanes["items"]> {
  const items: MatchedDataplanes["items"] = [];
  for (;;) {
    const page = await client.matchedDataplanes(path, { size: 1000, offset: String(items.length) });
    items.push(...page.items);
    if (page.items.length === 0 || items.length >= page.total) return items;
  }
}

function proxyQuestion(type: ResourceType, path: string, name: string, options: InspectOptions): Question {
  const isDataplane = type.name === "Dataplane";
  const answer = options.type ?? (isDataplane ? "policies" : "config-dump");
  if (!isDataplane && ["policies", "rules", "layout", "config"].includes(answer)) {
    throw new CommandError(`a ${type.name} has config-dump, stats and clusters, no ${answer}`, ExitCode.usage);
  }
  if (answer === "policies") {
    return async ({ client, mesh }) => {
      const policies = await client.dataplanePolicies(mesh, name);
      return { text: formatDataplanePolicies(policies), json: policies };
    };
  }
  const query = {
    ...(options.includeEds === true ? { include_eds: "true" } : {}),
    ...(options.shadow === true ? { shadow: "true" } : {}),
    ...(options.include === undefined ? {} : { include: options.include.join(",") }),
    ...(options.output === "json" && ["stats", "clusters"].includes(answer) ? { format: "json" } : {}),
  };
  return async ({ client }) => {
    const text = await client.text(`${path}/${PROXY_PATHS[answer]}`, query);
    return { text, json: isJson(text) ? (JSON.parse(text) as unknown) : { text } };
  };
}

const PROXY_PATHS: Readonly<Record<Exclude<ProxyAnswer, "policies">, string>> = {
  rules: "_rules",
  layout: "_layout",
  config: "_config",
  "config-dump": "xds",
  stats: "stats",
  clusters: "clusters",
};

const isJson = (text: string): boolean => /^\s*[[{]/.test(text);
