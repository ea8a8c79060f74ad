/** `isthmus what-if --down zone=a,b`: what would change, with an exit code for CI. */
import type { WhatIfReport, WhatIfRequest } from "@isthmus/api";
import { err, ok, type Result } from "@isthmus/std";
import { isHarmful } from "@isthmus/topology/what-if-report";
import { type Command, Option } from "commander";
import { connect, withServer } from "../connection/connect.ts";
import type { ServerOptions } from "../connection/settings.ts";
import { CommandError, ExitCode } from "../exit-code.ts";
import { formatJson } from "../output/json.ts";
import { formatTable } from "../output/table.ts";
import { printLine, type Terminal } from "../terminal.ts";

interface WhatIfOptions extends ServerOptions {
  readonly down: readonly string[];
  readonly output: string;
}

type Down = WhatIfRequest["down"];

type Affected = Pick<WhatIfReport["servicesWithoutEndpoints"][number], "service" | "displayName" | "port">;

const KINDS: Readonly<Record<string, keyof Down>> = { zone: "zones", ingress: "ingresses", service: "services" };

export function registerWhatIf(program: Command, terminal: Terminal): void {
  withServer(program.command("what-if"), "the zone whose clients are asked about")
    .description("what would change for the clients of a zone if zones, ingresses or services went away")
    .requiredOption("--down <kind=name,...>", "zone=east,north, ingress=..., service=...; may be repeated", collect)
    .addOption(new Option("-o, --output <format>", "form of the answer").choices(["table", "json"]).default("table"))
    .action(async ({ down, output, ...options }: WhatIfOptions) => {
      const asked = parseDown(down);
      if (!asked.ok) throw new CommandError(asked.error.join("\n"), ExitCode.usage);
      const report = await connect(terminal, options).ask((client) => client.whatIf(asked.value));
      printLine(terminal.stdout, output === "json" ? formatJson(report) : formatReport(report));
      const refusal = refusalOf(report);
      if (refusal !== undefined) throw refusal;
    });
}

function collect(value: string, previous: readonly string[] | undefined): readonly string[] {
  return [...(previous ?? []), value];
}

/** All that is wrong at once. */
export function parseDown(texts: readonly string[]): Result<Down, readonly string[]> {
  const down: Record<keyof Down, string[]> = { zones: [], ingresses: [], services: [] };
  const problems: string[] = [];
  for (const text of texts) {
    const equals = text.indexOf("=");
    const word = equals < 0 ? text : text.slice(0, equals);
    const kind = Object.hasOwn(KINDS, word) ? KINDS[word] : undefined;
    const names = (equals < 0 ? "" : text.slice(equals + 1)).split(",").map((name) => name.trim());
    if (kind === undefined) problems.push(`--down ${text}: has to begin with zone=, ingress= or service=`);
    else if (names.includes("")) problems.push(`--down ${text}: a name is missing`);
    else down[kind].push(...names);
  }
  return problems.length > 0 ? err(problems) : ok(down);
}

/** A name that means nothing is no answer: all would seem to be well. */
export function refusalOf(report: WhatIfReport): CommandError | undefined {
  if (isHarmful(report)) {
    const { length } = report.servicesWithoutEndpoints;
    return new CommandError(
      `${length} ${length === 1 ? "port" : "ports"} of services without endpoints`,
      ExitCode.noEndpoints,
    );
  }
  if (report.unknown.length === 0) return undefined;
  return new CommandError(`this zone knows no ${report.unknown.join(", no ")}`, ExitCode.usage);
}

export function formatReport(report: WhatIfReport): string {
  const { servicesWithoutEndpoints: lost, servicesInOneZoneOnly: single, policiesBlockingFailover: blocking } = report;
  const parts = [
    section("SERVICES WITHOUT ENDPOINTS", ["SERVICE", "ZONE", "CLIENTS", "REASONS"], lost, (each) => [
      serviceText(each),
      each.zone === "" ? "-" : each.zone,
      String(each.clients),
      each.reasons.join("; "),
    ]),
    section("SERVICES IN ONE ZONE ONLY", ["SERVICE", "ZONE", "BEFORE"], single, (each) => [
      serviceText(each),
      each.zone,
      each.zonesBefore.join(", "),
    ]),
    section("POLICIES THAT BLOCK FAILOVER", ["SERVICE", "POLICIES", "ZONES", "DETAIL"], blocking, (each) => [
      serviceText(each),
      each.policies.join(", "),
      each.zones.join(", "),
      each.detail,
    ]),
    section("LOAD", ["ZONE", "BEFORE", "AFTER"], loadOf(report), ({ zone, before, after }) => [
      zone,
      percent(before),
      percent(after),
    ]),
    section("PRIORITIES IN USE", ["PRIORITY", "SETS BEFORE", "SETS AFTER"], report.prioritiesUsed, (each) =>
      [each.priority, each.before, each.after].map(String),
    ),
    ...(report.unknown.length === 0 ? [] : [`unknown here: ${report.unknown.join(", ")}`]),
  ];
  return parts.join("\n\n");
}

function section<T>(
  title: string,
  header: readonly string[],
  items: readonly T[],
  row: (item: T) => readonly string[],
) {
  return items.length === 0 ? `${title}: none` : `${title}\n${formatTable(header, items.map(row))}`;
}

function loadOf({ loadShift, lostLoad }: WhatIfReport): WhatIfReport["loadShift"] {
  const named = loadShift.map((each) => (each.zone === "" ? { ...each, zone: "outside of all zones" } : each));
  return lostLoad.before === 0 && lostLoad.after === 0 ? named : [...named, { zone: "no endpoint", ...lostLoad }];
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function serviceText({ service, displayName, port }: Affected): string {
  const kind = service.kind === "legacy" ? "kuma.io/service" : service.kind;
  return `${kind} ${displayName}${port === 0 ? "" : `:${port}`}`;
}
