/** Resources of one YAML or JSON file, each in the form that REST takes; every problem comes with its line. */
import { isJsonObject } from "@isthmus/std";
import type { Registry } from "./registry.ts";
import type { Resource } from "./resource.ts";
import { type ParseFailure, type ParseOptions, parseResource } from "./rest-codec.ts";
import { formatViolations } from "./violation.ts";
import { parseYamlDocuments } from "./yaml-documents.ts";

export interface FileProblem {
  /** Line of the file, from 1: of the problem, or of the beginning of the document that has it. */
  readonly line: number;
  readonly message: string;
}

export interface ResourceFile {
  readonly resources: readonly { readonly line: number; readonly resource: Resource }[];
  readonly problems: readonly FileProblem[];
}

export function parseResourceFile(text: string, registry: Registry, options: ParseOptions = {}): ResourceFile {
  const { documents, errors } = parseYamlDocuments(text);
  const resources: { line: number; resource: Resource }[] = [];
  const problems: FileProblem[] = [...errors];
  for (const { line, value } of documents) {
    if (!isJsonObject(value)) {
      problems.push({ line, message: "a resource has to be a mapping" });
      continue;
    }
    const { type } = value;
    const descriptor = typeof type === "string" ? registry.get(type) : undefined;
    if (descriptor === undefined) {
      const message = typeof type === "string" ? `unknown resource type ${JSON.stringify(type)}` : "`type` is missing";
      problems.push({ line, message });
      continue;
    }
    const parsed = parseResource(descriptor, value, options);
    if (parsed.ok) resources.push({ line, resource: parsed.value });
    else problems.push({ line, message: describeFailure(parsed.error) });
  }
  return { resources, problems: problems.sort((a, b) => a.line - b.line) };
}

/** One line for people. */
export function describeFailure(failure: ParseFailure): string {
  return failure.kind === "malformed" ? failure.detail : formatViolations(failure.violations);
}
