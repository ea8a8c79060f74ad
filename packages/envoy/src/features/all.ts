/** All features, in the order in which they shape a configuration. */
import type { Draft } from "../draft/draft.ts";
import type { Translation } from "../translation.ts";
import type { Feature, Subject } from "./feature.ts";
import { meshCircuitBreaker } from "./mesh-circuit-breaker.ts";
import { meshHealthCheck } from "./mesh-health-check.ts";
import { meshRetry } from "./mesh-retry.ts";
import { meshTimeout } from "./mesh-timeout.ts";
import { meshTrafficPermission } from "./mesh-traffic-permission.ts";
import { SubjectPolicies } from "./subject-policies.ts";

const FEATURES: readonly Feature[] = [
  meshTimeout,
  meshTrafficPermission,
  meshHealthCheck,
  meshCircuitBreaker,
  meshRetry,
];

export function applyFeatures(
  subject: Subject,
  translation: Translation,
  draft: Draft,
  policies = new SubjectPolicies(subject, translation),
): void {
  for (const feature of FEATURES) feature(draft, { subject, policies, translation });
}
