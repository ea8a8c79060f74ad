/**
 * Routes of an HTTP outbound: those of MeshHTTPRoutes, the most particular first, then one that leads everything else to the service
 * itself. Source: kuma v2.14.3: pkg/plugins/policies/meshhttproute.
 */

import { type HttpRoute, httpRouteRules, httpRoutesInOrder, matchesHash } from "@isthmus/policy";
import type { RouteJson } from "@isthmus/proto/envoy/config/route/v3/route_components";
import { builtinTypes, kriText, objectsOf } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import { applyFilters } from "./http-filters.ts";
import { routeMatches } from "./http-matches.ts";
import { actionTo } from "./route-backends.ts";
import type { RouteContext } from "./route-context.ts";

const TYPE = "MeshHTTPRoute";
const DESCRIPTOR = builtinTypes.find(({ name }) => name === TYPE);
const ALL: JsonObject = { path: { type: "PathPrefix", value: "/" } };

export function httpRoutesOf(context: RouteContext): readonly RouteJson[] {
  const { own, policies } = context;
  const conf = policies.conf(TYPE, own.role);
  const routes = conf === undefined ? [] : httpRoutesInOrder(httpRouteRules(conf.conf, conf.entries));
  const hasAll = routes.some(({ match }) => isAll(match));
  const byDefault = {
    name: matchesHash([ALL]),
    match: { prefix: "/" },
    route: actionTo([{ destination: own, weight: 1 }]),
  };
  return [...routes.flatMap((route) => routeOf(route, context)), ...(hasAll ? [] : [byDefault])];
}

/** A match without a path stands for every path. */
function routeOf(route: HttpRoute, context: RouteContext): readonly RouteJson[] {
  const { match, rule } = route;
  const { own, backends } = context;
  const { origin, conf } = rule;
  const found = origin === undefined ? [] : backends.of(origin.policy, conf);
  const action = actionTo(found.length > 0 ? found : [{ destination: own, weight: 1 }]);
  return routeMatches(match.path === undefined ? { ...match, ...ALL } : match).map(({ match: envoyMatch, isPrefix }) =>
    applyFilters(
      { name: nameOf(route, context), match: envoyMatch, route: { ...action } },
      objectsOf(conf, "filters"),
      isPrefix,
      (ref) => (origin === undefined ? undefined : backends.one(origin.policy, ref)?.destination.cluster),
    ),
  );
}

function nameOf({ rule }: HttpRoute, { isUnifiedNaming }: RouteContext): string {
  const { origin, hash } = rule;
  if (origin === undefined || DESCRIPTOR === undefined) return hash;
  const kri = isUnifiedNaming ? { ...origin.policy.kri, section: `rule_${origin.item.index}` } : origin.policy.kri;
  return kriText(DESCRIPTOR, kri) ?? hash;
}

function isAll(match: JsonObject): boolean {
  return matchesHash([match]) === matchesHash([ALL]);
}
