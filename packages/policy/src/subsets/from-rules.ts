/** Rules for incoming traffic by the tags of clients. Source: kuma v2.14.3: core/rules/rules.go `BuildFromRules`. */
import type { MatchedPolicy } from "../policies-for.ts";
import { sortPolicies } from "../policy-order.ts";
import type { ProxySection } from "../proxy.ts";
import { selecting } from "../rules/selecting.ts";
import { tagsOfTargetRef } from "./subset.ts";
import { type SubsetEntry, type SubsetRule, subsetRules } from "./subset-rules.ts";

export interface SubsetRules {
  /** To be tried in order. Traffic without a rule: nothing is said of it; MeshTrafficPermission denies it. */
  readonly rules: readonly SubsetRule[];
  /** Why there are none although policies speak. */
  readonly problem?: string;
}

export function fromRules(matched: readonly MatchedPolicy[], section: ProxySection): SubsetRules {
  const policies = sortPolicies(selecting(matched, section).map((policy) => ({ policy })));
  const entries = policies.flatMap(({ policy }): readonly SubsetEntry[] =>
    policy.from.flatMap((item) => {
      const tags = tagsOfTargetRef(item.targetRef);
      return tags === undefined ? [] : [{ policy, item, tags }];
    }),
  );
  const rules = subsetRules(entries, { withNegations: true });
  return rules.ok ? { rules: rules.value } : { rules: [], problem: `couldn't create From rules: ${rules.error}` };
}
