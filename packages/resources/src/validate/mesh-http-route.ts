/** Rules of a MeshHTTPRoute. Source: kuma v2.14.3: pkg/plugins/policies/meshhttproute/api/v1alpha1/validation.go. */
import type { JsonObject } from "@isthmus/std";
import type { Resource } from "../resource.ts";
import { at, member, type Violation, Violations } from "../violation.ts";
import { checkFilters, REDIRECT } from "./http-route-filters.ts";
import { objectAt, objectsAt, textAt } from "./json-access.ts";
import { checkTargetItems, hasItems } from "./policy-lists.ts";
import { MUST_NOT_BE_DEFINED, MUST_NOT_BE_EMPTY } from "./primitives.ts";
import { BACKENDS, checkBackendRefs, TOP_OF_ROUTES, toOfRoutes } from "./route-targets.ts";
import { checkTopTargetRef, type TargetRefRules, topKind } from "./target-ref.ts";

/** What stands for a backend that the conversion from the Gateway API did not find. */
const HTTP_BACKENDS: TargetRefRules = { ...BACKENDS, allowedNames: ["kuma.io/unresolved-backend"] };

export function validateMeshHttpRoute(resource: Resource): readonly Violation[] {
  const { spec } = resource;
  const found = new Violations();
  checkTopTargetRef(resource, TOP_OF_ROUTES, found);
  const kind = topKind(spec);
  const checkItem = (item: JsonObject, path: string): void => {
    for (const [index, rule] of objectsAt(item, "rules").entries()) {
      checkRule(rule, at(member(path, "rules"), index), kind, found);
    }
    if (kind !== "MeshGateway" && hasItems(item, "hostnames"))
      found.add(member(path, "hostnames"), MUST_NOT_BE_DEFINED);
  };
  checkTargetItems(spec, "to", toOfRoutes(kind), checkItem, found);
  return found.list;
}

function checkRule(rule: JsonObject, path: string, topLevelKind: string, found: Violations): void {
  const matches = objectsAt(rule, "matches");
  for (const [index, match] of matches.entries()) checkMatch(match, at(member(path, "matches"), index), found);
  const conf = objectAt(rule, "default");
  const filters = objectsAt(conf, "filters");
  checkFilters(filters, member(path, "default.filters"), { topLevelKind, matches }, found);
  const backends = member(path, "default.backendRefs");
  const isRedirect = filters.some((filter) => textAt(filter, "type") === REDIRECT);
  // A sidecar sends traffic on to where it was going; a gateway has no such place.
  if (topLevelKind === "MeshGateway" && !hasItems(conf, "backendRefs") && !isRedirect) {
    found.add(backends, MUST_NOT_BE_EMPTY);
  }
  checkBackendRefs(conf, backends, HTTP_BACKENDS, found);
}

function checkMatch(match: JsonObject, path: string, found: Violations): void {
  checkPath(objectAt(match, "path"), member(path, "path.value"), found);
  const names = new Set<string>();
  for (const [index, param] of objectsAt(match, "queryParams").entries()) {
    const name = textAt(param, "name");
    if (names.has(name))
      found.add(`${at(member(path, "queryParams"), index)}.name`, `multiple entries for name ${name}`);
    names.add(name);
  }
  for (const [index, header] of objectsAt(match, "headers").entries()) {
    const isAboutPresence = ["Present", "Absent"].includes(textAt(header, "type"));
    if (isAboutPresence && textAt(header, "value") !== "") {
      found.add(`${at(member(path, "headers"), index)}.value`, MUST_NOT_BE_DEFINED);
    }
  }
}

function checkPath(match: JsonObject, path: string, found: Violations): void {
  const type = textAt(match, "type");
  const value = textAt(match, "value");
  const isPrefix = type === "PathPrefix";
  if (isPrefix && value !== "/" && value.endsWith("/")) {
    found.add(path, "does not need a trailing slash because only a `/`-separated prefix or an entire path is matched");
  }
  if ((isPrefix || type === "Exact") && !value.startsWith("/")) found.add(path, "must be an absolute path");
}
