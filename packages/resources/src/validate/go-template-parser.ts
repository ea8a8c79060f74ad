/**
 * Grammar of the subset of Go templates that resources use: text, fields, strings, function calls, pipelines, `if`, `else`
 * and `with`. What Go has beyond (variables, numbers, loops, definitions) is an error that says so. Texts of the other
 * errors are those of Go 1.26: text/template/parse/parse.go.
 */
import { err, ok, type Result } from "@isthmus/std";
import { describeToken, type Token } from "./go-template-lexer.ts";
import { TemplateError, TokenStream } from "./go-template-tokens.ts";
import { unquoteGo } from "./go-unquote.ts";

export type TemplateNode =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "action"; readonly pipeline: Pipeline }
  | {
      readonly kind: "if" | "with";
      readonly pipeline: Pipeline;
      readonly body: readonly TemplateNode[];
      readonly otherwise: readonly TemplateNode[];
    };

export interface Pipeline {
  readonly kind: "pipeline";
  readonly position: number;
  readonly commands: readonly Command[];
}

export interface Command {
  readonly position: number;
  readonly operands: readonly [Operand, ...Operand[]];
}

export type Operand =
  | Pipeline
  | { readonly kind: "field"; readonly position: number; readonly names: readonly string[] }
  | { readonly kind: "dot"; readonly position: number }
  | { readonly kind: "function"; readonly position: number; readonly name: string }
  | { readonly kind: "string"; readonly position: number; readonly text: string; readonly quoted: string }
  | { readonly kind: "bool"; readonly position: number; readonly value: boolean }
  | { readonly kind: "chain"; readonly position: number; readonly base: Operand; readonly names: readonly string[] };

const PARENS_MAX_DEPTH = 100;
const CONTROLS_MAX_DEPTH = 100;

/** `functions` are the names a template may call. */
export function parseNodes(text: string, functions: ReadonlySet<string>): Result<readonly TemplateNode[], string> {
  try {
    return ok(new Parser(new TokenStream(text), functions).parse());
  } catch (error) {
    if (error instanceof TemplateError) return err(error.message);
    throw error;
  }
}

type Stop = "end" | "else" | "eof";

class Parser {
  readonly #tokens: TokenStream;
  readonly #functions: ReadonlySet<string>;
  #parens = 0;
  #controls = 0;

  constructor(tokens: TokenStream, functions: ReadonlySet<string>) {
    this.#tokens = tokens;
    this.#functions = functions;
  }

  parse(): readonly TemplateNode[] {
    const { nodes, stop } = this.#list();
    if (stop !== "eof") this.#tokens.fail(`unexpected {{${stop}}}`);
    return nodes;
  }

