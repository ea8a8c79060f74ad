/** `isthmus zones list|describe`: the zones of a global with all that is known about them. */

import type { JsonObject } from "@isthmus/std";
import { type Command, Option } from "commander";
import { type Connection, connect, withServer } from "../connection/connect.ts";
import type { ServerOptions } from "../connection/settings.ts";
import { CommandError } from "../exit-code.ts";
import { describeZone, formatZones, loadZones, type ZoneView, type ZoneViews } from "../inspect/zone-view.ts";
import { formatJson } from "../output/json.ts";
import { formatYaml } from "../output/yaml.ts";
import { printLine, type Terminal } from "../terminal.ts";
import { textWatcher, type WatchOptions, watch, withWatch } from "../watch.ts";

interface ZonesOptions extends ServerOptions, WatchOptions {
  readonly output: "table" | "text" | "json" | "yaml";
}

export function registerZones(program: Command, terminal: Terminal): void {
  const zones = program.command("zones").description("the zones of a global: online, versions, sync, doors");

  const list = zones
    .command("list", { isDefault: true })
    .description("one line per zone")
    .addOption(
      new Option("-o, --output <format>", "form of the answer").choices(["table", "json", "yaml"]).default("table"),
    );
  withServer(withWatch(list), "a global").action((options: ZonesOptions) =>
    show(terminal, options, (views, nowMs) => ({ text: formatZones(views, nowMs), json: views.zones.map(jsonOf) })),
  );

  const describe = zones
    .command("describe")
    .description("all about one zone: connections, what is not in sync, what was refused")
    .argument("<name>")
    .addOption(
      new Option("-o, --output <format>", "form of the answer").choices(["text", "json", "yaml"]).default("text"),
    );
  withServer(withWatch(describe), "a global").action((name: string, options: ZonesOptions) =>
    show(terminal, options, (views, nowMs) => {
      const zone = zoneNamed(views, name);
      return { text: describeZone(zone, views.ledger, nowMs), json: jsonOf(zone) };
    }),
  );
}

async function show(
  terminal: Terminal,
  options: ZonesOptions,
  format: (views: ZoneViews, nowMs: number) => { readonly text: string; readonly json: unknown },
): Promise<void> {
  const connection: Connection = connect(terminal, options);
  const { client, ask } = connection;
  const textOf = (views: ZoneViews): string => {
    const { text, json } = format(views, terminal.clock.now());
    if (options.output === "json") return formatJson(json);
    return options.output === "yaml" ? formatYaml(json as JsonObject) : text;
  };
  if (options.watch !== true) {
    printLine(terminal.stdout, textOf(await ask(loadZones)));
    return;
  }
  const shown = textWatcher(terminal);
  await watch(
    terminal,
    connection,
    { interval: options.interval, types: ["Zone", "ZoneInsight"], isAgeing: true },
    () => loadZones(client),
    (views) => shown(textOf(views)),
  );
}

function zoneNamed({ zones }: ZoneViews, name: string): ZoneView {
  const zone = zones.find((each) => each.name === name);
  if (zone !== undefined) return zone;
  const names = zones.map((each) => each.name);
  throw new CommandError(
    `there is no zone ${JSON.stringify(name)}; ${names.length === 0 ? "there are none" : `there is ${names.join(", ")}`}`,
  );
}

/** Overviews hold the whole configuration of a zone as a text: it is left to `inspect zones -o json`. */
function jsonOf(zone: ZoneView): unknown {
  return Object.fromEntries(Object.entries(zone).filter(([name, value]) => name !== "overview" && value !== undefined));
}
