/** Which connections to a service go where. Source: kuma v2.14.3: pkg/plugins/policies/meshtcproute/api/v1alpha1. */
import { definePolicy } from "../define-type.ts";
import { policySpec, targetItemsWith } from "../schemas/policy-spec.ts";
import { arrayOf, object, optional, required, requiredObject } from "../schemas/shape.ts";
import { backendRef } from "../schemas/target-ref.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";
import { validateMeshTcpRoute } from "../validate/mesh-tcp-route.ts";
import { targetRefDeprecations } from "../validate/policy-lists.ts";

const rule = object({ default: requiredObject(object({ backendRefs: optional(arrayOf(backendRef)) })) });

export const descriptor: TypeDescriptor = definePolicy({
  name: "MeshTCPRoute",
  shortName: "mtcpr",
  to: true,
  spec: policySpec({ to: targetItemsWith({ rules: required(arrayOf(rule, undefined, 1)) }, 1) }),
  validate: validateMeshTcpRoute,
  deprecations: ({ spec }) => targetRefDeprecations(spec),
});
