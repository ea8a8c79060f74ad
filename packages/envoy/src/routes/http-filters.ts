/** What MeshHTTPRoutes do to requests and responses. Source: kuma v2.14.3: pkg/plugins/policies/meshhttproute/xds/filters. */
import type { HeaderValueOptionJson } from "@isthmus/proto/envoy/config/core/v3/base";
import type {
  RedirectAction_RedirectResponseCodeJson,
  RedirectActionJson,
  RouteActionJson,
  RouteJson,
} from "@isthmus/proto/envoy/config/route/v3/route_components";
import { objectOf, objectsOf, textOf, textsOf } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import { percentOf, uintOf } from "../build/numbers.ts";

const REDIRECTS: Readonly<Record<number, RedirectAction_RedirectResponseCodeJson>> = {
  301: "MOVED_PERMANENTLY",
  302: "FOUND",
  303: "SEE_OTHER",
  307: "TEMPORARY_REDIRECT",
  308: "PERMANENT_REDIRECT",
};
const MILLION = 1_000_000;
const WHOLE_PERCENT = 100;

/** `clusterOf`: of a backendRef; undefined: it does not exist. */
export function applyFilters(
  route: RouteJson,
  filters: readonly JsonObject[],
  isPrefix: boolean,
  clusterOf: (ref: JsonObject) => string | undefined,
): RouteJson {
  return filters.reduce((before, filter) => applyFilter(before, filter, isPrefix, clusterOf), route);
}

function applyFilter(
  route: RouteJson,
  filter: JsonObject,
  isPrefix: boolean,
  clusterOf: (ref: JsonObject) => string | undefined,
): RouteJson {
  switch (textOf(filter, "type")) {
    case "RequestHeaderModifier": {
      const { add, remove } = headerChanges(objectOf(filter, "requestHeaderModifier"));
      return {
        ...route,
        ...(add.length === 0 ? {} : { requestHeadersToAdd: [...(route.requestHeadersToAdd ?? []), ...add] }),
        ...(remove.length === 0
          ? {}
          : { requestHeadersToRemove: [...(route.requestHeadersToRemove ?? []), ...remove] }),
      };
    }
    case "ResponseHeaderModifier": {
      const { add, remove } = headerChanges(objectOf(filter, "responseHeaderModifier"));
      return {
        ...route,
        ...(add.length === 0 ? {} : { responseHeadersToAdd: [...(route.responseHeadersToAdd ?? []), ...add] }),
        ...(remove.length === 0
          ? {}
          : { responseHeadersToRemove: [...(route.responseHeadersToRemove ?? []), ...remove] }),
      };
    }
    case "RequestRedirect": {
      const { route: _action, ...rest } = route;
      return { ...rest, redirect: redirectOf(objectOf(filter, "requestRedirect"), route, isPrefix) };
    }
    case "URLRewrite":
      return withAction(route, rewriteOf(objectOf(filter, "urlRewrite"), route, isPrefix));
    case "RequestMirror":
      return withAction(route, mirrorOf(objectOf(filter, "requestMirror"), route, clusterOf));
    default:
      return route;
  }
}

/** A route that redirects sends nothing on: there is nothing to rewrite or to mirror. */
function withAction(route: RouteJson, action: RouteActionJson): RouteJson {
  return route.route === undefined ? route : { ...route, route: { ...route.route, ...action } };
}

function headerChanges(modifier: JsonObject): { add: HeaderValueOptionJson[]; remove: readonly string[] } {
  const option = (header: JsonObject, appendAction: HeaderValueOptionJson["appendAction"]): HeaderValueOptionJson => ({
    header: { key: textOf(header, "name"), value: textOf(header, "value") },
    ...(appendAction === undefined ? {} : { appendAction }),
  });
  return {
    add: [
      ...objectsOf(modifier, "set").map((header) => option(header, "OVERWRITE_IF_EXISTS_OR_ADD")),
      ...objectsOf(modifier, "add").map((header) => option(header, "APPEND_IF_EXISTS_OR_ADD")),
    ],
    remove: textsOf(modifier, "remove"),
  };
}

function redirectOf(redirect: JsonObject, route: RouteJson, isPrefix: boolean): RedirectActionJson {
  const hostname = textOf(redirect, "hostname");
  const scheme = textOf(redirect, "scheme");
  const port = uintOf(redirect, "port");
  const status = uintOf(redirect, "statusCode") ?? 302;
  return {
    ...(hostname === "" ? {} : { hostRedirect: hostname }),
    ...(port === undefined ? {} : { portRedirect: port }),
    ...(scheme === "" ? {} : { schemeRedirect: scheme }),
    ...pathRewrite(objectOf(redirect, "path"), route, isPrefix),
    responseCode: REDIRECTS[status] ?? "FOUND",
  };
}

function rewriteOf(rewrite: JsonObject, route: RouteJson, isPrefix: boolean): RouteActionJson {
  const hostname = textOf(rewrite, "hostname");
  return {
    ...(hostname === "" ? {} : { hostRewriteLiteral: hostname }),
    ...pathRewrite(objectOf(rewrite, "path"), route, isPrefix),
  };
}

type PathRewrite = Pick<RouteActionJson, "prefixRewrite" | "regexRewrite">;

/**
 * A prefix stands for `/p` and for what begins with `/p/`; the slash at its end belongs to the prefix and so to what takes its place:
 * `/p/x` with `/v2` becomes `/v2/x`. (Kuma makes `/v2x` of it.)
 */
function pathRewrite(path: JsonObject, { match }: RouteJson, isPrefix: boolean): PathRewrite {
  const whole = (substitution: string): PathRewrite => ({ regexRewrite: { pattern: { regex: ".*" }, substitution } });
  if (textOf(path, "type") === "ReplaceFullPath") return whole(textOf(path, "replaceFullPath"));
  if (textOf(path, "type") !== "ReplacePrefixMatch" || !isPrefix) return {};
  const replacement = textOf(path, "replacePrefixMatch").replace(/\/+$/, "");
  if (match?.path !== undefined) return whole(replacement === "" ? "/" : replacement);
  return { prefixRewrite: `${replacement}/` };
}

function mirrorOf(
  mirror: JsonObject,
  { route }: RouteJson,
  clusterOf: (ref: JsonObject) => string | undefined,
): RouteActionJson {
  const cluster = clusterOf(objectOf(mirror, "backendRef"));
  if (cluster === undefined) return {};
  const percent = percentOf(mirror, "percentage");
  const runtimeFraction =
    percent === undefined
      ? {}
      : {
          runtimeFraction: {
            defaultValue: {
              numerator: Math.round((percent / WHOLE_PERCENT) * MILLION),
              denominator: "MILLION" as const,
            },
          },
        };
  return { requestMirrorPolicies: [...(route?.requestMirrorPolicies ?? []), { cluster, ...runtimeFraction }] };
}
