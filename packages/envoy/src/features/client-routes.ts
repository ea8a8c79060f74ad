/**
 * What is said of clients by their SPIFFE id: Envoy knows it of routes only, so that each route stands there once more for each of the
 * clients, the most particular first, and is found by what the handshake wrote down about who comes.
 */
import { type InboundMatch, type InboundRule, mergeConfs, type TextMatch } from "@isthmus/policy";
import type { RouteActionJson, RouteJson } from "@isthmus/proto/envoy/config/route/v3/route_components";
import type { ConfigJson } from "@isthmus/proto/envoy/extensions/filters/network/set_filter_state/v3/set_filter_state";
import type { FilterStateMatcherJson } from "@isthmus/proto/envoy/type/matcher/v3/filter_state";
import type { StringMatcherJson } from "@isthmus/proto/envoy/type/matcher/v3/string";
import type { JsonObject } from "@isthmus/std";
import { typed } from "../draft/any.ts";
import type { ChainDraft } from "../draft/draft.ts";

const STATE_FILTER = "envoy.filters.network.set_filter_state";
const STATE_CONFIG = "envoy.extensions.filters.network.set_filter_state.v3.Config";

export interface ClientRule {
  readonly match: InboundMatch;
  readonly conf: JsonObject;
}

/**
 * Rules by SPIFFE id, the most particular first; of a client that several of them are for, what all of them say, the more particular
 * last. `isAbout`: whether a configuration says something that matters.
 */
export function clientRules(
  rules: readonly InboundRule[],
  isAbout: (conf: JsonObject) => boolean,
): readonly ClientRule[] {
  const matched = rules
    .flatMap(({ match, conf }): readonly ClientRule[] =>
      match?.spiffeId === undefined || !isAbout(conf) ? [] : [{ match, conf }],
    )
    .sort((a, b) => byParticularity(a.match, b.match));
  const seen = new Set<string>();
  return matched.flatMap(({ match }) => {
    const key = JSON.stringify(match);
    if (seen.has(key)) return [];
    seen.add(key);
    return [{ match, conf: mergeConfs(widestFirst(matched, match).map(({ conf }) => conf)) }];
  });
}

/** What holds at a door for the server names of a chain, whoever comes: what is said of all traffic, then of the names. */
export function chainConf(rules: readonly InboundRule[], chain: ChainDraft): JsonObject | undefined {
  const names = chain.match?.serverNames ?? [];
  const general = rules.filter(({ match }) => match === undefined);
  const ofNames = rules.filter(
    ({ match }) => match?.spiffeId === undefined && match?.sni !== undefined && names.includes(match.sni.value),
  );
  const confs = [...general, ...ofNames].map(({ conf }) => conf);
  return confs.length === 0 ? undefined : mergeConfs(confs);
}

/** `policy`: name of the state, such as `mesh_timeout`. `shape`: makes the copy of a route what it is for. */
export function addClientRoutes(
  { end, filters }: ChainDraft,
  policy: string,
  rules: readonly ClientRule[],
  shape: (copy: RouteJson, rule: ClientRule) => void,
): void {
  if (end.kind !== "http" || rules.length === 0) return;
  const hasNames = rules.some(({ match }) => match.sni !== undefined);
  rememberClient(filters, [spiffeIdKey(policy), ...(hasNames ? [sniKey(policy)] : [])]);
  for (const host of end.routes.virtualHosts ?? []) {
    host.routes = (host.routes ?? []).flatMap((route) => [...copiesOf(route, policy, rules, shape), route]);
  }
}

function copiesOf(
  route: RouteJson,
  policy: string,
  rules: readonly ClientRule[],
  shape: (copy: RouteJson, rule: ClientRule) => void,
): readonly RouteJson[] {
  if (!hasCluster(route.route)) return [];
  return rules.map((rule) => {
    const copy = structuredClone(route);
    const filterState = [...(copy.match?.filterState ?? []), ...stateMatchers(policy, rule.match)];
    copy.match = { ...copy.match, filterState };
    shape(copy, rule);
    return copy;
  });
}

function hasCluster(action: RouteActionJson | undefined): boolean {
  return action?.cluster !== undefined || (action?.weightedClusters?.clusters ?? []).length > 0;
}

const spiffeIdKey = (policy: string): string => `kuma.${policy}.match.spiffe_id`;
const sniKey = (policy: string): string => `kuma.${policy}.match.sni`;

function stateMatchers(policy: string, { spiffeId, sni }: InboundMatch): readonly FilterStateMatcherJson[] {
  return [
    ...(spiffeId === undefined ? [] : [{ key: spiffeIdKey(policy), stringMatch: textMatcher(spiffeId) }]),
    ...(sni === undefined ? [] : [{ key: sniKey(policy), stringMatch: { exact: sni.value } }]),
  ];
}

function textMatcher({ type, value }: TextMatch): StringMatcherJson {
  return type === "Prefix" ? { prefix: value } : { exact: value };
}

/** One filter for all policies, in front of everything. */
function rememberClient(filters: ChainDraft["filters"], keys: readonly string[]): void {
  const known = filters.findIndex(({ name }) => name === STATE_FILTER);
  const before = known === -1 ? {} : (filters[known]?.typedConfig as ConfigJson);
  const onDownstreamTlsHandshake = [
    ...(before.onDownstreamTlsHandshake ?? []),
    ...keys.map((key) => ({
      objectKey: key,
      factoryKey: "envoy.string",
      formatString: {
        textFormatSource: {
          inlineString: key.endsWith(".sni") ? "%REQUESTED_SERVER_NAME%" : "%DOWNSTREAM_PEER_URI_SAN%",
        },
      },
      readOnly: true,
      skipIfEmpty: true,
    })),
  ];
  const filter = { name: STATE_FILTER, typedConfig: typed(STATE_CONFIG, { onDownstreamTlsHandshake }) };
  if (known === -1) filters.unshift(filter);
  else filters[known] = filter;
}

/** Of those that cover the match; of equal ones the later stays the later, which wins. */
function widestFirst(matched: readonly ClientRule[], narrow: InboundMatch): readonly ClientRule[] {
  return matched.filter(({ match }) => covers(match, narrow)).sort((a, b) => byParticularity(b.match, a.match));
}

/** Ids before prefixes, with a server name before without, long prefixes before short ones. */
function byParticularity(a: InboundMatch, b: InboundMatch): number {
  return rank(a) - rank(b) || prefixLength(b) - prefixLength(a);
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
