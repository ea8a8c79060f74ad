/** `isthmus sync status|holds|accept|reject`: what is stored where, and what the mass-change brake keeps back. */
import type { Hold, SyncStatus, SyncZone } from "@isthmus/api";
import { goDurationToMs, parseGoDuration, sleep } from "@isthmus/std";
import { type Command, Option } from "commander";
import { connect, withServer } from "../connection/connect.ts";
import type { ServerOptions } from "../connection/settings.ts";
import { CommandError, ExitCode } from "../exit-code.ts";
import { formatAge } from "../output/age.ts";
import { formatJson } from "../output/json.ts";
import { formatTable } from "../output/table.ts";
import { printLine, type Terminal } from "../terminal.ts";
import { textWatcher, type WatchOptions, watch, withWatch } from "../watch.ts";

interface StatusOptions extends ServerOptions, WatchOptions {
  readonly wait?: boolean;
  readonly timeout: string;
  readonly maxAge?: string;
  readonly types?: boolean;
  readonly output: string;
}

const POLL_MS = 200;

export function registerSync(program: Command, terminal: Terminal): void {
  const sync = program.command("sync").description("the convergence ledger and the holds of the brake");

  const status = sync
    .command("status")
    .description("one line per zone with its worst type and age")
    .option("-w, --wait", "until every connected zone has stored everything")
    .option("--timeout <duration>", "limit of --wait", "60s")
    .option("--max-age <duration>", "exit with 3 when a change is unacknowledged for longer, or a zone is offline")
    .option("--types", "one line per zone, direction and type")
    .addOption(outputOption());
  withServer(withWatch(status, "--watch")).action((options: StatusOptions) => showStatus(terminal, options));

  withServer(sync.command("holds"))
    .description("deletions that the brake keeps back")
    .addOption(outputOption())
    .action(async (options: ServerOptions & { readonly output: string }) => {
      const holds = await connect(terminal, options).ask((client) => client.holds());
      printLine(terminal.stdout, options.output === "json" ? formatJson({ holds }) : formatHolds(holds));
    });

  for (const verb of ["accept", "reject"] as const) {
    withServer(sync.command(verb))
      .description(verb === "accept" ? "let the deletions of a hold happen" : "keep the resources of a hold")
      .argument("<id...>", "<zone>/<type>/<origin>, or `all`")
      .action(async (ids: readonly string[], options: ServerOptions) => {
        const { ask } = connect(terminal, options);
        const wanted = ids.includes("all") ? (await ask((client) => client.holds())).map((hold) => hold.id) : ids;
        for (const id of wanted) {
          await ask((client) => (verb === "accept" ? client.acceptHold(id) : client.rejectHold(id)));
          printLine(terminal.stdout, `${id} ${verb}ed`);
        }
      });
  }
}

async function showStatus(terminal: Terminal, options: StatusOptions): Promise<void> {
  const { output, types = false, timeout, wait = false } = options;
  const timeoutMs = durationOption("--timeout", timeout);
  const maxAgeMs = options.maxAge === undefined ? undefined : durationOption("--max-age", options.maxAge);
  const connection = connect(terminal, options);
  const { client, ask } = connection;
  const format = (status: SyncStatus): string => (output === "json" ? formatJson(status) : formatStatus(status, types));
  if (options.watch === true) {
    const show = textWatcher(terminal);
    await watch(
      terminal,
      connection,
      { interval: options.interval },
      () => client.syncStatus(),
      (status) => show(format(status)),
    );
    return;
  }
  const read = (): Promise<SyncStatus> => ask(() => client.syncStatus());
  let status = await read();
  const deadline = terminal.clock.monotonic() + timeoutMs;
  const isWaiting = (): boolean => wait && !isConverged(status);
  while (isWaiting() && terminal.clock.monotonic() < deadline) {
    await sleep(terminal.clock, POLL_MS);
    status = await read();
  }
  printLine(terminal.stdout, format(status));
  if (isWaiting()) {
    throw new CommandError(`not converged after ${timeout}`, ExitCode.notConverged);
  }
  const late = maxAgeMs === undefined ? undefined : tooOld(status, maxAgeMs);
  if (late !== undefined) throw new CommandError(late, ExitCode.notConverged);
}

/**
 * Everything that connected zones can store is stored: nothing is pending. What is held or rejected waits for a person, a
 * type that a zone never asked for waits for nothing. A zone that has just connected has no rows yet.
 */
export function isConverged(status: SyncStatus): boolean {
  return status.zones
    .filter((zone) => zone.online)
    .every((zone) => zone.rows.length > 0 && zone.rows.every((row) => row.state !== "pending"));
}

export function formatStatus(status: SyncStatus, withTypes: boolean): string {
  const zones = status.zones;
  if (zones.length === 0) return "no zone has connected yet";
  if (withTypes) {
    return formatTable(
      ["ZONE", "DIRECTION", "TYPE", "STATE", "AGE", "RESOURCES", "PENDING", "ACKS", "NACKS"],
      zones.flatMap((zone) =>
        zone.rows.map((row) => [
          zone.zone,
          row.direction,
          row.type,
          row.state,
          row.state === "synced" ? "-" : formatAge(row.oldestUnackedSeconds),
          String(row.resources),
          String(row.pendingResources),
          String(row.acks),
          String(row.nacks),
        ]),
      ),
    );
  }
  const table = formatTable(
    ["ZONE", "ONLINE", "STATE", "WORST TYPE", "AGE", "TYPES SYNCED", "HELD"],
    zones.map((zone) => zoneLine(zone)),
  );
  return status.holds.length === 0 ? table : `${table}\n\n${formatHolds(status.holds)}`;
}

export function zoneLine(zone: SyncZone): string[] {
  const synced = zone.rows.filter((row) => row.state === "synced").length;
  const held = zone.rows.reduce((sum, row) => sum + row.held, 0);
  return [
    zone.zone,
    zone.online ? "yes" : "no",
    zone.worst.state,
    zone.worst.state === "synced" ? "-" : (zone.worst.type ?? "-"),
    zone.worst.state === "synced" ? "-" : formatAge(zone.worst.oldestUnackedSeconds),
    `${synced}/${zone.rows.length}`,
    String(held),
  ];
}

export function formatHolds(holds: readonly Hold[]): string {
  if (holds.length === 0) return "nothing is held";
  return formatTable(
    ["HOLD", "STATE", "WOULD DELETE", "SINCE", "REASON"],
    holds.map((hold) => [
      hold.id,
      hold.state,
      `${hold.wouldDelete} of ${hold.of}`,
      new Date(hold.since).toISOString(),
      hold.reason,
    ]),
  );
}

function tooOld(status: SyncStatus, maxAgeMs: number): string | undefined {
  const problems = status.zones.flatMap((zone) => {
    if (!zone.online) return [`zone ${zone.zone} is offline`];
    return zone.worst.oldestUnackedSeconds * 1000 > maxAgeMs
      ? [`zone ${zone.zone}: ${zone.worst.type ?? "?"} is ${formatAge(zone.worst.oldestUnackedSeconds)} old`]
      : [];
  });
  return problems.length === 0 ? undefined : problems.join("\n");
}

function outputOption(): Option {
  return new Option("-o, --output <format>", "form of the answer").choices(["table", "json"]).default("table");
}

function durationOption(name: string, text: string): number {
  const parsed = parseGoDuration(text);
  if (!parsed.ok) throw new CommandError(`${name}: ${parsed.error}`, ExitCode.usage);
  return goDurationToMs(parsed.value);
}
