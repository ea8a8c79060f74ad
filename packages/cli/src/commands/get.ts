/** `isthmus get TYPE [NAME]`: kumactl's tables, JSON or YAML; with `--watch` what changes. */
import type { ListQuery, ResourceType, RestResource } from "@isthmus/api";
import type { JsonObject } from "@isthmus/std";
import { type Command, Option } from "commander";
import { type Connection, connect, withMesh, withServer } from "../connection/connect.ts";
import type { ServerOptions } from "../connection/settings.ts";
import { CommandError, ExitCode } from "../exit-code.ts";
import { formatJson } from "../output/json.ts";
import { columnsOf } from "../output/resource-table.ts";
import { columnWidths, formatRow, formatTable } from "../output/table.ts";
import { formatResourceYaml, formatYaml } from "../output/yaml.ts";
import { collectionPath, findType, resourcePath } from "../resource-address.ts";
import { printLine, type Terminal } from "../terminal.ts";
import { ResourceChanges, type WatchOptions, watch, withWatch } from "../watch.ts";

interface GetOptions extends ServerOptions, WatchOptions {
  readonly mesh?: string;
  readonly allMeshes?: boolean;
  readonly output: "table" | "wide" | "json" | "yaml";
  readonly name?: string;
  readonly label?: readonly string[];
  readonly tag?: readonly string[];
  readonly size?: string;
  readonly offset?: string;
}

/** Pages of the whole list; one page when its size or beginning was given. */
interface Listing {
  readonly items: readonly RestResource[];
  readonly total: number;
  readonly next: string | null;
}

export function registerGet(program: Command, terminal: Terminal): void {
  const command = program
    .command("get")
    .description("show resources")
    .argument("<type>", "such as meshes, MeshTimeout or mt")
    .argument("[name]")
    .option("-A, --all-meshes", "of all meshes")
    .addOption(
      new Option("-o, --output <format>", "form of the answer")
        .choices(["table", "wide", "json", "yaml"])
        .default("table"),
    )
    .option("--name <text>", "only those with the text in their name")
    .option("-l, --label <key=value...>", "only those with all these labels")
    .option("--tag <key=value...>", "only Dataplanes with all these tags")
    .option("--size <number>", "one page of so many; without it all are shown")
    .option("--offset <number>", "where the page begins");
  withServer(withWatch(withMesh(command))).action(
    async (word: string, name: string | undefined, options: GetOptions) => {
      const connection = connect(terminal, options);
      const query = queryOf(options);
      const type = await connection.ask((client) => findType(client, word));
      if (name !== undefined && options.watch !== true) {
        await showOne(terminal, connection, type, name, options);
        return;
      }
      const path = options.allMeshes === true ? type.path : collectionPath(type, connection.mesh);
      const read =
        name === undefined
          ? () => list(connection, path, query)
          : () => listOfOne(connection, resourcePath(type, connection.mesh, name));
      if (options.watch === true) await watchList(terminal, connection, type, read, options);
      else showList(terminal, type, await connection.ask(read), options);
    },
  );
}

async function showOne(
  terminal: Terminal,
  { ask, mesh }: Connection,
  type: ResourceType,
  name: string,
  { output }: GetOptions,
): Promise<void> {
  const resource = await ask((client) => client.get(resourcePath(type, mesh, name)));
  const columns = columnsOf(type, output === "wide");
  if (output === "json") printLine(terminal.stdout, formatJson(resource));
  else if (output === "yaml") printLine(terminal.stdout, formatResourceYaml(resource as JsonObject));
  else printLine(terminal.stdout, formatTable(columns.header, [columns.row(resource, terminal.clock.now())]));
}

async function list({ client }: Connection, path: string, query: ListQuery): Promise<Listing> {
  if (query.size === undefined && query.offset === undefined) {
    const items = await client.listResources(path, query);
    return { items, total: items.length, next: null };
  }
  const page = await client.page(path, query);
  return { items: page.items, total: page.total, next: page.next };
}

async function listOfOne({ client }: Connection, path: string): Promise<Listing> {
  const found = await client.find(path);
  const items = found === undefined ? [] : [found];
  return { items, total: items.length, next: null };
}

function showList(terminal: Terminal, type: ResourceType, listing: Listing, { output }: GetOptions): void {
  const { total, items, next } = listing;
  if (output === "json") printLine(terminal.stdout, formatJson({ total, items, next }));
  else if (output === "yaml") printLine(terminal.stdout, formatYaml({ total, items, next } as unknown as JsonObject));
  else {
    const columns = columnsOf(type, output === "wide");
    const now = terminal.clock.now();
    printLine(
      terminal.stdout,
      formatTable(
        columns.header,
        items.map((item) => columns.row(item, now)),
      ),
    );
    const offset = next === null ? null : new URL(next).searchParams.get("offset");
    if (offset !== null) {
      printLine(terminal.stdout, `\nRerun command with --offset=${offset} argument to retrieve more resources`);
    }
  }
}

/** A table with a row for every change; JSON with a line, YAML with a document for every change. */
async function watchList(
  terminal: Terminal,
  connection: Connection,
  type: ResourceType,
  read: () => Promise<Listing>,
  { output, interval }: GetOptions,
): Promise<void> {
  const changes = new ResourceChanges();
  const columns = columnsOf(type, output === "wide");
  const header = ["CHANGE", ...columns.header];
  let widths: readonly number[] | undefined;
  await watch(terminal, connection, { interval, types: [type.name] }, read, ({ items }) => {
    const now = terminal.clock.now();
    const found = changes.next(items);
    if (output === "json" || output === "yaml") {
      for (const each of found) {
        const text = output === "json" ? JSON.stringify(each) : `---\n${formatYaml(each as unknown as JsonObject)}`;
        printLine(terminal.stdout, text);
      }
      return;
    }
    const rows = found.map(({ change, resource }) => [change, ...columns.row(resource, now)]);
    if (widths === undefined) {
      widths = columnWidths([header, ...rows]);
      printLine(terminal.stdout, formatRow(header, widths));
    }
    for (const row of rows) printLine(terminal.stdout, formatRow(row, widths));
  });
}

function queryOf(options: GetOptions): ListQuery {
  const { name, size, offset } = options;
  const labels = pairs("--label", options.label ?? []);
  const tags = pairs("--tag", options.tag ?? []);
  if (size !== undefined && !/^[1-9]\d*$/.test(size)) {
    throw new CommandError("--size has to be a number above 0", ExitCode.usage);
  }
  return {
    ...(size === undefined ? {} : { size: Number(size) }),
    ...(offset === undefined ? {} : { offset }),
    ...(name === undefined ? {} : { name }),
    ...(labels.length === 0 ? {} : { labels: Object.fromEntries(labels) }),
    ...(tags.length === 0 ? {} : { tags: tags.map(([key, value]) => `${key}:${value}`) }),
  };
}

function pairs(option: string, given: readonly string[]): readonly (readonly [string, string])[] {
  return given.map((each) => {
    const equals = each.indexOf("=");
    if (equals < 1) throw new CommandError(`${option} ${each}: has to be key=value`, ExitCode.usage);
    return [each.slice(0, equals), each.slice(equals + 1)] as const;
  });
}
