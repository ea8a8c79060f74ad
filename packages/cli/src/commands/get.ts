/** `isthmus get TYPE [NAME]`: a table, JSON or YAML. */
import type { RestResource } from "@isthmus/api";
import type { Command } from "commander";
import { stringify } from "yaml";
import { CommandError, ExitCode } from "../exit-code.ts";
import {
  clientOf,
  collectionPath,
  explainError,
  findType,
  resourcePath,
  type ServerOptions,
  withServer,
} from "../server.ts";
import { formatAge, formatTable } from "../table.ts";

interface GetOptions extends ServerOptions {
  readonly mesh: string;
  readonly allMeshes?: boolean;
  readonly output: string;
}

export function registerGet(program: Command): void {
  withServer(program.command("get"))
    .description("show resources")
    .argument("<type>", "such as meshes, MeshTimeout or mt")
    .argument("[name]")
    .option("-m, --mesh <mesh>", "mesh of mesh-scoped types", "default")
    .option("-A, --all-meshes", "of all meshes")
    .option("-o, --output <format>", "table, json or yaml", "table")
    .action(async (word: string, name: string | undefined, options: GetOptions) => {
      if (!["table", "json", "yaml"].includes(options.output)) {
        throw new CommandError(
          `--output has to be table, json or yaml, not ${JSON.stringify(options.output)}`,
          ExitCode.usage,
        );
      }
      try {
        const client = clientOf(options);
        const type = await findType(client, word);
        if (name !== undefined) {
          print(await client.get(resourcePath(type, options.mesh, name)), options.output);
          return;
        }
        const path = options.allMeshes ? type.path : collectionPath(type, options.mesh);
        const items = await client.listResources(path);
        if (options.output === "table") console.log(tableOf(items, type.scope === "Mesh"));
        else print({ total: items.length, items }, options.output);
      } catch (error) {
        throw error instanceof CommandError ? error : new CommandError(explainError(error, options.server));
      }
    });
}

function print(value: unknown, format: string): void {
  console.log(format === "json" ? JSON.stringify(value, null, 1) : stringify(value).trimEnd());
}

function tableOf(items: readonly RestResource[], isMeshScoped: boolean): string {
  const header = isMeshScoped ? ["MESH", "NAME", "ZONE", "AGE"] : ["NAME", "ZONE", "AGE"];
  const rows = items.map((item) => {
    const created = Date.parse(item.creationTime ?? "");
    const age = Number.isNaN(created) ? "never" : formatAge((Date.now() - created) / 1000);
    const rest = [item.name, item.labels?.["kuma.io/zone"] ?? "", age];
    return isMeshScoped ? [item.mesh ?? "", ...rest] : rest;
  });
  return formatTable(header, rows);
}
