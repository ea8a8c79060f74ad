/** Resources from files, folders and standard input: YAML with many documents, or JSON. Errors name file and line. */
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { parseYamlDocuments, type YamlDocument } from "@isthmus/resources";
import { errorMessage, isJsonObject, type JsonObject, type JsonValue } from "@isthmus/std";

export interface SourceDocument {
  /** `file.yaml:12` */
  readonly origin: string;
  readonly resource: JsonObject & { readonly type: string; readonly name: string };
  /** `file.yaml:17`, of a field such as `spec.to[0].kind`. */
  readonly originOf: (field: string) => string;
}

/** The same place with another content. Where it stands is still looked up only when something is said about it. */
export function withResource(document: SourceDocument, resource: SourceDocument["resource"]): SourceDocument {
  return {
    get origin() {
      return document.origin;
    },
    originOf: document.originOf,
    resource,
  };
}

export interface ReadDocuments {
  readonly documents: readonly SourceDocument[];
  /** `file.yaml:12: reason` each. */
  readonly problems: readonly string[];
}

const EXTENSIONS = [".yaml", ".yml", ".json"];
const STDIN = "-";

/** `-` is standard input. A folder means its YAML and JSON files in order of name, not recursively. */
export async function readDocuments(
  paths: readonly string[],
  readInput: () => Promise<string> = async () => "",
): Promise<ReadDocuments> {
  const documents: SourceDocument[] = [];
  const problems: string[] = [];
  for (const path of paths) {
    try {
      for (const file of await filesOf(path)) {
        const parsed =
          file === STDIN
            ? parseDocuments("stdin", await readInput())
            : parseDocuments(file, await readFile(file, "utf8"));
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
  for (const document of read) {
    for (const { value, lineAt } of itemsOf(document)) {
      const problem = problemOf(value);
      if (problem !== undefined) found.push({ line: lineAt(""), message: problem });
      else {
        documents.push({
          // Lines of items are looked up, which is work for a long list: only for those that are spoken about.
          get origin() {
            return `${name}:${lineAt("")}`;
          },
          originOf: (field) => `${name}:${lineAt(field)}`,
          resource: value as SourceDocument["resource"],
        });
      }
    }
  }
  const problems = found.sort((a, b) => a.line - b.line).map(({ line, message }) => `${name}:${line}: ${message}`);
  return { documents, problems };
}

/** A list as `get -o yaml` prints it is its items. */
function itemsOf(document: YamlDocument): readonly Pick<YamlDocument, "value" | "lineAt">[] {
  const { value } = document;
  const items = isJsonObject(value) && value["type"] === undefined ? value["items"] : undefined;
  if (!Array.isArray(items))
    return [{ value, lineAt: (field) => (field === "" ? document.line : document.lineAt(field)) }];
  return (items as readonly JsonValue[]).map((item, i) => ({
    value: item,
    lineAt: (field) => document.lineAt(field === "" ? `items[${i}]` : `items[${i}].${field}`),
  }));
}

function problemOf(value: JsonValue): string | undefined {
  if (!isJsonObject(value)) return "a resource has to be a mapping";
  if (typeof value["apiVersion"] === "string" && typeof value["kind"] === "string" && value["type"] === undefined) {
    return `${value["kind"]} is a manifest for Kubernetes; kubectl takes it`;
  }
  if (typeof value["type"] !== "string") return "type is missing";
  if (typeof value["name"] !== "string") return "name is missing";
  return undefined;
}

async function filesOf(path: string): Promise<string[]> {
  if (path === STDIN) return [path];
  if (!(await stat(path)).isDirectory()) return [path];
  const names = await readdir(path);
  return names
    .filter((name) => EXTENSIONS.some((extension) => name.endsWith(extension)))
    .sort()
    .map((name) => join(path, name));
}
