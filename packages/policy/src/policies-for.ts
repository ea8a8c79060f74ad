/** Which policies of one type apply to a proxy, in ascending order of precedence. */
import { goQuote } from "@isthmus/resources";
import { matchPolicy, type Selection } from "./match-policy.ts";
import type { Policy } from "./policy.ts";
import { sortPolicies } from "./policy-order.ts";
import type { PolicyProxy } from "./proxy.ts";

export interface MatchedPolicy {
  readonly policy: Policy;
  readonly selection: Selection;
}

export interface ProxyPolicies {
  readonly matched: readonly MatchedPolicy[];
  /** Policies whose targetRef leads nowhere, sorted. */
  readonly warnings: readonly string[];
}

export interface MatchOptions {
  /** MeshHTTPRoutes of the mesh, for policies whose top-level targetRef names one. */
  readonly routes?: readonly Policy[];
  /** To see what shadow policies would do. */
  readonly includesShadow?: boolean;
}

/** The order of `policies` does not matter. */
export function policiesFor(
  proxy: PolicyProxy,
  policies: readonly Policy[],
  { routes = [], includesShadow = false }: MatchOptions = {},
): ProxyPolicies {
  const matched: MatchedPolicy[] = [];
  const warnings: string[] = [];
  for (const policy of policies) {
    if (policy.isShadow && !includesShadow) continue;
    const match = matchPolicy(policy, proxy, routes);
    if (match.matched) matched.push({ policy, selection: match.selection });
    else if (match.isBroken) warnings.push(warningOf(policy, match.reason));
  }
  return { matched: sortPolicies(matched), warnings: warnings.sort() };
}

function warningOf({ resource: { mesh, name } }: Policy, reason: string): string {
  return `unable to resolve TargetRef on policy: mesh:${mesh} name:${name} error:${goQuote(reason)}`;
}
