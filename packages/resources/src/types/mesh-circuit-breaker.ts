/**
 * How much a service is asked at once, and when an endpoint of it is left alone.
 * Source: kuma v2.14.3: pkg/plugins/policies/meshcircuitbreaker/api/v1alpha1.
 */
import { definePolicy } from "../define-type.ts";
import { plainRules, policySpec, targetItems } from "../schemas/policy-spec.ts";
import { alwaysEmitted, duration, flag, intOrString, object, optional, uint32 } from "../schemas/shape.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";
import { meshCircuitBreakerDeprecations, validateMeshCircuitBreaker } from "../validate/mesh-circuit-breaker.ts";

const count = optional(uint32);
const failures = optional(object({ consecutive: count }));

const detectors = object({
  totalFailures: failures,
  gatewayFailures: failures,
  localOriginFailures: failures,
  successRate: optional(
    object({ minimumHosts: count, requestVolume: count, standardDeviationFactor: optional(intOrString) }),
  ),
  failurePercentage: optional(object({ minimumHosts: count, requestVolume: count, threshold: count })),
});

const conf = object({
  connectionLimits: optional(
    object({
      maxConnections: count,
      maxConnectionPools: count,
      maxPendingRequests: count,
      maxRetries: count,
      maxRequests: count,
    }),
  ),
  outlierDetection: optional(
    object({
      disabled: optional(flag),
      interval: optional(duration),
      baseEjectionTime: optional(duration),
      maxEjectionPercent: count,
      splitExternalAndLocalErrors: optional(flag),
      detectors: optional(detectors),
      healthyPanicThreshold: optional(intOrString),
    }),
  ),
});

export const descriptor: TypeDescriptor = definePolicy({
  name: "MeshCircuitBreaker",
  shortName: "mcb",
  to: true,
  from: "asRules",
  rules: true,
  spec: policySpec({ to: targetItems(conf), from: targetItems(conf), rules: plainRules(alwaysEmitted(conf)) }),
  validate: validateMeshCircuitBreaker,
  deprecations: meshCircuitBreakerDeprecations,
});
