/** Functions of Go's text/template that make sense for strings and conditions. */
import { err, ok, type Result } from "@isthmus/std";
import { goQuote } from "./go-quote.ts";

/** A record is a struct of Go, whose members are known; null is what a map does not hold. */
export type Value = string | boolean | number | null | Readonly<Record<string, string>> | ReadonlyMap<string, string>;

/** `typeName` gives the Go type of a value, for messages. */
type Call = (args: readonly Value[], typeName: (value: Value) => string) => Result<Value, string>;

interface Builtin {
  /** At least so many arguments, or just so many. */
  readonly min: number;
  readonly isExact?: boolean;
  readonly call: Call;
}

const BUILTINS: Readonly<Record<string, Builtin>> = {
  /** The first value that is false, or the last one. */
  and: { min: 1, call: (args) => ok(args.find((value) => !isTrue(value)) ?? args.at(-1) ?? "") },
  or: { min: 1, call: (args) => ok(args.find(isTrue) ?? args.at(-1) ?? "") },
  not: { min: 1, isExact: true, call: ([value]) => ok(!isTrue(value ?? "")) },
  eq: {
    min: 1,
    call: (args, typeName) => (args.length < 2 ? err("missing argument for comparison") : compare(args, typeName)),
  },
  ne: { min: 2, isExact: true, call: (args, typeName) => negated(compare(args, typeName)) },
  len: {
    min: 1,
    isExact: true,
    call: ([value = ""], typeName) => {
      if (typeof value === "string") return ok(Buffer.byteLength(value));
      if (value === null) return err("reflect: call of reflect.Value.Type on zero Value");
      return value instanceof Map ? ok(value.size) : err(`len of type ${typeName(value)}`);
    },
  },
  /** Like Go's, with spaces between arguments of which neither is a string. */
  print: {
    min: 0,
    call: (args) =>
      ok(
        args.reduce<string>((text, value, index) => {
          const isSpaced = index > 0 && typeof value !== "string" && typeof args[index - 1] !== "string";
          return `${text}${isSpaced ? " " : ""}${printArgument(value)}`;
        }, ""),
      ),
  },
  printf: { min: 1, call: ([format, ...args]) => ok(formatGo(format, args)) },
};

/** How many arguments a function takes, as its error says when `count` is not right; undefined when it is. */
export function expectedArguments(name: string, count: number): string | undefined {
  const builtin = Object.hasOwn(BUILTINS, name) ? BUILTINS[name] : undefined;
  if (builtin === undefined) return undefined;
  if (builtin.isExact === true) return String(builtin.min);
  return count < builtin.min ? `at least ${builtin.min}` : undefined;
}

export function callBuiltin(
  name: string,
  args: readonly Value[],
  typeName: (value: Value) => string,
): Result<Value, string> {
  return BUILTINS[name]?.call(args, typeName) ?? err(`function "${name}" not defined`);
}

/** What `if` asks. */
export function isTrue(value: Value): boolean {
  if (value instanceof Map) return value.size > 0;
  return value !== null && typeof value === "object" ? true : Boolean(value);
}

/** As an action prints it. */
export function printValue(value: Value): string {
  if (value === null) return "<no value>";
  if (value instanceof Map) return `map[${mapItems(value).join(" ")}]`;
  return typeof value === "object" ? `{${Object.values(value).join(" ")}}` : String(value);
}

const mapItems = (map: ReadonlyMap<string, string>): readonly string[] =>
  [...map].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => `${key}:${value}`);

/** As functions print it. */
const printArgument = (value: Value): string => (value === null ? "<nil>" : printValue(value));

/** Whether the first equals one of the others. */
function compare(
  [first = "", ...others]: readonly Value[],
  typeName: (value: Value) => string,
): Result<boolean, string> {
  for (const other of others) {
    if (first === null || other === null) {
      if (first === other) return ok(true);
      continue;
    }
    if (typeof first !== typeof other) {
      return err(`incompatible types for comparison: ${typeName(first)} and ${typeName(other)}`);
    }
    if (first === other) return ok(true);
  }
  return ok(false);
}

const negated = (result: Result<boolean, string>): Result<boolean, string> => (result.ok ? ok(!result.value) : result);

/** `%s`, `%v`, `%d`, `%t`, `%q` and `%%`; anything else shows up as Go's `%!x(...)`, which no name survives. */
function formatGo(format: Value | undefined, args: readonly Value[]): string {
  const rest = [...args];
  const text = printValue(format ?? "").replace(/%([^])/gu, (_match, verb: string) => {
    if (verb === "%") return "%";
    const value = rest.shift();
    if (value === undefined) return `%!${verb}(MISSING)`;
    if (value === null) return verb === "v" ? "<nil>" : `%!${verb}(<nil>)`;
    if (verb === "q" && typeof value === "string") return goQuote(value);
    const kinds: Readonly<Record<string, string>> = { s: "string", d: "number", t: "boolean" };
    return verb === "v" || kinds[verb] === typeof value || (verb === "s" && typeof value === "object")
      ? printValue(value)
      : `%!${verb}(${kindOf(value)}=${printValue(value)})`;
  });
  return rest.length === 0
    ? text
    : `${text}%!(EXTRA ${rest.map((value) => `${kindOf(value)}=${printValue(value)}`).join(", ")})`;
}

/** The Go type of a value. */
function kindOf(value: Value): string {
  if (value === null) return "<nil>";
  if (typeof value === "object") return value instanceof Map ? "map[string]string" : "struct";
  if (typeof value === "number") return "int";
  return typeof value === "boolean" ? "bool" : "string";
}
