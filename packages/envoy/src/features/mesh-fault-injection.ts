/**
 * MeshFaultInjection: requests that are delayed, refused or slowed down on purpose, of everybody or of some clients.
 * Source: kuma v2.14.3: pkg/plugins/policies/meshfaultinjection.
 */
import { fromRules, type InboundRule, tagValues } from "@isthmus/policy";
import type { HttpFilterJson } from "@isthmus/proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager";
import { builtinTypes, kriText, objectsOf } from "@isthmus/resources";
import { typed } from "../draft/any.ts";
import type { ChainDraft, Draft } from "../draft/draft.ts";
import type { Translation } from "../translation.ts";
import { clientHeaders, TAGS_HEADER, tagsText } from "./client-headers.ts";
import { type Fault, faultOf } from "./faults.ts";
import type { Feature } from "./feature.ts";
import { matchPredicate } from "./rbac-matchers.ts";
import type { InboundPlace, SubjectPolicies } from "./subject-policies.ts";

const TYPE = "MeshFaultInjection";
const DESCRIPTOR = builtinTypes.find(({ name }) => name === TYPE);
const FILTER = "envoy.filters.http.fault";
const HTTP_FAULT = "envoy.extensions.filters.http.fault.v3.HTTPFault";

export const meshFaultInjection: Feature = (draft, { subject, policies }) => {
  if (subject.kind === "sidecar" && subject.tellsTags) tellTags(draft, policies);
  if (policies.matched(TYPE).length === 0) return;
  for (const { chains } of draft.listeners) {
    for (const { role, end } of chains) {
      const place = placeOf(role);
      if (place !== undefined && end.kind === "http") end.filters.push(...filtersAt(place, policies, draft));
    }
  }
};

/** Whether clients have to say in a header who they are: a policy of the older form wants to know. */
export function needsClientTags(mesh: string, { policies }: Pick<Translation, "policies">): boolean {
  return policies(TYPE, mesh).some(({ from }) => from.length > 0);
}

function tellTags(draft: Draft, { proxy }: SubjectPolicies): void {
  const value = proxy === undefined ? "" : tagsText(tagValues(proxy));
  if (value === "") return;
  for (const { role, chains } of draft.listeners) {
    if (role.kind !== "outbound" && role.kind !== "legacyOutbound") continue;
    for (const { end } of chains) {
      if (end.kind === "http") end.routes.requestHeadersToAdd = [{ header: { key: TAGS_HEADER, value } }];
    }
  }
}

function placeOf(role: ChainDraft["role"]): InboundPlace | undefined {
  if (role.kind === "inbound") return { address: role.inbound.listenAddress, port: role.inbound.port };
  return role.kind === "zoneEgress" ? role.listener : undefined;
}

/** Rules by certificate go before rules by tags. */
function filtersAt(place: InboundPlace, policies: SubjectPolicies, draft: Draft): readonly HttpFilterJson[] {
  const rules = policies.inbound(TYPE, place, false);
  if (rules.length > 0) return rules.flatMap((rule) => ruleFilters(rule, draft));
  const section = policies.section(place);
  if (section === undefined) return [];
  const byTags = fromRules(policies.matched(TYPE), section);
  if (byTags.problem !== undefined) draft.problems.push(`${TYPE}: ${byTags.problem}`);
  return byTags.rules.flatMap(({ subset, conf }) => {
    const headers = clientHeaders(subset);
    return faults(objectsOf(conf, "http"), draft).map((fault) => ({
      name: FILTER,
      typedConfig: typed(HTTP_FAULT, { ...fault, ...(headers.length === 0 ? {} : { headers }) }),
    }));
  });
}

/** Of others the filter is skipped. */
function ruleFilters({ match, conf, origin }: InboundRule, draft: Draft): readonly HttpFilterJson[] {
  const name = DESCRIPTOR === undefined ? "" : (kriText(DESCRIPTOR, origin.policy.kri) ?? "");
  const skipped =
    match === undefined
      ? {}
      : {
          matcherList: { matchers: [{ predicate: { notMatcher: matchPredicate(match) }, onMatch: { action: SKIP } }] },
        };
  return faults(objectsOf(conf, "http"), draft).map((fault) => ({
    name,
    typedConfig: typed("envoy.extensions.common.matching.v3.ExtensionWithMatcher", {
      extensionConfig: { name: FILTER, typedConfig: typed(HTTP_FAULT, fault) },
      xdsMatcher: skipped,
    }),
  }));
}

const SKIP = {
  name: "skip",
  typedConfig: typed("envoy.extensions.filters.common.matcher.action.v3.SkipFilter", {}),
};

function faults(confs: readonly Parameters<typeof faultOf>[0][], draft: Draft): readonly Fault[] {
  return confs.flatMap((conf) => {
    const { fault, problems } = faultOf(conf);
    draft.problems.push(...problems.map((problem) => `${TYPE}: ${problem}`));
    return fault === undefined ? [] : [fault];
  });
}
