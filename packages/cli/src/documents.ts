/** Resources from files, folders and standard input: YAML with many documents, or JSON. Errors name file and line. */
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { parseYamlDocuments } from "@isthmus/resources";
import { errorMessage, isJsonObject, type JsonObject } from "@isthmus/std";

export interface SourceDocument {
  /** `file.yaml:12` */
  readonly origin: string;
  readonly resource: JsonObject & { readonly type: string; readonly name: string };
}

export interface ReadDocuments {
  readonly documents: readonly SourceDocument[];
  /** `file.yaml:12: reason` each. */
  readonly problems: readonly string[];
}

const EXTENSIONS = [".yaml", ".yml", ".json"];

/** `-` is standard input. A folder means its YAML and JSON files in order of name, not recursively. */
export async function readDocuments(paths: readonly string[]): Promise<ReadDocuments> {
  const documents: SourceDocument[] = [];
  const problems: string[] = [];
  for (const path of paths) {
    try {
      for (const file of await filesOf(path)) {
        const parsed = parseDocuments(file, file === "-" ? await readStdin() : await readFile(file, "utf8"));
        documents.push(...parsed.documents);
        problems.push(...parsed.problems);
      }
    } catch (error) {
      problems.push(`${path}: ${errorMessage(error)}`);
    }
  }
  return { documents, problems };
}

export function parseDocuments(name: string, text: string): ReadDocuments {
  const { documents: read, errors } = parseYamlDocuments(text);
  const documents: SourceDocument[] = [];
  const found = errors.map(({ line, message }) => ({ line, message: message.split("\n")[0] ?? message }));
  for (const { line, value } of read) {
    if (!isJsonObject(value)) {
      found.push({ line, message: "a resource has to be a mapping" });
      continue;
    }
    const { type, name: resourceName } = value;
    if (typeof type !== "string") found.push({ line, message: "type is missing" });
    else if (typeof resourceName !== "string") found.push({ line, message: "name is missing" });
    else documents.push({ origin: `${name}:${line}`, resource: { ...value, type, name: resourceName } });
  }
  const problems = found.sort((a, b) => a.line - b.line).map(({ line, message }) => `${name}:${line}: ${message}`);
  return { documents, problems };
}

async function filesOf(path: string): Promise<string[]> {
  if (path === "-") return [path];
  if (!(await stat(path)).isDirectory()) return [path];
  const names = await readdir(path);
  return names
    .filter((name) => EXTENSIONS.some((extension) => name.endsWith(extension)))
    .sort()
    .map((name) => join(path, name));
}

async function readStdin(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks).toString("utf8");
}
