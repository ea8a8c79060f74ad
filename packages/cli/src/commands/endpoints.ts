/** `isthmus endpoints dataplane|zoneingress|zoneegress NAME`: all endpoint sets of a proxy. */
import type { DataplaneEndpoints, Exposure, Outbound, ZoneProxyEndpoints } from "@isthmus/api";
import { Argument, type Command, Option } from "commander";
import { connect, withMesh, withServer } from "../connection/connect.ts";
import type { ServerOptions } from "../connection/settings.ts";
import { formatJson } from "../output/json.ts";
import { formatTable } from "../output/table.ts";
import { pathSegment } from "../resource-address.ts";
import { printLine, type Terminal } from "../terminal.ts";

interface EndpointsOptions extends ServerOptions {
  readonly mesh?: string;
  readonly output: string;
}

const PROXIES = ["dataplane", "zoneingress", "zoneegress"] as const;

export function registerEndpoints(program: Command, terminal: Terminal): void {
  const command = program
    .command("endpoints")
    .description("all endpoint sets of a proxy: what a sidecar reaches, what an ingress or egress forwards")
    .addArgument(new Argument("<proxy>", "kind of the proxy").choices(PROXIES))
    .argument("<name>")
    .addOption(new Option("-o, --output <format>", "form of the answer").choices(["table", "json"]).default("table"));
  withServer(withMesh(command, "mesh of a dataplane"), "a zone").action(
    async (proxy: (typeof PROXIES)[number], text: string, options: EndpointsOptions) => {
      const { ask, mesh } = connect(terminal, options);
      const name = pathSegment("name", text);
      const show = <T>(answer: T, format: (answer: T) => string): void =>
        printLine(terminal.stdout, options.output === "json" ? formatJson(answer) : format(answer));
      if (proxy === "dataplane") {
        const checked = pathSegment("mesh", mesh);
        show(await ask((client) => client.dataplaneEndpoints(checked, name)), formatDataplane);
      } else if (proxy === "zoneingress") {
        show(await ask((client) => client.zoneIngressEndpoints(name)), formatZoneProxy);
      } else {
        show(await ask((client) => client.zoneEgressEndpoints(name)), formatZoneProxy);
      }
    },
  );
}

export function formatDataplane({ outbounds, listeners, problems }: DataplaneEndpoints): string {
  const parts = [
    ...(outbounds.length > 0 || listeners.length === 0 ? [formatOutbounds(outbounds)] : []),
    ...listeners.map(
      ({ kind, section, ...exposures }) => `listener ${section} (${kind})\n${formatExposures(exposures)}`,
    ),
    ...problems.map((problem) => `problem: ${problem}`),
  ];
  return parts.join("\n\n");
}

export function formatZoneProxy(proxy: ZoneProxyEndpoints): string {
  return formatExposures(proxy);
}

function formatOutbounds(outbounds: readonly Outbound[]): string {
  if (outbounds.length === 0) return "no outbounds: it reaches no service";
  return formatTable(
    ["SERVICE", "ADDRESS", ...ENDPOINT_COLUMNS],
    outbounds.flatMap((outbound) =>
      rows(
        [serviceText(outbound), outbound.address === undefined ? "-" : at(outbound.address, outbound.port)],
        outbound,
      ),
    ),
  );
}

function formatExposures({ exposures, problems }: Pick<ZoneProxyEndpoints, "exposures" | "problems">): string {
  const table =
    exposures.length === 0
      ? "nothing is forwarded"
      : formatTable(
          ["SERVICE", "SERVER NAME", ...ENDPOINT_COLUMNS],
          exposures.flatMap((exposure) => rows([serviceText(exposure), exposure.sni], exposure)),
        );
  return [table, ...problems.map((problem) => `problem: ${problem}`)].join("\n");
}

const ENDPOINT_COLUMNS = ["ENDPOINT", "ZONE", "PRIORITY", "WEIGHT"];

/** One for each endpoint; where there is none, one that says by which gates candidates are out. */
function rows(start: readonly string[], { endpoints, leftOut }: Outbound | Exposure): readonly (readonly string[])[] {
  const gates = leftOut.map(({ gate, count }) => (count === 1 ? gate : `${gate} x${count}`)).join(", ");
  if (endpoints.length === 0) return [[...start, `none: ${gates === "" ? "no candidates" : gates}`]];
  return endpoints.map(({ address, port, locality, priority, weight }) => [
    ...start,
    at(address, port),
    locality === undefined || locality.zone === "" ? "-" : locality.zone,
    String(priority),
    String(weight),
  ]);
}

/** `backend:80 (east)`, with the kind where it is not a MeshService and tags where only some instances are meant. */
function serviceText({ service, displayName, serviceZone, servicePort, subset }: Outbound | Exposure): string {
  const kind =
    service.kind === "legacy" ? "kuma.io/service " : service.kind === "MeshService" ? "" : `${service.kind} `;
  const port = servicePort === 0 ? "" : `:${servicePort}`;
  const zone = serviceZone === "" ? "" : ` (${serviceZone})`;
  const tags = Object.entries(subset).map(([key, value]) => `${key}=${value}`);
  return `${kind}${displayName}${port}${zone}${tags.length === 0 ? "" : ` {${tags.join(",")}}`}`;
}

function at(address: string, port: number | undefined): string {
  const host = address.includes(":") ? `[${address}]` : address;
  return port === undefined ? host : `${host}:${port}`;
}
