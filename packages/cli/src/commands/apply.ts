/** `isthmus apply -f FILE|FOLDER|-`: puts every resource; one that is refused does not stop the others. */
import type { ApiClient, ResourceType } from "@isthmus/api";
import type { Command } from "commander";
import { readDocuments, type SourceDocument } from "../documents.ts";
import { CommandError, ExitCode } from "../exit-code.ts";
import { clientOf, explainError, resourcePath, type ServerOptions, withServer } from "../server.ts";

interface ApplyOptions extends ServerOptions {
  readonly file: readonly string[];
  readonly mesh: string;
}

export interface ApplyResult {
  readonly applied: number;
  /** `file.yaml:3: MeshTimeout/a: reason` each. */
  readonly failures: readonly string[];
}

export function registerApply(program: Command): void {
  withServer(program.command("apply"))
    .description("create or update resources from YAML or JSON")
    .requiredOption("-f, --file <path...>", "files or folders; - reads standard input")
    .option("-m, --mesh <mesh>", "mesh of resources that name none", "default")
    .action(async (options: ApplyOptions) => {
      const { documents, problems } = await readDocuments(options.file);
      if (problems.length > 0) throw new CommandError(problems.join("\n"), ExitCode.usage);
      const client = clientOf(options);
      const result = await applyDocuments(client, documents, { ...options, report: (line) => console.log(line) });
      if (result.failures.length > 0) throw new CommandError(result.failures.join("\n"));
    });
}

/** In order of the documents: a mesh before what is in it is the author's to say. */
export async function applyDocuments(
  client: ApiClient,
  documents: readonly SourceDocument[],
  options: { readonly mesh: string; readonly server: string; readonly report: (line: string) => void },
): Promise<ApplyResult> {
  const types = new Map<string, ResourceType>();
  try {
    for (const type of await client.resourceTypes()) types.set(type.name, type);
  } catch (error) {
    throw new CommandError(explainError(error, options.server));
  }
  const failures: string[] = [];
  let applied = 0;
  for (const { origin, resource } of documents) {
    const label = `${resource.type}/${resource.name}`;
    const type = types.get(resource.type);
    if (!type) {
      failures.push(`${origin}: ${label}: unknown type`);
      continue;
    }
    const mesh = typeof resource["mesh"] === "string" ? resource["mesh"] : options.mesh;
    const body = type.scope === "Mesh" ? { ...resource, mesh } : resource;
    try {
      const { created, warnings } = await client.put(resourcePath(type, mesh, resource.name), body);
      applied += 1;
      options.report(`${label} ${created ? "created" : "updated"}`);
      for (const warning of warnings) options.report(`  warning: ${warning}`);
    } catch (error) {
      failures.push(`${origin}: ${label}: ${explainError(error, options.server)}`);
    }
  }
  return { applied, failures };
}
