/**
 * Rules of a MeshTrafficPermission.
 * Source: kuma v2.14.3: pkg/plugins/policies/meshtrafficpermission/api/v1alpha1/validator.go.
 */
import type { Resource } from "../resource.ts";
import { at, member, type Violation, Violations } from "../violation.ts";
import { objectAt, objectsAt, textAt } from "./json-access.ts";
import { checkMatch } from "./match.ts";
import { checkTargetItems, hasItems, targetRefDeprecations } from "./policy-lists.ts";
import { MUST_BE_DEFINED } from "./primitives.ts";
import { checkTopTargetRef, type TargetRefRules, type TopTargetRefRules } from "./target-ref.ts";

const TOP: TopTargetRefRules = {
  system: { kinds: ["Mesh", "MeshSubset", "MeshService", "MeshServiceSubset", "Dataplane"] },
  hasInboundLists: true,
};
const FROM: TargetRefRules = { kinds: ["Mesh", "MeshSubset", "MeshService", "MeshServiceSubset"] };

/** In the order in which messages name them. */
const DECISIONS = ["allow", "allowWithShadowDeny", "deny"] as const;

export function validateMeshTrafficPermission(resource: Resource): readonly Violation[] {
  const { spec } = resource;
  const found = new Violations();
  checkTopTargetRef(resource, TOP, found);
  const hasFrom = hasItems(spec, "from");
  const hasRules = hasItems(spec, "rules");
  if (hasFrom && hasRules) found.add("spec", "field 'from' must be empty when 'rules' is defined");
  if (!hasFrom && !hasRules) found.add("spec", "at least one of 'from' or 'rules' has to be defined");
  for (const [index, rule] of objectsAt(spec, "rules").entries()) {
    const path = at("spec.rules", index);
    const conf = objectAt(rule, "default");
    if (!DECISIONS.some((name) => hasItems(conf, name))) {
      found.add(path, "at least one of 'allow', 'allowWithShadowDeny', 'deny' has to be defined");
    }
    // Kuma's paths leave out `default`.
    for (const name of DECISIONS) {
      const matches = member(path, name);
      for (const [place, match] of objectsAt(conf, name).entries()) checkMatch(match, at(matches, place), found);
    }
  }
  checkTargetItems(
    spec,
    "from",
    FROM,
    (item, path) => {
      if (textAt(objectAt(item, "default"), "action") === "")
        found.add(member(path, "default.action"), MUST_BE_DEFINED);
    },
    found,
  );
  return found.list;
}

export function meshTrafficPermissionDeprecations({ spec }: Resource): readonly string[] {
  const ofServices = objectsAt(spec, "from").filter(
    (item) => textAt(objectAt(item, "targetRef"), "kind") === "MeshService",
  );
  return [
    ...(hasItems(spec, "from")
      ? ["'from' field is deprecated and will be removed in 3.0, use 'rules' with MeshIdentity (spiffeId) instead"]
      : []),
    ...ofServices.map(
      () =>
        "MeshService value for 'from[].targetRef.kind' is deprecated, use MeshSubset with 'kuma.io/service' instead",
    ),
    ...targetRefDeprecations(spec),
  ];
}
