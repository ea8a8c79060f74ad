/**
 * What the policies of one type say about traffic that enters at one place of a proxy.
 * Source: kuma v2.14.3: pkg/plugins/policies/core/rules/inbound/inboundrules.go.
 */
import type { JsonObject } from "@isthmus/std";
import { mergeConfs } from "../merge-confs.ts";
import type { MatchedPolicy } from "../policies-for.ts";
import type { Policy, PolicyItem, RuleItem } from "../policy.ts";
import { type PolicyEntry, sortRuleEntries } from "../policy-order.ts";
import type { ProxySection } from "../proxy.ts";
import { compareInboundMatches, type InboundMatch } from "./inbound-match.ts";
import { selecting } from "./selecting.ts";

export interface InboundRule {
  /** undefined: all traffic. */
  readonly match: InboundMatch | undefined;
  readonly conf: JsonObject;
  readonly origin: PolicyEntry;
}

export interface InboundOptions {
  /** Whether items of `from` count as rules in policies without `rules`; a trait of the type. */
  readonly isFromAsRules: boolean;
}

/**
 * One rule for each match, the most particular first; among equals ascending, so that of several rules for all traffic the
 * later wins. Which rules a proxy tries, and how often, is up to the type.
 */
export function inboundRules(
  matched: readonly MatchedPolicy[],
  section: ProxySection,
  { isFromAsRules }: InboundOptions,
): readonly InboundRule[] {
  const entries = selecting(matched, section).flatMap((policy) =>
    ruleItemsOf(policy, isFromAsRules).map((item) => ({ policy, item })),
  );
  return sortRuleEntries(entries)
    .flatMap(({ policy, item }): readonly InboundRule[] => {
      const matches = item.matches.length === 0 ? [undefined] : item.matches;
      return matches.map((match) => ({ match, conf: item.conf, origin: { policy, item } }));
    })
    .sort((a, b) => compareInboundMatches(a.match, b.match));
}

/** What holds for all traffic, whoever it is from; undefined when nothing is said. */
export function inboundConf(rules: readonly InboundRule[]): JsonObject | undefined {
  const confs = rules.filter(({ match }) => match === undefined).map(({ conf }) => conf);
  return confs.length === 0 ? undefined : mergeConfs(confs);
}

function ruleItemsOf({ rules, from }: Policy, isFromAsRules: boolean): readonly RuleItem[] {
  if (rules.length > 0 || !isFromAsRules) return rules;
  return from.map(({ index, conf }: PolicyItem) => ({ index, conf, matches: [] }));
}
