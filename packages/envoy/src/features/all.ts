/** All features, in the order in which they shape a configuration. */
import type { Draft } from "../draft/draft.ts";
import { TelemetryPipe } from "../telemetry/telemetry-pipe.ts";
import type { Translation } from "../translation.ts";
import { crossZoneConnections } from "./cross-zone-connections.ts";
import type { Feature, Subject } from "./feature.ts";
import { meshAccessLog } from "./mesh-access-log.ts";
import { meshCircuitBreaker } from "./mesh-circuit-breaker.ts";
import { meshFaultInjection } from "./mesh-fault-injection.ts";
import { meshHealthCheck } from "./mesh-health-check.ts";
import { meshLoadBalancingStrategy } from "./mesh-load-balancing-strategy.ts";
import { meshMetric } from "./mesh-metric.ts";
import { meshPassthrough } from "./mesh-passthrough.ts";
import { meshProxyPatch } from "./mesh-proxy-patch.ts";
import { meshRateLimit } from "./mesh-rate-limit.ts";
import { meshRetry } from "./mesh-retry.ts";
import { meshTimeout } from "./mesh-timeout.ts";
import { meshTls } from "./mesh-tls.ts";
import { meshTrace } from "./mesh-trace.ts";
import { meshTrafficPermission } from "./mesh-traffic-permission.ts";
import { SubjectPolicies } from "./subject-policies.ts";
import { telemetryDocument } from "./telemetry-document.ts";

const FEATURES: readonly Feature[] = [
  meshTls,
  meshLoadBalancingStrategy,
  meshPassthrough,
  meshAccessLog,
  meshTrace,
  meshFaultInjection,
  meshRateLimit,
  meshTimeout,
  crossZoneConnections,
  meshTrafficPermission,
  meshHealthCheck,
  meshCircuitBreaker,
  meshRetry,
  meshMetric,
  telemetryDocument,
  meshProxyPatch,
];

export function applyFeatures(
  subject: Subject,
  translation: Translation,
  draft: Draft,
  policies = new SubjectPolicies(subject, translation),
): void {
  const telemetry = new TelemetryPipe(translation.traits);
  for (const feature of FEATURES) feature(draft, { subject, policies, translation, telemetry });
}
