/**
 * Go templates of host names, trust domains and SPIFFE ids: parse once, render for each resource. Errors are values, with
 * the text of Go's text/template. Fields, strings, pipelines, `if`, `with`, the function `label` and Go's functions for
 * strings and conditions are known. Source: kuma v2.14.3: pkg/core/resources/apis/hostnamegenerator/hostname/generator.go.
 */
import { err, ok, type Result } from "@isthmus/std";
import { callBuiltin, expectedArguments, isTrue, printValue, type Value } from "./go-template-functions.ts";
import { type Command, type Operand, type Pipeline, parseNodes, type TemplateNode } from "./go-template-parser.ts";

export interface Template {
  readonly text: string;
  readonly nodes: readonly TemplateNode[];
}

export interface TemplateData {
  /** What `.Name` and the like stand for: a struct, in the order in which Go's has its members, or a map. */
  readonly fields: Readonly<Record<string, string>> | ReadonlyMap<string, string>;
  /** Answers `label "key"`; undefined is an error of the template. */
  readonly label: (key: string) => string | undefined;
  /** How messages name the type of the fields; by default as an anonymous struct. */
  readonly typeName?: string;
}

/** Those that Go itself has. */
export const GO_FUNCTIONS: ReadonlySet<string> = new Set(["and", "or", "not", "eq", "ne", "len", "print", "printf"]);
const FUNCTIONS: ReadonlySet<string> = new Set([...GO_FUNCTIONS, "label"]);

/** The error is Go's, such as `template: :1: unclosed action`. */
export function parseTemplate(text: string, functions: ReadonlySet<string> = FUNCTIONS): Result<Template, string> {
  const nodes = parseNodes(text, functions);
  return nodes.ok ? ok({ text, nodes: nodes.value }) : nodes;
}

export function renderTemplate(template: Template, data: TemplateData): Result<string, string> {
  try {
    return ok(new Rendering(template.text, data).walk(template.nodes, data.fields));
  } catch (error) {
    if (error instanceof RenderError) return err(error.message);
    throw error;
  }
}

class RenderError extends Error {}

class Rendering {
  readonly #text: string;
  readonly #data: TemplateData;
  /** What is being evaluated, for messages: an error behind a pipeline in parentheses names the last part of that one. */
  #current: Operand | Command | undefined;

  constructor(text: string, data: TemplateData) {
    this.#text = text;
    this.#data = data;
  }

  walk(nodes: readonly TemplateNode[], dot: Value): string {
    let output = "";
    for (const node of nodes) {
      if (node.kind === "text") {
        output += node.text;
        continue;
      }
      const value = this.#pipeline(node.pipeline, dot);
      if (node.kind === "action") output += printValue(value);
      else if (!isTrue(value)) output += this.walk(node.otherwise, dot);
      else output += this.walk(node.body, node.kind === "with" ? value : dot);
    }
    return output;
  }

