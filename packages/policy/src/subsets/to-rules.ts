/**
 * Rules for outgoing traffic by the tags of destinations: what counts for services that are no resources.
 * Source: kuma v2.14.3: pkg/plugins/policies/core/rules/rules.go `legacyBuildToRules`.
 */
import { objectItems } from "../object-items.ts";
import type { MatchedPolicy } from "../policies-for.ts";
import type { Policy } from "../policy.ts";
import { sortPolicies } from "../policy-order.ts";
import { routeNamed } from "../route-named.ts";
import { matchesHash } from "../routes/matches-hash.ts";
import { MESH_REF, type TargetRef } from "../target-ref.ts";
import type { SubsetRules } from "./from-rules.ts";
import { tagsOfTargetRef } from "./subset.ts";
import { type SubsetEntry, subsetRules } from "./subset-rules.ts";

/** Stands for a rule of a route in the tags of a destination; its value is the hash of the matches. */
export const ROUTE_TAG = "__rule-matches-hash__";

/** `routes`: MeshHTTPRoutes of the mesh, for policies whose top-level targetRef names one. */
export function toRules(matched: readonly MatchedPolicy[], routes: readonly Policy[] = []): SubsetRules {
  const entries = sortPolicies(matched)
    .filter(({ policy }) => !policy.to.some(({ targetRef }) => targetRef.kind === "MeshHTTPRoute"))
    .flatMap(({ policy }): readonly SubsetEntry[] =>
      policy.targetRef.kind === "MeshHTTPRoute" ? entriesOfRoute(policy, routes) : entriesOf(policy),
    );
  const rules = subsetRules(entries, { withNegations: false });
  return rules.ok ? { rules: rules.value } : { rules: [], problem: `couldn't create To rules: ${rules.error}` };
}

function entriesOf(policy: Policy): readonly SubsetEntry[] {
  return policy.to.flatMap((item) => {
    const tags = tagsOfTargetRef(item.targetRef);
    return tags === undefined ? [] : [{ policy, item, tags }];
  });
}

/** Each item once for each rule of the route, where the route goes. */
function entriesOfRoute(policy: Policy, routes: readonly Policy[]): readonly SubsetEntry[] {
  const route = routeNamed(policy, routes);
  return (route?.to ?? []).flatMap(({ targetRef, conf }) =>
    // A configuration of a route has its rules from the last to the first.
    rulesOf(conf)
      .toReversed()
      .flatMap((hash) => {
        const tags = tagsOfTargetRef(ofRule(targetRef, hash)) ?? [];
        return policy.to.map((item) => ({ policy, item, tags }));
      }),
  );
}

function ofRule({ kind, name }: TargetRef, hash: string): TargetRef {
  const tags = { [ROUTE_TAG]: hash };
  return kind === "Mesh" || kind === "MeshSubset"
    ? { ...MESH_REF, kind: "MeshSubset", tags }
    : { ...MESH_REF, kind: "MeshServiceSubset", name, tags };
}

function rulesOf(conf: Policy["conf"]): readonly string[] {
  return objectItems(conf.rules).map(({ matches }) => matchesHash(matches));
}
