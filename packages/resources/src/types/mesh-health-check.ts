/** Active checks of endpoints. Source: kuma v2.14.3: pkg/plugins/policies/meshhealthcheck/api/v1alpha1. */
import { definePolicy } from "../define-type.ts";
import { headerAdditions } from "../schemas/header.ts";
import { policySpec, targetItems } from "../schemas/policy-spec.ts";
import { arrayOf, duration, flag, int32, intOrString, object, optional, text } from "../schemas/shape.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";
import { meshHealthCheckDeprecations, validateMeshHealthCheck } from "../validate/mesh-health-check.ts";

const conf = object({
  interval: optional(duration),
  timeout: optional(duration),
  unhealthyThreshold: optional(int32),
  healthyThreshold: optional(int32),
  initialJitter: optional(duration),
  intervalJitter: optional(duration),
  intervalJitterPercent: optional(int32),
  healthyPanicThreshold: optional(intOrString),
  failTrafficOnPanic: optional(flag),
  eventLogPath: optional(text),
  alwaysLogHealthCheckFailures: optional(flag),
  noTrafficInterval: optional(duration),
  tcp: optional(object({ disabled: optional(flag), send: optional(text), receive: optional(arrayOf(text)) })),
  http: optional(
    object({
      disabled: optional(flag),
      path: optional(text),
      requestHeadersToAdd: optional(headerAdditions),
      expectedStatuses: optional(arrayOf(int32)),
    }),
  ),
  grpc: optional(object({ disabled: optional(flag), serviceName: optional(text), authority: optional(text) })),
  reuseConnection: optional(flag),
});

export const descriptor: TypeDescriptor = definePolicy({
  name: "MeshHealthCheck",
  shortName: "mhc",
  to: true,
  spec: policySpec({ to: targetItems(conf) }),
  validate: validateMeshHealthCheck,
  deprecations: meshHealthCheckDeprecations,
});
