/**
 * `_policies` and `_routes`: what policies say about a proxy, one of its inbounds, one of its destinations, one route.
 * Source: kuma v2.14.3: pkg/api-server/resource_endpoints.go `matchedPoliciesTo...`.
 */
import {
  destinationOf,
  httpRouteRules,
  inboundRules,
  meshDestination,
  originsOf,
  type PolicyProxy,
  type ProxySection,
  proxyConf,
  type ResourceDestination,
  type TargetIndex,
  type ToConf,
  toConf,
} from "@isthmus/policy";
import type { Kri } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import type { KindPolicies } from "./inspection.ts";
import { kriOrigin } from "./meta.ts";

/** Types that lead traffic elsewhere; what they say is shown as routes. */
export const ROUTE_TYPES = ["MeshHTTPRoute", "MeshTCPRoute"];

export function proxyPoliciesView(all: readonly KindPolicies[]): JsonObject {
  return {
    policies: all.flatMap(({ kind, matched }): readonly JsonObject[] => {
      const conf = kind.isForProxy ? proxyConf(matched) : undefined;
      if (conf === undefined) return [];
      const origins = conf.origins.map((policy) => kriOrigin(kind.descriptor, policy));
      return [{ conf: conf.conf, kind: kind.name, origins }];
    }),
  };
}

/** undefined: the proxy has no such inbound or listener. Without a name the first one is meant. */
export function inboundPoliciesView(
  all: readonly KindPolicies[],
  { inbounds, listeners }: PolicyProxy,
  sectionName: string,
): JsonObject | undefined {
  const named = (section: ProxySection): boolean => sectionName === "" || section.sectionName === sectionName;
  const section = inbounds.find(named) ?? listeners.find(named);
  if (section === undefined) return undefined;
  return {
    policies: all.flatMap(({ kind, matched }): readonly JsonObject[] => {
      const rules = kind.hasFrom ? inboundRules(matched, section, kind) : [];
      if (rules.length === 0) return [];
      return [
        {
          kind: kind.name,
          origins: originsOf(rules.map(({ origin }) => origin)).map((policy) => kriOrigin(kind.descriptor, policy)),
          rules: rules.map(({ conf, origin }) => ({ conf, ...kriOrigin(kind.descriptor, origin.policy) })),
        },
      ];
    }),
  };
}

export interface Destinations {
  readonly mesh: string;
  readonly targets: TargetIndex;
  readonly outbound: Kri;
  /** Where one route is asked about. */
  readonly route?: Kri;
}

/** What is said of the route counts before what is said of the destination. */
export function outboundPoliciesView(all: readonly KindPolicies[], asked: Destinations): JsonObject {
  const outbound = destinationNamed(asked, asked.outbound);
  const route = asked.route === undefined ? undefined : destinationNamed(asked, asked.route);
  return {
    policies: all.flatMap(({ kind, matched }): readonly JsonObject[] => {
      const ofRoute = route === undefined ? undefined : toConf(route, matched);
      const found = ofRoute === undefined || ofRoute.coverage === "mesh" ? toConf(outbound, matched) : ofRoute;
      if (found === undefined) return [];
      return [{ conf: found.confs, kind: kind.name, origins: originsView(kind, found) }];
    }),
  };
}

/** For destinations that can have routes; lists that a type does not have are null. */
export function routesView(all: readonly KindPolicies[], asked: Destinations): JsonObject {
  if (!DESTINATION_TYPES.includes(asked.outbound.type)) return { routes: [] };
  const outbound = destinationNamed(asked, asked.outbound);
  return {
    routes: all.flatMap(({ kind, matched }): readonly JsonObject[] => {
      const found = toConf(outbound, matched);
      if (found === undefined) return [];
      const rules = kind.name === "MeshHTTPRoute" ? httpRuleViews(kind, found) : tcpRuleViews(found);
      return [{ kind: kind.name, origins: originsView(kind, found), rules: rules.length === 0 ? null : rules }];
    }),
  };
}

const DESTINATION_TYPES = ["MeshService", "MeshExternalService", "MeshMultiZoneService", "MeshHTTPRoute"];

function httpRuleViews(kind: KindPolicies["kind"], { confs, entries }: ToConf): readonly JsonObject[] {
  return confs
    .flatMap((conf) => httpRouteRules(conf, entries))
    .map(({ conf, matches, origin }) => ({
      conf,
      kri: origin === undefined ? "" : kriOrigin(kind.descriptor, origin.policy).kri,
      matches,
    }));
}

function tcpRuleViews({ confs }: ToConf): readonly JsonObject[] {
  return confs.map((conf) => ({ conf: conf.default ?? {}, kri: "", matches: null }));
}

/** One for each item that was merged. */
function originsView({ descriptor }: KindPolicies["kind"], { entries }: ToConf): readonly JsonObject[] {
  return entries.map(({ policy }) => kriOrigin(descriptor, policy));
}

/** What does not exist is told what holds for the whole mesh. */
function destinationNamed({ mesh, targets }: Destinations, kri: Kri): ResourceDestination {
  const resource = targets.byKri(kri);
  return resource === undefined ? meshDestination(mesh) : destinationOf(resource, kri.section);
}
