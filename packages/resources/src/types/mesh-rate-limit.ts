/** How many requests and connections an inbound takes. Source: kuma v2.14.3: pkg/plugins/policies/meshratelimit/api/v1alpha1. */
import { definePolicy } from "../define-type.ts";
import { headerAdditions } from "../schemas/header.ts";
import { matchedRules, policySpec, targetItems } from "../schemas/policy-spec.ts";
import { alwaysEmitted, duration, flag, object, optional, required, uint32 } from "../schemas/shape.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";
import { meshRateLimitDeprecations, validateMeshRateLimit } from "../validate/mesh-rate-limit.ts";

const rate = optional(object({ num: required(uint32), interval: required(duration) }));

const http = object({
  disabled: optional(flag),
  requestRate: rate,
  onRateLimit: optional(object({ status: optional(uint32), headers: optional(headerAdditions) })),
});

const conf = object({
  local: optional(
    object({ http: optional(http), tcp: optional(object({ disabled: optional(flag), connectionRate: rate })) }),
  ),
});

export const descriptor: TypeDescriptor = definePolicy({
  name: "MeshRateLimit",
  shortName: "mrl",
  to: true,
  from: "asRules",
  rules: true,
  spec: policySpec({ from: targetItems(conf), to: targetItems(conf), rules: matchedRules(alwaysEmitted(conf)) }),
  validate: validateMeshRateLimit,
  deprecations: meshRateLimitDeprecations,
});
