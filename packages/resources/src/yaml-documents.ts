/**
 * Files of resources: YAML with any number of documents, of which JSON is one form. Every document that cannot be read is
 * an error with its line; the others are still returned.
 */
import { err, errorMessage, JSON_MAX_DEPTH, type JsonValue, ok, parseJson, type Result } from "@isthmus/std";
import { Composer, type CST, type Document, Lexer, LineCounter, Parser, type Tags } from "yaml";
import { fieldFinder } from "./yaml-field.ts";

export interface YamlDocument {
  /** Line of the file, from 1, where the document begins. */
  readonly line: number;
  readonly value: JsonValue;
  /** Line of the file of a field such as `spec.to[0].kind`, or of the deepest part of it that is there. */
  readonly lineAt: (field: string) => number;
}

export interface YamlError {
  /** Line of the file, from 1. */
  readonly line: number;
  readonly message: string;
}

/** More aliases than this in one document are refused: a few lines can otherwise expand to gigabytes. */
const ALIASES_MAX = 100;

/** A collection is one entry of the parser's stack; besides there are its document and what it is about to read. */
const STACK_MAX = JSON_MAX_DEPTH + 10;

/** Empty documents are left out. */
export function parseYamlDocuments(text: string): {
  readonly documents: readonly YamlDocument[];
  readonly errors: readonly YamlError[];
} {
  const compact = compactJson(text);
  if (compact !== undefined) return { documents: [{ line: 1, value: compact, lineAt: () => 1 }], errors: [] };
  const lines = new LineCounter();
  const documents: YamlDocument[] = [];
  const errors: YamlError[] = [];
  const tokens = readTokens(text, lines, errors);
  for (const document of new Composer({ version: "1.2" }).compose(tokens)) {
    const line = lineOf(lines, document.contents?.range[0] ?? document.range[0]);
    if (document.errors.length > 0) {
      for (const error of document.errors) errors.push({ line: lineOf(lines, error.pos[0]), message: error.message });
      continue;
    }
    if (document.contents === null) continue;
    try {
      const value = jsonOf(document);
      if (!value.ok) errors.push({ line, message: value.error });
      else if (value.value !== null) {
        const [start, , end] = document.range;
        const find = fieldFinder(() => text.slice(start, end));
        const lineAt = (field: string): number => {
          const offset = find(field);
          return offset === undefined ? line : lineOf(lines, start + offset);
        };
        documents.push({ line, value: value.value, lineAt });
      }
    } catch (error) {
      // Too many aliases, or a key that is no scalar.
      errors.push({ line, message: errorMessage(error) });
    }
  }
  return { documents, errors };
}

/** An object as programs write it, on one line: read much faster. Of one that comes back as the same text no member is there twice. */
function compactJson(text: string): JsonValue | undefined {
  if (!text.startsWith("{")) return undefined;
  const value = parseJson(text);
  return value.ok && JSON.stringify(value.value) === text ? value.value : undefined;
}

/**
 * The first document of a text as Kuma reads YAML inside of resources: YAML 1.1, where `yes` is true, without its dates and
 * numbers to the base of 60; of a key that is there twice the last one counts.
 */
export function parseYaml11(text: string): Result<JsonValue, string> {
  const lines = new LineCounter();
  const errors: YamlError[] = [];
  const tokens = readTokens(text, lines, errors);
  const composer = new Composer({ version: "1.1", uniqueKeys: false, merge: true, customTags: plainTags });
  const [document] = composer.compose(tokens, true, 0);
  const [tooDeep] = errors;
  if (tooDeep !== undefined) return err(tooDeep.message);
  const error = document?.errors[0];
  if (error !== undefined) return err(`line ${lineOf(lines, error.pos[0])}: ${error.message.split(" at line ")[0]}`);
  if (document === undefined) return ok(null);
  try {
    return jsonOf(document);
  } catch (cause) {
    return err(errorMessage(cause));
  }
}

/** Also without bytes, which are texts to Kuma. */
const plainTags = (tags: Tags): Tags =>
  tags.filter((tag) => typeof tag === "string" || !(tag.format === "TIME" || /:(?:timestamp|binary)$/.test(tag.tag)));

/**
 * The tokens of all documents before the first that is nested too deep. The parser keeps a stack of its own, but composing
 * its tokens is recursive, and running out of stack there can end the process instead of throwing.
 */
function readTokens(text: string, lines: LineCounter, errors: YamlError[]): readonly CST.Token[] {
  const parser = new Parser(lines.addNewLine);
  lines.addNewLine(0);
  const tokens: CST.Token[] = [];
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) tokens.push(token);
    if (parser.stack.length > STACK_MAX) {
      const message = `nested deeper than ${JSON_MAX_DEPTH} levels; nothing from here on was read`;
      errors.push({ line: lineOf(lines, parser.offset), message });
      return tokens;
    }
  }
  for (const token of parser.end()) tokens.push(token);
  return tokens;
}

/**
 * Through JSON text, so that depth and reserved member names are treated as in any other JSON.
 * @throws when there are too many aliases
 */
function jsonOf(document: Document): ReturnType<typeof parseJson> {
  return parseJson(JSON.stringify(document.toJS({ maxAliasCount: ALIASES_MAX })));
}

const lineOf = (lines: LineCounter, offset: number): number => Math.max(lines.linePos(offset).line, 1);
