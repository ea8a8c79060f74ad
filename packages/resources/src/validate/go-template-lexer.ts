/**
 * Tokens of a Go template. Reads on demand, as Go's lexer does, so that of several mistakes the same one is reported.
 * The texts of errors are those of Go 1.26: text/template/parse/lex.go, because they appear in answers of the API.
 */
import { goQuote } from "./go-quote.ts";

export type TokenType =
  | "text"
  | "open"
  | "close"
  | "space"
  | "pipe"
  | "leftParen"
  | "rightParen"
  | "string"
  | "field"
  | "dot"
  | "identifier"
  | "bool"
  | "keyword"
  /** What Go knows and this subset does not: numbers, characters, variables and their assignment. */
  | "beyond"
  | "character"
  | "error"
  | "end";

export interface Token {
  readonly type: TokenType;
  readonly text: string;
  /** Offset of the first character in the template. */
  readonly position: number;
  /** Counted from 1, where the token starts. */
  readonly line: number;
}

const OPEN = "{{";
const CLOSE = "}}";
const LINE_FEED = 0x0a;
/** Anchored patterns: `lastIndex` is set before each use. */
const BEGIN_TRIM = /\{\{-[ \t\r\n]/y;
const COMMENT = /\{\{(?:-[ \t\r\n])?\/\*/y;
const CLOSE_TRIM = /[ \t\r\n]-\}\}/y;
const SPACES: ReadonlySet<string> = new Set(" \t\r\n");
const BLANK = /[ \t\r\n]*/y;
const WORD = /[\p{L}\p{Nd}_]*/uy;
const TERMINATOR = /[ \t\r\n.,|:)(]|\}\}|$(?![^])/y;
const NUMBER = /[+-]?(?:0[xX][0-9a-fA-F_]*|[0-9_]*(?:\.[0-9_]*)?(?:[eE][+-]?[0-9_]*)?)i?/y;
const KEYWORDS: ReadonlySet<string> = new Set(
  "block define else end if range nil template with break continue".split(" "),
);

export class Lexer {
  readonly #input: string;
  #position = 0;
  #isInAction = false;
  #parens = 0;
  #failed: Token | undefined;
  #counted = { position: 0, line: 1 };

  constructor(input: string) {
    this.#input = input;
  }

  next(): Token {
    if (this.#failed !== undefined) return { ...this.#failed, type: "end", text: "" };
    return this.#isInAction ? this.#insideAction() : this.#text();
  }

  #text(): Token {
    for (;;) {
      const start = this.#position;
      const found = this.#input.indexOf(OPEN, start);
      const openAt = found < 0 ? this.#input.length : found;
      const trims = this.#match(BEGIN_TRIM, openAt) !== null;
      const textEnd = trims ? this.#withoutBlanks(start, openAt) : openAt;
      this.#position = openAt;
      if (textEnd > start) return this.#token("text", start, textEnd);
      if (found < 0) return this.#token("end", openAt);
      if (this.#match(COMMENT) === null) {
        this.#position = openAt + OPEN.length + (trims ? 2 : 0);
        this.#isInAction = true;
        this.#parens = 0;
        return this.#token("open", openAt, openAt + OPEN.length);
      }
      const error = this.#skipComment(openAt);
      if (error !== undefined) return error;
    }
  }

  /** End of the text between `start` and `end` once the blanks behind it are cut off. */
  #withoutBlanks(start: number, end: number): number {
    let last = end;
    while (last > start && SPACES.has(this.#input[last - 1] ?? "")) last -= 1;
    return last;
  }

  /** Position is at the opening delimiter of `{{/* ... *\/}}`. */
  #skipComment(openAt: number): Token | undefined {
    const start = this.#input.indexOf("/*", openAt);
    const end = this.#input.indexOf("*/", start + 2);
    if (end < 0) return this.#error("unclosed comment", start);
    this.#position = end + 2;
    const trims = this.#match(CLOSE_TRIM) !== null;
    if (!trims && !this.#input.startsWith(CLOSE, this.#position)) {
      return this.#error("comment ends before closing delimiter", start);
    }
    this.#position += trims ? 2 + CLOSE.length : CLOSE.length;
    if (trims) this.#position += this.#match(BLANK)?.[0].length ?? 0;
    return undefined;
  }

