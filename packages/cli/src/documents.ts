/** Resources from files, folders and standard input: YAML with many documents, or JSON. Errors name file and line. */
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { errorMessage, isJsonObject, type JsonObject } from "@isthmus/std";
import { LineCounter, parseAllDocuments } from "yaml";

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
  const lineCounter = new LineCounter();
  const documents: SourceDocument[] = [];
  const problems: string[] = [];
  for (const document of parseAllDocuments(text, { lineCounter })) {
    const line = lineCounter.linePos(document.contents?.range?.[0] ?? document.range?.[0] ?? 0).line;
    for (const error of document.errors) {
      const at = error.linePos?.[0].line ?? line;
      problems.push(`${name}:${at}: ${error.message.split("\n")[0] ?? error.message}`);
    }
    if (document.errors.length > 0) continue;
    const value: unknown = document.toJS({ maxAliasCount: 100 });
    if (value === null || value === undefined) continue;
    if (!isJsonObject(value)) {
      problems.push(`${name}:${line}: a resource has to be a mapping`);
      continue;
    }
    const { type, name: resourceName } = value;
    if (typeof type !== "string") problems.push(`${name}:${line}: type is missing`);
    else if (typeof resourceName !== "string") problems.push(`${name}:${line}: name is missing`);
    else documents.push({ origin: `${name}:${line}`, resource: { ...value, type, name: resourceName } });
  }
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
