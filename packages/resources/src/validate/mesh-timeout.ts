/** Rules of a MeshTimeout. Source: kuma v2.14.3: pkg/plugins/policies/meshtimeout/api/v1alpha1/validator.go. */
import type { JsonObject } from "@isthmus/std";
import type { Resource } from "../resource.ts";
import { at, member, type Violation, Violations } from "../violation.ts";
import { checkNotNegativeDuration, checkPositiveDuration } from "./amounts.ts";
import { messageAt, objectAt, objectsAt, valueAt } from "./json-access.ts";
import { checkRuleMatches, NOT_BY_CLIENT } from "./match.ts";
import {
  checkRulesAlone,
  checkSomeItems,
  checkTargetItems,
  fromDeprecations,
  hasItems,
  targetRefDeprecations,
} from "./policy-lists.ts";
import { MUST_NOT_BE_DEFINED } from "./primitives.ts";
import { checkTopTargetRef, type TargetRefRules, type TopTargetRefRules, topKind } from "./target-ref.ts";

const TOP: TopTargetRefRules = {
  system: {
    kinds: ["Mesh", "MeshSubset", "Dataplane", "MeshGateway", "MeshService", "MeshServiceSubset", "MeshHTTPRoute"],
    allowsListenerTags: true,
  },
  otherRoles: { kinds: ["Mesh", "Dataplane", "MeshSubset", "MeshService", "MeshServiceSubset"] },
  hasInboundLists: true,
};
const TO: TargetRefRules = {
  kinds: ["Mesh", "MeshService", "MeshExternalService", "MeshMultiZoneService", "MeshHTTPRoute"],
};
/** Of a policy that is about a route or a gateway. */
const TO_OF_ROUTES: TargetRefRules = { kinds: ["Mesh", "MeshExternalService"] };
const FROM: TargetRefRules = { kinds: ["Mesh"] };

const HTTP = "http";
/** What has no meaning for a single route. */
const NOT_OF_ROUTES = ["connectionTimeout", "idleTimeout", "http.maxStreamDuration", "http.maxConnectionDuration"];
/** What is decided before anybody knows who the client is. */
const OF_ALL_CLIENTS = [
  "connectionTimeout",
  "idleTimeout",
  "http.requestHeadersTimeout",
  "http.maxStreamDuration",
  "http.maxConnectionDuration",
];
const HTTP_TIMEOUTS = [
  "requestTimeout",
  "streamIdleTimeout",
  "maxStreamDuration",
  "maxConnectionDuration",
  "requestHeadersTimeout",
] as const;
/** One of these has to be there; a timeout of the headers alone does not count. */
const MAIN_HTTP_TIMEOUTS = HTTP_TIMEOUTS.filter((name) => name !== "requestHeadersTimeout");

export function validateMeshTimeout(resource: Resource): readonly Violation[] {
  const { spec } = resource;
  const found = new Violations();
  checkTopTargetRef(resource, TOP, found);
  checkRulesAlone(spec, found);
  checkSomeItems(spec, found);
  const kind = topKind(spec);
  const isOfRoutes = kind === "MeshHTTPRoute" || kind === "MeshGateway";
  const checkItem = (item: JsonObject, path: string): void => {
    checkConf(objectAt(item, "default"), kind, member(path, "default"), found);
  };
  if (!isOfRoutes) checkTargetItems(spec, "from", FROM, checkItem, found);
  else if (hasItems(spec, "from")) found.add("spec.from", MUST_NOT_BE_DEFINED);
  checkTargetItems(spec, "to", isOfRoutes ? TO_OF_ROUTES : TO, checkItem, found);
  for (const [index, rule] of objectsAt(spec, "rules").entries()) {
    const path = at("spec.rules", index);
    if (checkRuleMatches(rule, path, found)) {
      checkAbsent(objectAt(rule, "default"), OF_ALL_CLIENTS, NOT_BY_CLIENT, member(path, "default"), found);
    }
    checkItem(rule, path);
  }
  return found.list;
}

export function meshTimeoutDeprecations({ spec }: Resource): readonly string[] {
  return [...fromDeprecations(spec), ...targetRefDeprecations(spec)];
}

function checkConf(conf: JsonObject, topLevelKind: string, path: string, found: Violations): void {
  if (["connectionTimeout", "idleTimeout", HTTP].every((name) => valueAt(conf, name) === undefined)) {
    found.add(path, "at least one timeout should be configured");
    return;
  }
  if (topLevelKind === "MeshHTTPRoute") {
    const reason = "can't be specified when top-level TargetRef is referencing MeshHTTPRoute";
    checkAbsent(conf, NOT_OF_ROUTES, reason, path, found);
  }
  checkPositiveDuration(conf, "connectionTimeout", path, found);
  checkNotNegativeDuration(conf, "idleTimeout", path, found);
  const http = messageAt(conf, HTTP);
  if (http === undefined) return;
  const httpPath = member(path, HTTP);
  if (MAIN_HTTP_TIMEOUTS.every((name) => valueAt(http, name) === undefined)) {
    found.add(httpPath, "at least one timeout in this section should be configured");
  }
  for (const name of HTTP_TIMEOUTS) checkNotNegativeDuration(http, name, httpPath, found);
}

/** `names` are members of the configuration, or of its HTTP part. */
function checkAbsent(
  conf: JsonObject,
  names: readonly string[],
  reason: string,
  path: string,
  found: Violations,
): void {
  for (const name of names) {
    const [part, rest] = name.split(".");
    const value = rest === undefined ? valueAt(conf, name) : valueAt(objectAt(conf, part ?? ""), rest);
    if (value !== undefined) found.add(member(path, name), reason);
  }
}
