/**
 * `_rules`: for each type of policy, what it says about a proxy: its inbounds, destinations, the proxy as a whole.
 * Source: kuma v2.14.3: pkg/api-server/resource_endpoints.go `rulesForResource`.
 */
import {
  fromRules,
  inboundMatchJson,
  inboundRules,
  matchesHash,
  originsOf,
  type Policy,
  type PolicyProxy,
  type ProxySection,
  proxyConf,
  type ResourceRule,
  resourceRules,
  type SubsetRule,
  type TargetIndex,
  toRules,
} from "@isthmus/policy";
import { objectOf, objectsOf, type Resource, textOf } from "@isthmus/resources";
import type { JsonObject, JsonValue } from "@isthmus/std";
import type { KindPolicies } from "./inspection.ts";
import { entryOrigin, metaOf } from "./meta.ts";

export interface RulesQuestion {
  /** Dataplane, or the MeshGateway that the proxy stands for. */
  readonly resource: Resource;
  readonly proxy: PolicyProxy;
  readonly policies: readonly KindPolicies[];
  readonly targets: TargetIndex;
  /** MeshHTTPRoutes of the mesh. */
  readonly routes: readonly Policy[];
  readonly isExclusive: boolean;
}

const ROUTES = "MeshHTTPRoute";

interface KindRules {
  readonly policies: KindPolicies;
  readonly to: readonly SubsetRule[];
  readonly resources: readonly ResourceRule[];
  readonly problems: readonly string[];
}

export function rulesView(question: RulesQuestion): JsonObject {
  const kinds = question.policies.map((policies) => rulesOfKind(policies, question));
  return {
    httpMatches: httpMatches(kinds),
    resource: metaOf(question.resource),
    rules: kinds.flatMap((kind) => ruleView(kind, question)),
  };
}

function rulesOfKind(policies: KindPolicies, { targets, routes, isExclusive }: RulesQuestion): KindRules {
  const { kind, matched } = policies;
  // Destinations that are resources go by their own rules; but the matches of routes are shown.
  const to = kind.hasTo && (!isExclusive || kind.name === ROUTES) ? toRules(matched, routes) : { rules: [] };
  return {
    policies,
    to: to.rules,
    resources: kind.hasTo ? resourceRules(matched, targets) : [],
    problems: to.problem === undefined ? [] : [to.problem],
  };
}

/** Nothing for a type that says nothing. */
function ruleView({ policies, to, resources, problems }: KindRules, question: RulesQuestion): readonly JsonObject[] {
  const { kind, matched, warnings } = policies;
  const from = kind.hasFrom ? sectionsOf(policies).map((section) => ({ section, ...fromRules(matched, section) })) : [];
  const fromView = from.flatMap(({ section, rules }): readonly JsonObject[] =>
    rules.length === 0 ? [] : [{ inbound: inboundView(section, question.proxy), rules: rules.map(subsetRuleView) }],
  );
  const inboundViews = kind.hasFrom ? inboundRuleViews(policies, question.proxy) : [];
  const toView = question.isExclusive ? [] : to.map(subsetRuleView);
  const conf = kind.isForProxy ? proxyConf(matched) : undefined;
  const isSilent = [fromView, inboundViews, toView, resources].every((list) => list.length === 0);
  if (isSilent && conf === undefined) return [];
  return [
    {
      fromRules: fromView,
      inboundRules: inboundViews,
      ...(conf === undefined
        ? {}
        : { proxyRule: { conf: conf.conf, origin: conf.origins.map(({ resource }) => metaOf(resource)) } }),
      toResourceRules: resources.map(resourceRuleView),
      toRules: toView,
      type: kind.name,
      warnings: [...new Set([...warnings, ...from.flatMap(({ problem }) => problem ?? []), ...problems])],
    },
  ];
}

/** Places that any policy selects, by port. */
function sectionsOf({ matched }: KindPolicies): readonly ProxySection[] {
  const byPlace = new Map<string, ProxySection>();
  for (const { selection } of matched) {
    for (const section of selection.sections) byPlace.set(`${section.address} ${section.port}`, section);
  }
  return [...byPlace.values()].sort((a, b) => a.port - b.port || (a.address < b.address ? -1 : 1));
}

function inboundRuleViews(policies: KindPolicies, proxy: PolicyProxy): readonly JsonObject[] {
  return sectionsOf(policies).flatMap((section): readonly JsonObject[] => {
    const rules = inboundRules(policies.matched, section, policies.kind);
    if (rules.length === 0) return [];
    return [
      {
        inbound: inboundView(section, proxy),
        rules: rules.map(({ conf, match, origin }) => ({
          conf: [conf],
          ...(match === undefined ? {} : { match: inboundMatchJson(match) }),
          origin: [entryOrigin(origin)],
        })),
      },
    ];
  });
}

/** A gateway shows its tags in place of those of the inbound; a listener for zones has none. */
function inboundView({ port }: ProxySection, { dataplane, gateway }: PolicyProxy): JsonObject {
  const inbound = objectsOf(objectOf(dataplane.spec, "networking"), "inbound").find((each) => each.port === port);
  const name = inbound === undefined ? "" : textOf(inbound, "name");
  const tags: JsonValue = gateway?.tags ?? inbound?.tags ?? null;
  return { ...(name === "" ? {} : { name }), port, tags };
}

function subsetRuleView({ subset, conf, entries }: SubsetRule): JsonObject {
  return {
    conf,
    matchers: subset.map(({ key, value, not }) => ({ key, not, value })),
    origin: originsOf(entries).map(({ resource }) => metaOf(resource)),
  };
}

function resourceRuleView({ confs, entries, resource, destination }: ResourceRule): JsonObject {
  return {
    conf: confs,
    origin: entries.map(entryOrigin),
    resourceMeta: metaOf(resource),
    resourceSectionName: destination.section,
  };
}

/** Matches of routes by the hash that tags of rules name. */
function httpMatches(kinds: readonly KindRules[]): readonly JsonObject[] {
  const matches = new Map<string, JsonValue>();
  for (const { policies, to, resources } of kinds) {
    if (policies.kind.name !== ROUTES) continue;
    for (const conf of [...to.map((rule) => rule.conf), ...resources.flatMap((rule) => rule.confs)]) {
      for (const rule of objectsOf(conf, "rules")) matches.set(matchesHash(rule.matches), rule.matches ?? []);
    }
  }
  return [...matches].sort(([a], [b]) => (a < b ? -1 : 1)).map(([hash, match]) => ({ hash, match }));
}
