/**
 * Rates for clients by their SPIFFE id: the limiter knows routes only, so that each route stands there once more for each of the clients,
 * the most particular first, and is found by what the handshake wrote down about who comes.
 */
import { type InboundMatch, type InboundRule, mergeConfs, type TextMatch } from "@isthmus/policy";
import type { RouteActionJson, RouteJson } from "@isthmus/proto/envoy/config/route/v3/route_components";
import type { FilterStateMatcherJson } from "@isthmus/proto/envoy/type/matcher/v3/filter_state";
import type { StringMatcherJson } from "@isthmus/proto/envoy/type/matcher/v3/string";
import { messageOf, objectOf } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import { type TypedConfig, typed } from "../draft/any.ts";
import type { ChainDraft, Draft } from "../draft/draft.ts";
import { addLimiter, HTTP_LIMIT, requestLimit } from "./rate-limits.ts";

const SPIFFE_ID = { key: "kuma.mesh_rate_limit.match.spiffe_id", value: "%DOWNSTREAM_PEER_URI_SAN%" };
const SNI = { key: "kuma.mesh_rate_limit.match.sni", value: "%REQUESTED_SERVER_NAME%" };

interface ClientRule {
  readonly match: InboundMatch;
  readonly conf: JsonObject;
}

interface ClientLimit {
  readonly match: InboundMatch;
  /** Undefined: as much as comes. */
  readonly limit: TypedConfig | undefined;
}

/** `conf`: what holds for everybody. Who comes is known of TLS connections alone. */
export function limitMatchedRoutes(
  chain: ChainDraft,
  conf: JsonObject,
  rules: readonly InboundRule[],
  draft: Draft,
): void {
  const { end, filters, tls } = chain;
  if (end.kind !== "http" || tls === undefined) return;
  const limits = clientLimits(conf, rules, draft);
  const isLimited = limits.some(({ limit }) => limit !== undefined);
  if (limits.length === 0 || (!isLimited && !end.filters.some(({ name }) => name === HTTP_LIMIT))) return;
  filters.unshift(stateFilter(limits));
  if (isLimited) addLimiter(end);
  for (const host of end.routes.virtualHosts ?? []) {
    host.routes = (host.routes ?? []).flatMap((route) => [...copiesOf(route, limits), route]);
  }
}

/** What is said of several that a client is among adds up, the more particular last. */
function clientLimits(conf: JsonObject, rules: readonly InboundRule[], draft: Draft): readonly ClientLimit[] {
  const matched = rules
    .flatMap(({ match, conf: own }): readonly ClientRule[] =>
      match?.spiffeId === undefined || httpOf(own) === undefined ? [] : [{ match, conf: own }],
    )
    .sort((a, b) => byParticularity(a.match, b.match));
  const base = httpOf(conf) === undefined ? [] : [conf];
  const seen = new Set<string>();
  return matched.flatMap(({ match }) => {
    const key = JSON.stringify(match);
    if (seen.has(key)) return [];
    seen.add(key);
    const http = httpOf(mergeConfs([...base, ...widestFirst(matched, match).map((each) => each.conf)]));
    return [{ match, limit: http === undefined ? undefined : requestLimit(http, draft) }];
  });
}

/** Of those that cover the match; of equal ones the later stays the later, which wins. */
function widestFirst(matched: readonly ClientRule[], narrow: InboundMatch): readonly ClientRule[] {
  return matched.filter(({ match }) => covers(match, narrow)).sort((a, b) => byParticularity(b.match, a.match));
}

/** Ids before prefixes, with a server name before without, long prefixes before short ones. */
function byParticularity(a: InboundMatch, b: InboundMatch): number {
  return rank(a) - rank(b) || prefixLength(b) - prefixLength(a);
}

function httpOf(conf: JsonObject): JsonObject | undefined {
  return messageOf(objectOf(conf, "local"), "http");
}

function rank({ spiffeId, sni }: InboundMatch): number {
  return (spiffeId?.type === "Prefix" ? 2 : 0) + (sni === undefined ? 1 : 0);
}

function prefixLength({ spiffeId }: InboundMatch): number {
  return spiffeId?.type === "Prefix" ? spiffeId.value.length : 0;
}

function covers(wide: InboundMatch, narrow: InboundMatch): boolean {
  return coversId(wide.spiffeId, narrow.spiffeId) && (wide.sni === undefined || wide.sni.value === narrow.sni?.value);
}

function coversId(wide: TextMatch | undefined, narrow: TextMatch | undefined): boolean {
  if (wide === undefined || narrow === undefined) return false;
  if (wide.type === "Prefix") return narrow.value.startsWith(wide.value);
  return narrow.type !== "Prefix" && narrow.value === wide.value;
}

function copiesOf(route: RouteJson, limits: readonly ClientLimit[]): readonly RouteJson[] {
  if (!hasCluster(route.route)) return [];
  return limits.map(({ match, limit }) => {
    const { [HTTP_LIMIT]: _general, ...others } = route.typedPerFilterConfig ?? {};
    const { typedPerFilterConfig: _all, ...rest } = route;
    const config = limit === undefined ? others : { ...others, [HTTP_LIMIT]: limit };
    return {
      ...structuredClone(rest),
      match: { ...route.match, filterState: [...(route.match?.filterState ?? []), ...stateMatchers(match)] },
      ...(Object.keys(config).length === 0 ? {} : { typedPerFilterConfig: config }),
    };
  });
}

function hasCluster(action: RouteActionJson | undefined): boolean {
  return action?.cluster !== undefined || (action?.weightedClusters?.clusters ?? []).length > 0;
}

function stateMatchers({ spiffeId, sni }: InboundMatch): readonly FilterStateMatcherJson[] {
  return [
    ...(spiffeId === undefined ? [] : [{ key: SPIFFE_ID.key, stringMatch: textMatcher(spiffeId) }]),
    ...(sni === undefined ? [] : [{ key: SNI.key, stringMatch: { exact: sni.value } }]),
  ];
}

function textMatcher({ type, value }: TextMatch): StringMatcherJson {
  return type === "Prefix" ? { prefix: value } : { exact: value };
}

function stateFilter(limits: readonly ClientLimit[]): ChainDraft["filters"][number] {
  const values = [SPIFFE_ID, ...(limits.some(({ match }) => match.sni !== undefined) ? [SNI] : [])];
  return {
    name: "envoy.filters.network.set_filter_state",
    typedConfig: typed("envoy.extensions.filters.network.set_filter_state.v3.Config", {
      onDownstreamTlsHandshake: values.map(({ key, value }) => ({
        objectKey: key,
        factoryKey: "envoy.string",
        formatString: { textFormatSource: { inlineString: value } },
        readOnly: true,
        skipIfEmpty: true,
      })),
    }),
  };
}