  /** Up to the end of the text or to an `{{end}}` or `{{else}}`, which is consumed but for what follows `else`. */
  #list(): { nodes: TemplateNode[]; stop: Stop } {
    const nodes: TemplateNode[] = [];
    for (;;) {
      const token = this.#tokens.next();
      if (token.type === "end") return { nodes, stop: "eof" };
      if (token.type === "text") {
        nodes.push({ kind: "text", text: token.text });
        continue;
      }
      if (token.type !== "open") this.#tokens.unexpected(token, "input");
      this.#tokens.actionLine = token.line;
      const result = this.#action();
      this.#tokens.actionLine = 0;
      if (typeof result === "string") return { nodes, stop: result };
      nodes.push(result);
    }
  }

  #action(): TemplateNode | Stop {
    const token = this.#tokens.peekWord();
    if (token.type === "keyword") {
      switch (token.text) {
        case "end":
          this.#tokens.next();
          this.#expectClose("end");
          return "end";
        case "else":
          this.#tokens.next();
          if (!this.#isControl(this.#tokens.peekWord())) this.#expectClose("else");
          return "else";
        case "if":
        case "with":
          this.#tokens.next();
          return this.#control(token.text);
        case "nil":
          break;
        default:
          this.#tokens.fail(`<${token.text}> is not supported`);
      }
    }
    return { kind: "action", pipeline: this.#pipeline("command", "close") };
  }

  #control(kind: "if" | "with"): TemplateNode {
    if (this.#controls >= CONTROLS_MAX_DEPTH) this.#tokens.fail("max nesting depth exceeded");
    this.#controls += 1;
    const pipeline = this.#pipeline(kind, "close");
    const { nodes: body, stop } = this.#list();
    if (stop === "eof") this.#tokens.fail("unexpected EOF");
    const otherwise = stop === "else" ? this.#otherwise(kind) : [];
    this.#controls -= 1;
    return { kind, pipeline, body, otherwise };
  }

  /** `{{else if x}}` stands for `{{else}}{{if x}}` with a common end. */
  #otherwise(kind: "if" | "with"): readonly TemplateNode[] {
    const token = this.#tokens.peekWord();
    if (token.type === "keyword" && token.text === kind) {
      this.#tokens.next();
      return [this.#control(kind)];
    }
    const { nodes, stop } = this.#list();
    if (stop === "eof") this.#tokens.fail("unexpected EOF");
    if (stop === "else") this.#tokens.fail("expected end; found {{else}}");
    return nodes;
  }

  #pipeline(context: string, end: "close" | "rightParen"): Pipeline {
    const { position } = this.#tokens.peekWord();
    const commands: Command[] = [];
    for (;;) {
      const token = this.#tokens.peekWord();
      if (token.type === end) {
        this.#tokens.next();
        break;
      }
      if (token.type === "beyond") this.#tokens.beyond(token);
      if (!OPERAND_STARTS.has(token.type) && !isNil(token)) {
        this.#tokens.next();
        this.#tokens.unexpected(token, context);
      }
      commands.push(this.#command());
    }
    if (commands.length === 0) this.#tokens.fail(`missing value for ${context}`);
    const stage = commands.findIndex((command, index) => index > 0 && LITERALS.has(command.operands[0].kind));
    if (stage > 0) this.#tokens.fail(`non executable command in pipeline stage ${stage + 1}`);
    return { kind: "pipeline", position, commands };
  }

  #command(): Command {
    const { position } = this.#tokens.peekWord();
    const operands: Operand[] = [];
    for (;;) {
      const operand = this.#operand(this.#tokens.peekWord());
      if (operand !== undefined) operands.push(operand);
      const token = this.#tokens.next();
      if (token.type === "space") continue;
      if (token.type === "close" || token.type === "rightParen") this.#tokens.putBack(token);
      else if (token.type !== "pipe") this.#tokens.unexpected(token, "operand");
      break;
    }
    const [first, ...rest] = operands;
    if (first === undefined) return this.#tokens.fail("empty command");
    return { position, operands: [first, ...rest] };
  }

  #operand(token: Token): Operand | undefined {
    const term = this.#term(token);
    if (term === undefined) return undefined;
    const position = this.#tokens.peek().position;
    const names: string[] = [];
    while (this.#tokens.peek().type === "field") names.push(this.#tokens.next().text.slice(1));
    if (names.length === 0) return term;
    if (term.kind === "field") return { kind: "field", position, names: [...term.names, ...names] };
    if (LITERALS.has(term.kind))
      this.#tokens.fail(`unexpected . after term ${describeToken({ ...token, type: "text" })}`);
    return { kind: "chain", position, base: term, names };
  }

  #term(token: Token): Operand | undefined {
    const { position, text } = token;
    if (token.type === "beyond") this.#tokens.beyond(token);
    if (isNil(token)) this.#tokens.fail("nil is not supported");
    if (!OPERAND_STARTS.has(token.type)) return undefined;
    this.#tokens.next();
    switch (token.type) {
      case "identifier":
        if (!this.#functions.has(text)) this.#tokens.fail(`function "${text}" not defined`);
        return { kind: "function", position, name: text };
      case "dot":
        return { kind: "dot", position };
      case "field":
        return { kind: "field", position, names: [text.slice(1)] };
      case "bool":
        return { kind: "bool", position, value: text === "true" };
      case "string": {
        const unquoted = unquoteGo(text);
        return unquoted === undefined
          ? this.#tokens.fail("invalid syntax")
          : { kind: "string", position, text: unquoted, quoted: text };
      }
      default:
        return this.#parenthesized();
    }
  }

  #parenthesized(): Pipeline {
    if (this.#parens >= PARENS_MAX_DEPTH) this.#tokens.fail("max expression depth exceeded");
    this.#parens += 1;
    const pipeline = this.#pipeline("parenthesized pipeline", "rightParen");
    this.#parens -= 1;
    return pipeline;
  }

  #expectClose(context: string): void {
    this.#tokens.peekWord();
    const token = this.#tokens.next();
    if (token.type !== "close") this.#tokens.unexpected(token, context);
  }

  #isControl(token: Token): boolean {
    return token.type === "keyword" && (token.text === "if" || token.text === "with");
  }
}

const OPERAND_STARTS: ReadonlySet<string> = new Set(["identifier", "dot", "field", "bool", "string", "leftParen"]);
const LITERALS: ReadonlySet<string> = new Set(["bool", "dot", "string"]);

const isNil = (token: Token): boolean => token.type === "keyword" && token.text === "nil";
