/** What the policies of one type say about a proxy as a whole. Source: kuma v2.14.3: core/rules/rules.go `BuildSingleItemRules`. */
import type { JsonObject } from "@isthmus/std";
import { mergeConfs } from "../merge-confs.ts";
import type { MatchedPolicy } from "../policies-for.ts";
import type { Policy } from "../policy.ts";
import { sortPolicies } from "../policy-order.ts";

export interface ProxyConf {
  readonly conf: JsonObject;
  /** Ascending; all that were merged. */
  readonly origins: readonly Policy[];
}

/** For types whose policies have one `default` (MeshMetric, MeshTrace, ...); undefined when no policy matched. */
export function proxyConf(matched: readonly MatchedPolicy[]): ProxyConf | undefined {
  if (matched.length === 0) return undefined;
  const origins = sortPolicies(matched).map(({ policy }) => policy);
  return { conf: mergeConfs(origins.map(({ conf }) => conf)), origins };
}
