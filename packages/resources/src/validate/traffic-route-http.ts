/**
 * What the HTTP rules of a TrafficRoute match and modify.
 * Source: kuma v2.14.3: pkg/core/resources/apis/mesh/traffic_route_validator.go.
 */
import { isJsonObject, type JsonObject } from "@isthmus/std";
import { at, type Violations } from "../violation.ts";
import { CANNOT_BE_EMPTY } from "./flat-amounts.ts";
import { messageAt, objectAt, objectsAt, optionalTextAt, textAt } from "./json-access.ts";
import { key } from "./primitives.ts";

const NO_MATCH = 'must be present and contain at least one of the elements: "method", "path" or "headers"';
/** The message is wrong about the second one. */
const NO_MATCHER = 'cannot be empty. Available options: "exact", "split" or "regex"';

/** `given` is the match as in the document, where an empty map of headers is still there. */
export function checkHttpMatch(match: JsonObject, given: JsonObject, path: string, found: Violations): void {
  const method = messageAt(match, "method");
  const pathMatcher = messageAt(match, "path");
  const hasHeaders = messageAt(given, "headers") !== undefined;
  if (method === undefined && pathMatcher === undefined && !hasHeaders) {
    found.add(path, NO_MATCH);
    return;
  }
  if (method !== undefined) checkMatcher(method, `${path}.method`, found);
  if (pathMatcher !== undefined) checkMatcher(pathMatcher, `${path}.path`, found);
  const headers = Object.entries(objectAt(match, "headers")).sort(([a], [b]) => (a < b ? -1 : 1));
  if (hasHeaders && headers.length === 0) found.add(`${path}.headers`, "must contain at least one element");
  for (const [name, matcher] of headers) {
    const field = key(`${path}.headers`, name);
    if (name === "") found.add(field, CANNOT_BE_EMPTY);
    checkMatcher(isJsonObject(matcher) ? matcher : {}, field, found);
  }
}

/** Everything equals an empty text of `exact`, so it may be empty. */
function checkMatcher(matcher: JsonObject, path: string, found: Violations): void {
  if (optionalTextAt(matcher, "exact") !== undefined) return;
  const kind = ["prefix", "regex"].find((name) => optionalTextAt(matcher, name) !== undefined);
  if (kind === undefined) found.add(path, NO_MATCHER);
  else checkNotEmpty(matcher, kind, path, found);
}

export function checkHttpModify(modify: JsonObject, match: JsonObject, path: string, found: Violations): void {
  const pathChange = messageAt(modify, "path");
  if (pathChange !== undefined) checkPath(pathChange, match, `${path}.path`, found);
  const host = messageAt(modify, "host");
  if (host !== undefined) checkHost(host, `${path}.host`, found);
  for (const name of ["requestHeaders", "responseHeaders"])
    checkHeaders(objectAt(modify, name), `${path}.${name}`, found);
}

function checkPath(change: JsonObject, match: JsonObject, path: string, found: Violations): void {
  const regex = messageAt(change, "regex");
  if (optionalTextAt(change, "rewritePrefix") !== undefined) {
    checkNotEmpty(change, "rewritePrefix", path, found);
    const isOfPrefix = textAt(objectAt(match, "path"), "prefix") !== "";
    if (textAt(change, "rewritePrefix") !== "" && !isOfPrefix) {
      found.add(`${path}.rewritePrefix`, "can only be set when .http.match.path.prefix is not empty");
    }
  } else if (regex !== undefined) checkReplacement(regex, `${path}.regex`, found);
  else found.add(path, 'either "rewritePrefix" or "regex" has to be set');
}

function checkHost(host: JsonObject, path: string, found: Violations): void {
  const fromPath = messageAt(host, "fromPath");
  if (optionalTextAt(host, "value") !== undefined) checkNotEmpty(host, "value", path, found);
  else if (fromPath !== undefined) checkReplacement(fromPath, `${path}.fromPath`, found);
  else found.add(path, 'either "value" or "fromPath" has to be set');
}

function checkReplacement(replacement: JsonObject, path: string, found: Violations): void {
  checkNotEmpty(replacement, "pattern", path, found);
  checkNotEmpty(replacement, "substitution", path, found);
}

function checkHeaders(headers: JsonObject, path: string, found: Violations): void {
  for (const [index, header] of objectsAt(headers, "add").entries()) {
    const field = at(`${path}.add`, index);
    checkHeaderName(textAt(header, "name"), `${field}.name`, found);
    checkNotEmpty(header, "value", field, found);
  }
  for (const [index, header] of objectsAt(headers, "remove").entries()) {
    checkHeaderName(textAt(header, "name"), `${at(`${path}.remove`, index)}.name`, found);
  }
}

function checkHeaderName(name: string, path: string, found: Violations): void {
  if (name === "") found.add(path, CANNOT_BE_EMPTY);
  else if (name.startsWith(":") || name === "host" || name === "Host") {
    found.add(path, "host header and HTTP/2 pseudo-headers are not allowed to be modified");
  }
}

function checkNotEmpty(object: JsonObject, name: string, path: string, found: Violations): void {
  if (textAt(object, name) === "") found.add(`${path}.${name}`, CANNOT_BE_EMPTY);
}
