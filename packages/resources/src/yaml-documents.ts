/**
 * Files of resources: YAML with any number of documents, of which JSON is one form. Every document that cannot be read is
 * an error with its line; the others are still returned.
 */
import { errorMessage, type JsonValue, parseJson } from "@isthmus/std";
import { type Document, LineCounter, type ParsedNode, parseAllDocuments } from "yaml";

export interface YamlDocument {
  /** Line of the file, from 1, where the document begins. */
  readonly line: number;
  readonly value: JsonValue;
}

export interface YamlError {
  /** Line of the file, from 1. */
  readonly line: number;
  readonly message: string;
}

/** More aliases than this in one document are refused: a few lines can otherwise expand to gigabytes. */
const ALIASES_MAX = 100;

/** Empty documents are left out. */
export function parseYamlDocuments(text: string): {
  readonly documents: readonly YamlDocument[];
  readonly errors: readonly YamlError[];
} {
  const lines = new LineCounter();
  const documents: YamlDocument[] = [];
  const errors: YamlError[] = [];
  let parsed: readonly Document.Parsed[];
  try {
    const all = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, version: "1.2" });
    parsed = Array.isArray(all) ? all : [];
  } catch (error) {
    return { documents, errors: [{ line: 1, message: errorMessage(error) }] };
  }
  for (const document of parsed) {
    const line = lineOf(lines, document.contents);
    if (document.errors.length > 0) {
      for (const error of document.errors) {
        errors.push({ line: lines.linePos(error.pos[0]).line || line, message: error.message });
      }
      continue;
    }
    if (document.contents === null) continue;
    try {
      // Through JSON text, so that depth and reserved member names are treated as in any other JSON.
      const value = parseJson(JSON.stringify(document.toJS({ maxAliasCount: ALIASES_MAX })));
      if (!value.ok) errors.push({ line, message: value.error });
      else if (value.value !== null) documents.push({ line, value: value.value });
    } catch (error) {
      errors.push({ line, message: errorMessage(error) });
    }
  }
  return { documents, errors };
}

function lineOf(lines: LineCounter, contents: ParsedNode | null): number {
  return contents === null ? 1 : Math.max(lines.linePos(contents.range[0]).line, 1);
}
