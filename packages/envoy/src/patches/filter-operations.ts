/** Where in a list of named parts (filters, virtual hosts) a modification puts, changes or removes one. */
import { textOf } from "@isthmus/resources";
import { err, type JsonObject, ok, type Result } from "@isthmus/std";
import type { Modification } from "./modification.ts";

type Parts = Result<readonly JsonObject[], string>;
type Patch = (part: JsonObject, modification: Modification) => Result<JsonObject, string>;

/** Those that end a chain: nothing can come behind them. */
const LAST: ReadonlySet<string> = new Set([
  "envoy.filters.network.http_connection_manager",
  "envoy.filters.network.tcp_proxy",
  "envoy.filters.http.router",
]);

export function placed(parts: readonly JsonObject[], modification: Modification, patch: Patch): Parts {
  const { operation, match, value } = modification;
  const name = textOf(match, "name");
  const isMeant = (part: JsonObject): boolean => name === "" || textOf(part, "name") === name;
  const place = name === "" ? -1 : parts.findIndex(isMeant);
  switch (operation) {
    case "Add":
      return ok([...parts, value]);
    case "AddFirst":
      return ok([value, ...parts]);
    case "AddLast":
      return ok(inserted(parts, isLast(parts.at(-1)) ? parts.length - 1 : parts.length, value));
    case "AddBefore":
      return ok(place === -1 ? parts : inserted(parts, place, value));
    case "AddAfter":
      return ok(place === -1 ? parts : inserted(parts, place + 1, value));
    case "Remove":
      return ok(parts.filter((part) => !isMeant(part)));
    case "Patch":
      return patched(parts, (part) => (isMeant(part) ? patch(part, modification) : ok(part)));
    default:
      return err(`unknown operation ${JSON.stringify(operation)}`);
  }
}

function inserted(parts: readonly JsonObject[], place: number, part: JsonObject): readonly JsonObject[] {
  return [...parts.slice(0, place), part, ...parts.slice(place)];
}

function isLast(part: JsonObject | undefined): boolean {
  return part !== undefined && LAST.has(textOf(part, "name"));
}

function patched(parts: readonly JsonObject[], patch: (part: JsonObject) => Result<JsonObject, string>): Parts {
  const results: JsonObject[] = [];
  for (const part of parts) {
    const result = patch(part);
    if (!result.ok) return result;
    results.push(result.value);
  }
  return ok(results);
}
