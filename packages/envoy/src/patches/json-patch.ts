/**
 * JSON Patch (RFC 6902) as Kuma applies it: what is to be removed may be missing, parents of what is added are made, and places of
 * lists may be counted from their end. Source: kuma v2.14.3: pkg/plugins/policies/core/jsonpatch/merge.go.
 */
import { textOf } from "@isthmus/resources";
import { err, isJsonObject, type JsonObject, type JsonValue, ok, type Result } from "@isthmus/std";

/** `patches`: `{op, path, from?, value?}`. All of them or, with the reason, none. */
export function applyJsonPatches(document: JsonValue, patches: readonly JsonObject[]): Result<JsonValue, string> {
  let patched = document;
  for (const patch of patches) {
    const result = applyOne(patched, patch);
    if (!result.ok) return err(`${textOf(patch, "op")} ${textOf(patch, "path")}: ${result.error}`);
    patched = result.value;
  }
  return ok(patched);
}

type Change = (value: JsonValue | undefined) => Result<JsonValue | undefined, string>;

function applyOne(document: JsonValue, patch: JsonObject): Result<JsonValue, string> {
  const path = tokensOf(textOf(patch, "path"));
  const value = patch.value ?? null;
  switch (textOf(patch, "op")) {
    case "add":
      return add(document, path, value);
    case "replace":
      return at(document, path, { isMade: false }, (old) => (old === undefined ? missing : ok(value)));
    case "remove":
      return remove(document, path);
    case "copy":
    case "move": {
      const from = tokensOf(textOf(patch, "from"));
      const found = valueAt(document, from);
      if (found === undefined) return err(`there is nothing at ${textOf(patch, "from")}`);
      if (textOf(patch, "op") === "copy") return add(document, path, found);
      const rest = remove(document, from);
      return rest.ok ? add(rest.value, path, found) : rest;
    }
    default:
      return err("unknown operation");
  }
}

const missing = err("there is nothing");

function add(document: JsonValue, path: readonly string[], value: JsonValue): Result<JsonValue, string> {
  return at(document, path, { isMade: true }, () => ok(value));
}

function remove(document: JsonValue, path: readonly string[]): Result<JsonValue, string> {
  if (path.length === 0) return err("the whole cannot be removed");
  if (valueAt(document, path) === undefined) return ok(document);
  return at(document, path, { isMade: false }, () => ok(undefined));
}

/** A pointer of RFC 6901; without a slash at its beginning it is read as if it had one. */
function tokensOf(pointer: string): readonly string[] {
  if (pointer === "") return [];
  const tokens = pointer.split("/").map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~"));
  return pointer.startsWith("/") ? tokens.slice(1) : tokens;
}

function valueAt(document: JsonValue, path: readonly string[]): JsonValue | undefined {
  let value: JsonValue | undefined = document;
  for (const token of path) {
    if (Array.isArray(value)) value = value[placeOf(token, value.length) ?? -1];
    else value = isJsonObject(value) && Object.hasOwn(value, token) ? value[token] : undefined;
  }
  return value;
}

interface Options {
  /** What is not there is made, and lists grow. */
  readonly isMade: boolean;
}

/** The document with another value at the path; `change` to undefined takes it away. */
function at(
  document: JsonValue | undefined,
  path: readonly string[],
  options: Options,
  change: Change,
): Result<JsonValue, string> {
  const [token, ...rest] = path;
  if (token === undefined) {
    const changed = change(document);
    return changed.ok && changed.value === undefined
      ? err("the whole cannot be removed")
      : (changed as Result<JsonValue, string>);
  }
  if (document === undefined && !options.isMade) return missing;
  const container = document ?? (/^(?:-|\d+)$/.test(token) ? [] : {});
  if (Array.isArray(container)) return inList(container, token, rest, options, change);
  if (!isJsonObject(container)) return err(`${token} is looked for in what has no members`);
  const old = Object.hasOwn(container, token) ? container[token] : undefined;
  const changed = rest.length === 0 ? change(old) : at(old, rest, options, change);
  if (!changed.ok) return changed;
  const others = Object.entries(container).filter(([key]) => key !== token);
  const kept = changed.value === undefined ? [] : [[token, changed.value] as const];
  // In its old place, so that equal patches give equal texts.
  const entries =
    old === undefined || kept.length === 0 ? [...others, ...kept] : replaced(container, token, changed.value);
  return ok(Object.fromEntries(entries));
}

function replaced(
  object: JsonObject,
  key: string,
  value: JsonValue | undefined,
): readonly (readonly [string, JsonValue])[] {
  return Object.entries(object).map(([name, old]) => [name, (name === key ? value : old) ?? null] as const);
}

function inList(
  list: readonly JsonValue[],
  token: string,
  rest: readonly string[],
  options: Options,
  change: Change,
): Result<JsonValue, string> {
  const isInsertion = options.isMade && rest.length === 0;
  const place = token === "-" ? list.length : placeOf(token, isInsertion ? list.length + 1 : list.length);
  if (place === undefined || place > list.length || (place === list.length && !options.isMade)) {
    return err(`${token} is no place of a list of ${list.length}`);
  }
  const changed = rest.length === 0 ? change(list[place]) : at(list[place], rest, options, change);
  if (!changed.ok) return changed;
  const end = isInsertion ? place : place + 1;
  const items = changed.value === undefined ? [] : [changed.value];
  return ok([...list.slice(0, place), ...items, ...list.slice(end)]);
}

/** `length`: of the list, from whose end negative places count. */
function placeOf(token: string, length: number): number | undefined {
  if (!/^-?\d+$/.test(token)) return undefined;
  const place = Number(token);
  return place >= 0 ? place : place + length >= 0 ? place + length : undefined;
}