  #pipeline(pipeline: Pipeline, dot: Value): Value {
    this.#current = pipeline;
    let value: Value | undefined;
    for (const command of pipeline.commands) value = this.#command(command, dot, value);
    return value === undefined ? "" : value;
  }

  /** `piped` is the value of the command before it in the pipeline: the last argument of this one. */
  #command(command: Command, dot: Value, piped: Value | undefined): Value {
    const [first, ...rest] = command.operands;
    if (first.kind === "function") return this.#call(command, first, rest, dot, piped);
    const hasArguments = rest.length > 0 || piped !== undefined;
    const isField = first.kind === "field" || first.kind === "chain";
    if (hasArguments && !isField) {
      if (first.kind !== "pipeline") this.#current = first;
      this.#fail(`can't give argument to non-function ${showOperand(first)}`);
    }
    if (hasArguments && first.kind === "field" && first.names.length === 1 && dot instanceof Map) {
      this.#current = first;
      this.#fail(`${first.names[0]} is not a method but has arguments`);
    }
    const value = this.#operand(first, dot);
    if (hasArguments && isField) this.#fail(`${first.names.at(-1)} has arguments but cannot be invoked as function`);
    return value;
  }

  #operand(operand: Operand, dot: Value): Value {
    this.#current = operand;
    switch (operand.kind) {
      case "string":
        return operand.text;
      case "bool":
        return operand.value;
      case "dot":
        return dot;
      case "pipeline":
        return this.#pipeline(operand, dot);
      case "field":
        return this.#fields(operand.names, dot);
      case "chain":
        return this.#fields(operand.names, this.#operand(operand.base, dot));
      case "function":
        return this.#call(operand, operand, [], dot, undefined);
    }
  }

  #fields(names: readonly string[], receiver: Value): Value {
    let value = receiver;
    for (const name of names) {
      const next = memberOf(value, name);
      if (next === undefined) this.#fail(`can't evaluate field ${name} in type ${this.#typeName(value)}`);
      value = next;
    }
    return value;
  }

  #call(
    command: Command | Operand,
    { name, ...called }: Operand & { readonly kind: "function" },
    rest: readonly Operand[],
    dot: Value,
    piped: Value | undefined,
  ): Value {
    this.#current = { name, ...called };
    const count = rest.length + (piped === undefined ? 0 : 1);
    const wanted = name === "label" ? "1" : expectedArguments(name, count);
    if (wanted !== undefined && wanted !== String(count)) {
      this.#fail(`wrong number of args for ${name}: want ${wanted} got ${count}`);
    }
    const values: Value[] = [];
    for (const [index, operand] of rest.entries()) {
      const isText = name === "label" || (name === "printf" && index === 0);
      const value = isText ? this.#textOf(operand, dot) : this.#operand(operand, dot);
      if (decides(name, value)) return value;
      values.push(value);
    }
    if (piped !== undefined) values.push(piped);
    if (name !== "label") {
      const result = callBuiltin(name, values, (value) => this.#typeName(value));
      if (result.ok) return result.value;
      this.#current = command;
      this.#fail(`error calling ${name}: ${result.error}`);
    }
    const [key = ""] = values;
    if (typeof key !== "string") this.#fail(`wrong type for value; expected string; got ${this.#typeName(key)}`);
    const label = this.#data.label(key);
    if (label !== undefined) return label;
    this.#current = command;
    return this.#fail(`error calling label: label ${key} not found`);
  }

  /** An argument that must be a string, checked where it stands. */
  #textOf(operand: Operand, dot: Value): Value {
    const value = this.#operand(operand, dot);
    if (value === null) this.#fail("invalid value; expected string");
    if (operand.kind === "bool") this.#fail(`expected string; found ${operand.value}`);
    if (typeof value !== "string") this.#fail(`wrong type for value; expected string; got ${this.#typeName(value)}`);
    return value;
  }

  #typeName(value: Value): string {
    if (typeof value === "boolean") return "bool";
    if (value === null) return "nil";
    if (value instanceof Map) return "map[string]string";
    if (typeof value !== "object") return typeof value === "number" ? "int" : "string";
    const members = Object.keys(value).map((name) => `${name} string`);
    return this.#data.typeName ?? `struct { ${members.join("; ")} }`;
  }

  #fail(message: string): never {
    const where = this.#current;
    if (where === undefined) throw new RenderError(`template: : ${message}`);
    const before = this.#text.slice(0, where.position);
    const lineStart = before.lastIndexOf("\n") + 1;
    const line = before.split("\n").length;
    const column = Buffer.byteLength(before.slice(lineStart));
    throw new RenderError(`template: :${line}:${column}: executing "" at <${show(where)}>: ${message}`);
  }
}

/** Of what is not there, and of a map, every member may be asked. */
function memberOf(value: Value, name: string): Value | undefined {
  if (value === null) return null;
  if (value instanceof Map) return value.get(name) ?? null;
  const isStruct = typeof value === "object" && Object.hasOwn(value, name);
  return isStruct ? (value as Readonly<Record<string, string>>)[name] : undefined;
}

/** `and` and `or` do not look at the arguments after the one that settles it. */
const decides = (name: string, value: Value): boolean =>
  (name === "and" && !isTrue(value)) || (name === "or" && isTrue(value));

/** A part of a template as Go writes it out. */
function show(part: Operand | Command): string {
  return "operands" in part ? part.operands.map(showArgument).join(" ") : showOperand(part);
}

/** As an argument: pipelines in parentheses. */
const showArgument = (operand: Operand): string =>
  operand.kind === "pipeline" ? `(${showOperand(operand)})` : showOperand(operand);

function showOperand(operand: Operand): string {
  switch (operand.kind) {
    case "pipeline":
      return operand.commands.map(show).join(" | ");
    case "field":
      return operand.names.map((name) => `.${name}`).join("");
    case "chain":
      return showArgument(operand.base) + operand.names.map((name) => `.${name}`).join("");
    case "dot":
      return ".";
    case "function":
      return operand.name;
    case "string":
      return operand.quoted;
    case "bool":
      return String(operand.value);
  }
}
