/** How long connections, requests and streams may take. Source: kuma v2.14.3: pkg/plugins/policies/meshtimeout/api/v1alpha1. */
import { definePolicy } from "../define-type.ts";
import { matchedRules, policySpec, targetItems } from "../schemas/policy-spec.ts";
import { alwaysEmitted, duration, object, optional } from "../schemas/shape.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";
import { meshTimeoutDeprecations, validateMeshTimeout } from "../validate/mesh-timeout.ts";

const timeout = optional(duration);

const conf = object({
  connectionTimeout: timeout,
  idleTimeout: timeout,
  http: optional(
    object({
      requestTimeout: timeout,
      streamIdleTimeout: timeout,
      maxStreamDuration: timeout,
      maxConnectionDuration: timeout,
      requestHeadersTimeout: timeout,
    }),
  ),
});

export const descriptor: TypeDescriptor = definePolicy({
  name: "MeshTimeout",
  shortName: "mt",
  to: true,
  from: "asRules",
  rules: true,
  spec: policySpec({ to: targetItems(conf), from: targetItems(conf), rules: matchedRules(alwaysEmitted(conf)) }),
  validate: validateMeshTimeout,
  deprecations: meshTimeoutDeprecations,
});
