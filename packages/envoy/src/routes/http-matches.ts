/** Conditions of MeshHTTPRoutes as Envoy's. Source: kuma v2.14.3: pkg/plugins/policies/meshhttproute/xds/match.go. */
import type {
  HeaderMatcherJson,
  QueryParameterMatcherJson,
  RouteMatchJson,
} from "@isthmus/proto/envoy/config/route/v3/route_components";
import { objectOf, objectsOf, textOf } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import { headerMatcher } from "../build/header-matchers.ts";

export interface EnvoyMatch {
  readonly match: RouteMatchJson;
  /** It stands for a prefix of whole segments: one of two, `/p` itself and what begins with `/p/`. */
  readonly isPrefix: boolean;
}

export function routeMatches(match: JsonObject): readonly EnvoyMatch[] {
  const path = objectOf(match, "path");
  const headers = headersOf(match);
  const parameters = queryOf(match);
  const others = {
    ...(headers.length === 0 ? {} : { headers }),
    ...(parameters.length === 0 ? {} : { queryParameters: parameters }),
  };
  const isPrefix = textOf(path, "type") === "PathPrefix";
  return pathMatches(path).map((each) => ({ match: { ...each, ...others }, isPrefix }));
}

function pathMatches(path: JsonObject): readonly RouteMatchJson[] {
  const value = textOf(path, "value");
  switch (textOf(path, "type")) {
    case "Exact":
      return [{ path: value }];
    case "RegularExpression":
      return [{ safeRegex: { regex: value } }];
    default: {
      // Envoy's own prefix of whole segments leaves two slashes behind when a rewrite takes it away.
      const segments = value.replace(/\/+$/, "");
      return segments === "" ? [{ prefix: "/" }] : [{ path: segments }, { prefix: `${segments}/` }];
    }
  }
}

/** Of several conditions on one name the first counts. */
function headersOf(match: JsonObject): HeaderMatcherJson[] {
  const method = textOf(match, "method");
  const headers = firstOfName(objectsOf(match, "headers")).map(headerMatcher);
  return method === "" ? headers : [{ name: ":method", stringMatch: { exact: method } }, ...headers];
}

function queryOf(match: JsonObject): QueryParameterMatcherJson[] {
  return firstOfName(objectsOf(match, "queryParams")).map((parameter) => {
    const value = textOf(parameter, "value");
    const isExpression = textOf(parameter, "type") === "RegularExpression";
    return {
      name: textOf(parameter, "name"),
      stringMatch: isExpression ? { safeRegex: { regex: value } } : { exact: value },
    };
  });
}

function firstOfName(list: readonly JsonObject[]): readonly JsonObject[] {
  const seen = new Set<string>();
  return list.filter((each) => {
    const name = textOf(each, "name");
    if (seen.has(name)) return false;
    seen.add(name);
    return true;
  });
}
