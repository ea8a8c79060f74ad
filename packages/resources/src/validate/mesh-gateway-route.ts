/**
 * Rules of a MeshGatewayRoute. TCP routes may hold anything.
 * Source: kuma v2.14.3: pkg/core/resources/apis/mesh/gateway_route_validator.go.
 */
import type { JsonObject } from "@isthmus/std";
import type { Resource } from "../resource.ts";
import { at, type Violation, Violations } from "../violation.ts";
import { CANNOT_BE_EMPTY } from "./flat-amounts.ts";
import { enumAt, flagAt, listAt, messageAt, objectAt, objectsAt, textAt, textsAt } from "./json-access.ts";
import { checkFilter } from "./mesh-gateway-route-filters.ts";
import { checkSelectors, SERVICE_AND_MORE } from "./selectors.ts";
import { checkSelector } from "./tags.ts";

export function validateMeshGatewayRoute({ spec }: Resource): readonly Violation[] {
  const found = new Violations();
  checkSelectors(spec, "selectors", SERVICE_AND_MORE, found);
  const conf = objectAt(spec, "conf");
  const http = messageAt(conf, "http");
  if (http === undefined) {
    if (messageAt(conf, "tcp") === undefined) found.add("conf", CANNOT_BE_EMPTY);
    return found.list;
  }
  const rules = objectsAt(http, "rules");
  if (rules.length === 0) found.add("conf.http.rules", CANNOT_BE_EMPTY);
  for (const [index, rule] of rules.entries()) checkRule(rule, at("conf.http.rules", index), found);
  return found.list;
}

function checkRule(rule: JsonObject, path: string, found: Violations): void {
  const matches = objectsAt(rule, "matches");
  if (matches.length === 0) {
    found.add(`${path}.matches`, CANNOT_BE_EMPTY);
    return;
  }
  for (const [index, match] of matches.entries()) checkMatch(match, at(`${path}.matches`, index), found);

  const all = objectsAt(rule, "filters");
  // Those that set the host to the backend's are not looked at, and not counted in paths.
  const filters = all.filter((filter) => !flagAt(objectAt(filter, "rewrite"), "hostToBackendHostname"));
  const context = {
    hasPrefixMatch: matches.some((match) => isPrefix(messageAt(match, "path"))),
    rewritesHost: filters.length < all.length,
  };
  for (const [index, filter] of filters.entries()) checkFilter(filter, context, at(`${path}.filters`, index), found);

  const redirects = filters.some((filter) => messageAt(filter, "redirect") !== undefined);
  if (redirects && all.length !== 1) {
    found.add(`${path}.filters`, "redirects cannot be used with other filters");
    return;
  }
  checkBackends(rule, redirects, `${path}.backends`, found);
}

function checkBackends(rule: JsonObject, redirects: boolean, path: string, found: Violations): void {
  const backends = objectsAt(rule, "backends");
  if (backends.length === 0 && !redirects) found.add(path, CANNOT_BE_EMPTY);
  if (backends.length > 0 && redirects) found.add(path, "must be empty when using redirect filters");
  for (const [index, backend] of backends.entries()) {
    checkSelector(textsAt(backend, "destination"), at(path, index), found, SERVICE_AND_MORE);
  }
}

const pathKind = (path: JsonObject): string => enumAt(path, "match", "EXACT");
const isPrefix = (path: JsonObject | undefined): boolean => path !== undefined && pathKind(path) === "PREFIX";

function checkMatch(match: JsonObject, path: string, found: Violations): void {
  const pathMatch = messageAt(match, "path");
  const hasMethod = enumAt(match, "method", "NONE") !== "NONE";
  const hasLists = ["headers", "queryParameters"].some((name) => (listAt(match, name) ?? []).length > 0);
  if (pathMatch === undefined && !hasMethod && !hasLists) found.add(path, CANNOT_BE_EMPTY);
  if (pathMatch !== undefined) {
    const value = textAt(pathMatch, "value");
    // Paths of these messages leave out `path`.
    if (pathKind(pathMatch) === "REGEX") {
      if (value === "") found.add(`${path}.value`, CANNOT_BE_EMPTY);
    } else if (!value.startsWith("/")) found.add(`${path}.value`, "must be an absolute path");
  }
  for (const [index, header] of objectsAt(match, "headers").entries()) {
    const field = at(`${path}.headers`, index);
    checkNotEmpty(header, "name", field, found);
    if (!["ABSENT", "PRESENT"].includes(enumAt(header, "match", "EXACT"))) {
      checkNotEmpty(header, "value", field, found);
    } else if (textAt(header, "value") !== "") found.add(`${field}.value`, "cannot be set");
  }
  for (const [index, parameter] of objectsAt(match, "queryParameters").entries()) {
    for (const name of ["name", "value"]) {
      checkNotEmpty(parameter, name, at(`${path}.query_parameters`, index), found);
    }
  }
}

function checkNotEmpty(object: JsonObject, name: string, path: string, found: Violations): void {
  if (textAt(object, name) === "") found.add(`${path}.${name}`, CANNOT_BE_EMPTY);
}
