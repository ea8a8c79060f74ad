/**
 * What policies mean on a ZoneEgress, which stands for external services of legacy tags: it is no proxy of a mesh, so policies
 * are picked by what they say of the service. Source: kuma v2.14.3: pkg/plugins/policies/core/matchers/egress.go.
 */
import { SERVICE_TAG } from "./match-policy.ts";
import type { Policy } from "./policy.ts";
import { sortPolicies } from "./policy-order.ts";
import type { SubsetRules } from "./subsets/from-rules.ts";
import { tagsOfTargetRef } from "./subsets/subset.ts";
import { type SubsetEntry, subsetRules } from "./subsets/subset-rules.ts";
import { matchesTags } from "./tag-selector.ts";
import type { StringMap, TargetRef } from "./target-ref.ts";

/** Rules for clients, from the `from` items of policies whose own target is the service. */
export function egressFromRules(tags: StringMap, policies: readonly Policy[]): SubsetRules {
  const entries = inForce(policies)
    .filter((policy) => isTarget(policy.targetRef, tags))
    .flatMap((policy) => policy.from.flatMap((item) => entry({ policy, item }, item.targetRef)));
  return result(entries, true);
}

/**
 * Rules for clients, from the `to` items about the service: the egress is one place for many clients, so that the target of the
 * policy becomes the client.
 */
export function egressToRules(tags: StringMap, policies: readonly Policy[]): SubsetRules {
  const entries = inForce(policies).flatMap((policy) =>
    policy.to
      .filter((item) => isTarget(item.targetRef, tags))
      .flatMap((item) => entry({ policy, item }, policy.targetRef)),
  );
  return result(entries, false);
}

function inForce(policies: readonly Policy[]): readonly Policy[] {
  return sortPolicies(policies.filter(({ isShadow }) => !isShadow).map((policy) => ({ policy }))).map(
    ({ policy }) => policy,
  );
}

function entry(each: Omit<SubsetEntry, "tags">, client: TargetRef): readonly SubsetEntry[] {
  const tags = tagsOfTargetRef(client);
  return tags === undefined ? [] : [{ ...each, tags }];
}

function result(entries: readonly SubsetEntry[], withNegations: boolean): SubsetRules {
  const rules = subsetRules(entries, { withNegations });
  return rules.ok ? { rules: rules.value } : { rules: [], problem: rules.error };
}

function isTarget(ref: TargetRef, tags: StringMap): boolean {
  switch (ref.kind) {
    case "Mesh":
      return true;
    case "MeshSubset":
      return matchesTags(ref.tags, tags);
    case "MeshService":
      return ref.name === tags[SERVICE_TAG];
    case "MeshServiceSubset":
      return ref.name === tags[SERVICE_TAG] && matchesTags(ref.tags, tags);
    default:
      return false;
  }
}
