/** `isthmus export`: resources of a server as a file that `import`, `apply` or kubectl takes. */
import { chmodSync, closeSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import type { ApiClient, ResourceType, RestResource } from "@isthmus/api";
import { builtinTypes, Registry } from "@isthmus/resources";
import { errorMessage, type JsonObject } from "@isthmus/std";
import { type Command, Option } from "commander";
import { forEachBounded } from "../bounded.ts";
import { type Connection, connect, withServer } from "../connection/connect.ts";
import type { ServerOptions } from "../connection/settings.ts";
import { CommandError, ExitCode } from "../exit-code.ts";
import { formatJson } from "../output/json.ts";
import { Progress } from "../output/progress.ts";
import { formatResourceYaml, formatYaml } from "../output/yaml.ts";
import { collectionPath, resourcePath } from "../resource-address.ts";
import { printLine, type Terminal } from "../terminal.ts";
import { EXPORT_PROFILES, type ExportProfile, exportedResources, exportedTypes } from "../transfer/export-content.ts";
import { exportedManifest } from "../transfer/export-kubernetes.ts";
import { readAll } from "../transfer/read-all.ts";

interface ExportOptions extends ServerOptions {
  readonly exportProfile: ExportProfile;
  readonly format: "universal" | "yaml" | "json" | "kubernetes";
  readonly includeAdmin?: boolean;
  readonly systemNamespace: string;
  readonly file?: string;
  readonly progress?: boolean;
}

const READS_AT_ONCE = 8;
const WRITE_BYTES = 1 << 20;

export function registerExport(program: Command, terminal: Terminal): void {
  const command = program
    .command("export")
    .description("resources of a server as a file that import, apply or kubectl takes")
    .addOption(
      new Option("-p, --export-profile <profile>", "what: federation is what a zone needs to join a global")
        .choices(EXPORT_PROFILES)
        .default("federation"),
    )
    .addOption(
      new Option("-f, --format <format>", "universal is YAML")
        .choices(["universal", "yaml", "json", "kubernetes"])
        .default("universal"),
    )
    .option("-a, --include-admin", "secrets as well; profiles of a federation always hold them")
    .option("-n, --system-namespace <namespace>", "with -f kubernetes: where the control plane runs", "kuma-system")
    .option("--file <file>", "write to a file that only you can read, in place of standard output")
    .option("--progress", "tell how far it is");
  withServer(command).action((options: ExportOptions) => exportAll(terminal, options));
}

async function exportAll(terminal: Terminal, options: ExportOptions): Promise<void> {
  const connection = connect(terminal, options);
  const stop = terminal.interruption();
  const interrupted = (): void => {
    if (stop.aborted) throw new CommandError("interrupted: nothing was written", ExitCode.interrupted);
  };
  const [index, resources] = await connection.ask(async (client) => {
    const types = exportedTypes(await client.resourceTypes(), options.exportProfile, {
      includeAdmin: options.includeAdmin ?? false,
      isAdminOnly: isAdminOnly(),
    });
    return [await client.index(), await read(terminal, connection, types, options, stop)] as const;
  });
  interrupted();
  const exported = exportedResources(resources, options.exportProfile);
  const documents =
    options.format === "kubernetes"
      ? await connection.ask((client) => manifests(terminal, client, exported, options, stop))
      : exported;
  interrupted();
  const { product, version, hostname, clusterId, instanceId } = index;
  const head = `# Product: ${product}, Version: ${version}, Hostname: ${hostname}, ClusterId: ${clusterId}, InstanceId: ${instanceId}\n`;
  const parts =
    options.format === "json"
      ? [`${formatJson({ total: documents.length, items: documents, next: null })}\n`]
      : [
          head,
          ...documents.map(
            (document) =>
              `---\n${options.format === "kubernetes" ? formatYaml(document) : formatResourceYaml(document)}\n`,
          ),
        ];
  if (options.file === undefined) writeOut(terminal, parts);
  else writeFile(options.file, parts);
  if (options.file !== undefined) printLine(terminal.stderr, `${documents.length} resources in ${options.file}`);
}

/** The server does not say which types are for administrators; unknown ones are not. */
function isAdminOnly(): (type: ResourceType) => boolean {
  const registry = new Registry(builtinTypes);
  return ({ name }) => registry.get(name)?.isAdminOnly ?? false;
}

/** By type, and within a type by mesh. */
async function read(
  terminal: Terminal,
  { client }: Connection,
  types: readonly ResourceType[],
  options: ExportOptions,
  stop: AbortSignal,
): Promise<readonly RestResource[]> {
  const meshes = (await readAll(client, "meshes")).items;
  const collections = types.flatMap((type) =>
    type.scope === "Mesh" ? meshes.map((mesh) => collectionPath(type, mesh.name)) : [type.path],
  );
  const progress = new Progress(terminal, "export", { isWanted: options.progress ?? false });
  const found: (readonly RestResource[])[] = [];
  let loaded = 0;
  await forEachBounded(
    collections,
    READS_AT_ONCE,
    async (path, index) => {
      const { items, isUncertain } = await readAll(client, path, (count) => {
        loaded += count;
        progress.at(loaded, undefined);
      });
      if (isUncertain)
        printLine(terminal.stderr, `warning: ${path} changed while it was read; something may be missing`);
      found[index] = items;
    },
    stop,
  );
  progress.end();
  return found.flat();
}

async function manifests(
  terminal: Terminal,
  client: ApiClient,
  resources: readonly JsonObject[],
  options: ExportOptions,
  stop: AbortSignal,
): Promise<readonly JsonObject[]> {
  const types = new Map((await client.resourceTypes()).map((type) => [type.name, type]));
  const progress = new Progress(terminal, "manifests", {
    total: resources.length,
    isWanted: options.progress ?? false,
  });
  const found: (JsonObject | undefined)[] = [];
  await forEachBounded(
    resources,
    READS_AT_ONCE,
    async (resource, index) => {
      const { type, mesh, name } = resource as unknown as RestResource;
      const descriptor = types.get(type);
      if (descriptor === undefined) return;
      const manifest = await client.kubernetesManifest(resourcePath(descriptor, mesh ?? "", name));
      found[index] = exportedManifest(manifest, resource, { ...options, profile: options.exportProfile });
      progress.advance();
    },
    stop,
  );
  progress.end();
  return found.filter((manifest) => manifest !== undefined);
}

function writeOut(terminal: Terminal, parts: readonly string[]): void {
  for (const text of chunked(parts)) terminal.stdout.write(text);
}

/** In one step: an export that is not whole never has the name of one. */
function writeFile(file: string, parts: readonly string[]): void {
  const next = `${file}.${process.pid}.tmp`;
  try {
    const out = openSync(next, "w", 0o600);
    try {
      chmodSync(next, 0o600);
      for (const text of chunked(parts)) writeSync(out, text);
    } finally {
      closeSync(out);
    }
    renameSync(next, file);
  } catch (error) {
    rmSync(next, { force: true });
    throw new CommandError(`cannot write ${file}: ${errorMessage(error)}`);
  }
}

function* chunked(parts: readonly string[]): Generator<string> {
  let text = "";
  for (const part of parts) {
    text += part;
    if (text.length < WRITE_BYTES) continue;
    yield text;
    text = "";
  }
  if (text !== "") yield text;
}
