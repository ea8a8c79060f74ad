/** Who may talk to whom. Source: kuma v2.14.3: pkg/plugins/policies/meshtrafficpermission/api/v1alpha1. */
import { definePolicy } from "../define-type.ts";
import { match } from "../schemas/match.ts";
import { plainRules, policySpec, targetItems } from "../schemas/policy-spec.ts";
import { arrayOf, object, oneOf, optional, requiredObject } from "../schemas/shape.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";
import {
  meshTrafficPermissionDeprecations,
  validateMeshTrafficPermission,
} from "../validate/mesh-traffic-permission.ts";

const matches = optional(arrayOf(match));

export const descriptor: TypeDescriptor = definePolicy({
  name: "MeshTrafficPermission",
  shortName: "mtp",
  from: "asSubsets",
  rules: true,
  spec: policySpec({
    from: targetItems(object({ action: optional(oneOf(["Allow", "Deny", "AllowWithShadowDeny"])) })),
    rules: plainRules(requiredObject(object({ deny: matches, allowWithShadowDeny: matches, allow: matches }))),
  }),
  validate: validateMeshTrafficPermission,
  deprecations: meshTrafficPermissionDeprecations,
});