  #insideAction(): Token {
    const start = this.#position;
    const trims = this.#match(CLOSE_TRIM) !== null;
    if (trims || this.#input.startsWith(CLOSE, start)) {
      return this.#parens === 0 ? this.#close(trims) : this.#error("unclosed left paren", start);
    }
    const code = this.#input.codePointAt(start);
    if (code === undefined) return this.#error("unclosed action", start);
    const character = String.fromCodePoint(code);
    if (/[ \t\r\n]/.test(character)) return this.#spaces();
    if (character === "|") return this.#advance("pipe", 1);
    if (character === '"') return this.#quoted(/"(?:[^"\\\n]|\\[^\n])*"/y, "unterminated quoted string", "string");
    if (character === "`") return this.#quoted(/`[^`]*`/y, "unterminated raw quoted string", "string");
    if (character === "'") return this.#quoted(/'(?:[^'\\\n]|\\[^\n])*'/y, "unterminated character constant", "beyond");
    if (character === "(") {
      this.#parens += 1;
      return this.#advance("leftParen", 1);
    }
    if (character === ")") {
      this.#parens -= 1;
      return this.#parens < 0 ? this.#error("unexpected right paren", start) : this.#advance("rightParen", 1);
    }
    if (character === "=") return this.#advance("beyond", 1);
    if (character === ":") {
      return this.#input[start + 1] === "=" ? this.#advance("beyond", 2) : this.#error("expected :=", start);
    }
    return this.#wordOrNumber(character, code);
  }

  #wordOrNumber(character: string, code: number): Token {
    const start = this.#position;
    const following = this.#input[start + 1];
    // Go takes a dot at the very end for the start of a number.
    if (character === "." && following === undefined) return this.#advance("beyond", 1);
    if (character === "$" || (character === "." && !/[0-9]/.test(following ?? ""))) {
      return this.#word(character === "$" ? "beyond" : "field", 1);
    }
    if (/[-+.0-9]/.test(character)) return this.#number();
    if (/[\p{L}\p{Nd}_]/u.test(character)) return this.#word("identifier", 0);
    if (code >= 0x20 && code < 0x7f) return this.#advance("character", 1);
    return this.#error(`unrecognized character in action: ${unicodeName(code)}`, start);
  }

  /** Letters and digits after a prefix of the given length; what follows must end a word. */
  #word(type: "beyond" | "field" | "identifier", prefix: number): Token {
    const start = this.#position;
    const length = prefix + (this.#match(WORD, start + prefix)?.[0].length ?? 0);
    if (this.#match(TERMINATOR, start + length) === null) {
      return this.#error(`bad character ${unicodeName(this.#input.codePointAt(start + length) ?? 0)}`, start);
    }
    const word = this.#input.slice(start, start + length);
    if (word === ".") return this.#advance("dot", length);
    if (type !== "identifier") return this.#advance(type, length);
    if (word === "true" || word === "false") return this.#advance("bool", length);
    return this.#advance(KEYWORDS.has(word) ? "keyword" : "identifier", length);
  }

  #number(): Token {
    const start = this.#position;
    const length = this.#match(NUMBER)?.[0].length ?? 0;
    const rest = this.#match(WORD, start + length)?.[0] ?? "";
    if (rest === "") return this.#advance("beyond", length);
    const read = this.#input.slice(start, start + length) + String.fromCodePoint(rest.codePointAt(0) ?? 0);
    return this.#error(`bad number syntax: ${goQuote(read)}`, start);
  }

  /** A run of spaces; the last one may belong to a closing delimiter that trims. */
  #spaces(): Token {
    const start = this.#position;
    const length = this.#match(BLANK)?.[0].length ?? 0;
    const isBeforeTrim = this.#match(CLOSE_TRIM, start + length - 1) !== null;
    if (isBeforeTrim && length === 1) return this.#close(true);
    return this.#advance("space", isBeforeTrim ? length - 1 : length);
  }

  #close(trims: boolean): Token {
    const start = this.#position + (trims ? 2 : 0);
    const token = this.#token("close", start, start + CLOSE.length);
    this.#position = start + CLOSE.length;
    if (trims) this.#position += this.#match(BLANK)?.[0].length ?? 0;
    this.#isInAction = false;
    return token;
  }

  #quoted(pattern: RegExp, message: string, type: TokenType): Token {
    const match = this.#match(pattern);
    return match === null ? this.#error(message, this.#position) : this.#advance(type, match[0].length);
  }

  #advance(type: TokenType, length: number): Token {
    const start = this.#position;
    this.#position = start + length;
    return this.#token(type, start, this.#position);
  }

  #error(message: string, position: number): Token {
    this.#failed = { type: "error", text: message, position, line: this.#lineOf(position) };
    return this.#failed;
  }

  #token(type: TokenType, start: number, end = start): Token {
    return { type, text: this.#input.slice(start, end), position: start, line: this.#lineOf(start) };
  }

  /** Counts on from the last answer: asking for every token costs one pass in all. */
  #lineOf(position: number): number {
    if (position < this.#counted.position) this.#counted = { position: 0, line: 1 };
    let { line } = this.#counted;
    // Not with `indexOf`, which looks through the whole rest, token after token, where no line ends.
    for (let at = this.#counted.position; at < position; at += 1) {
      if (this.#input.charCodeAt(at) === LINE_FEED) line += 1;
    }
    this.#counted = { position, line };
    return line;
  }

  #match(pattern: RegExp, position = this.#position): RegExpExecArray | null {
    pattern.lastIndex = position;
    return pattern.exec(this.#input);
  }
}

/** How messages name a token. */
export function describeToken(token: Token): string {
  if (token.type === "end") return "EOF";
  if (token.type === "keyword" || token.type === "dot") return `<${token.text}>`;
  const characters = Array.from(token.text);
  return characters.length > 10 ? `${goQuote(characters.slice(0, 10).join(""))}...` : goQuote(token.text);
}

/** Go's `%#U`. */
function unicodeName(code: number): string {
  const number = `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
  const character = String.fromCodePoint(code);
  return goQuote(character).length === character.length + 2 || `"'\\`.includes(character)
    ? `${number} '${character}'`
    : number;
}
