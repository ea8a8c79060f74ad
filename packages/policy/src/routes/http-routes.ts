/**
 * What MeshHTTPRoutes make of a destination, ready to be turned into routes: each rule with its identity and the policy it is
 * from, and the order in which a proxy must try the matches.
 * Source: kuma v2.14.3: pkg/plugins/policies/meshhttproute/api/v1alpha1/compare.go, core/rules/common/origin.go.
 */
import { objectOf, textOf } from "@isthmus/resources";
import { isJsonObject, type JsonObject } from "@isthmus/std";
import { objectItems } from "../object-items.ts";
import type { PolicyEntry } from "../policy-order.ts";
import { matchesHash } from "./matches-hash.ts";

export interface HttpRouteRule {
  readonly matches: readonly JsonObject[];
  readonly hash: string;
  /** `filters` and `backendRefs`. */
  readonly conf: JsonObject;
  /** The strongest item that has a rule with these matches. */
  readonly origin: PolicyEntry | undefined;
}

export interface HttpRoute {
  readonly match: JsonObject;
  readonly rule: HttpRouteRule;
}

/** `conf`: one that MeshHTTPRoutes were merged to; `entries`: the items it was merged from. */
export function httpRouteRules(conf: JsonObject, entries: readonly PolicyEntry[]): readonly HttpRouteRule[] {
  const origins = new Map<string, PolicyEntry>();
  for (const entry of entries) {
    for (const { matches } of objectItems(entry.item.conf.rules)) origins.set(matchesHash(matches), entry);
  }
  return objectItems(conf.rules).map((rule) => {
    const hash = matchesHash(rule.matches);
    return { matches: objectItems(rule.matches), hash, conf: objectOf(rule, "default"), origin: origins.get(hash) };
  });
}

/** One route for each match, the most particular first; equals stay in the order of the rules. */
export function httpRoutesInOrder(rules: readonly HttpRouteRule[]): readonly HttpRoute[] {
  return rules
    .flatMap((rule) => rule.matches.map((match) => ({ match, rule })))
    .sort((a, b) => compareMatches(a.match, b.match));
}

const PATH_TYPES = ["Exact", "PathPrefix", "RegularExpression"];

function compareMatches(a: JsonObject, b: JsonObject): number {
  return (
    comparePaths(a.path, b.path) ||
    Number(b.method !== undefined) - Number(a.method !== undefined) ||
    objectItems(b.headers).length - objectItems(a.headers).length ||
    objectItems(b.queryParams).length - objectItems(a.queryParams).length
  );
}

/** With a path before without; exact, prefix, expression; the longer text first. */
function comparePaths(a: JsonObject[string] | undefined, b: JsonObject[string] | undefined): number {
  if (!isJsonObject(a) || !isJsonObject(b)) return Number(isJsonObject(b)) - Number(isJsonObject(a));
  const byType = PATH_TYPES.indexOf(textOf(a, "type")) - PATH_TYPES.indexOf(textOf(b, "type"));
  if (byType !== 0 || textOf(a, "type") === "Exact") return byType;
  return Buffer.byteLength(textOf(b, "value")) - Buffer.byteLength(textOf(a, "value"));
}
