/**
 * MeshCircuitBreaker: limits of connections and requests, and when an endpoint is left out because it fails.
 * Source: kuma v2.14.3: pkg/plugins/policies/meshcircuitbreaker.
 */

import { inboundConf } from "@isthmus/policy";
import type { CircuitBreakers_ThresholdsJson } from "@isthmus/proto/envoy/config/cluster/v3/circuit_breaker";
import { objectOf } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import { percentOf, uintOf } from "../build/numbers.ts";
import type { ClusterDraft } from "../draft/draft.ts";
import type { Feature, FeatureContext } from "./feature.ts";
import { outlierDetection } from "./outlier-detection.ts";

const TYPE = "MeshCircuitBreaker";

export const meshCircuitBreaker: Feature = (draft, context) => {
  for (const cluster of draft.clusters) {
    // On the resources of zones the doors themselves are left as they are.
    if (context.subject.kind !== "sidecar" && cluster.role.kind !== "zoneEgress") continue;
    const conf = confOf(cluster, context);
    cluster.json.circuitBreakers = { thresholds: [thresholds(conf)] };
    const outliers = conf === undefined ? undefined : outlierDetection(conf);
    if (outliers !== undefined) cluster.json.outlierDetection = outliers;
    const panic = percentOf(objectOf(conf ?? {}, "outlierDetection"), "healthyPanicThreshold");
    if (panic !== undefined) {
      cluster.json.commonLbConfig = { ...cluster.json.commonLbConfig, healthyPanicThreshold: { value: panic } };
    }
  }
};

function confOf({ role }: ClusterDraft, { policies }: FeatureContext): JsonObject | undefined {
  switch (role.kind) {
    case "outbound":
    case "legacyOutbound":
      return policies.to(TYPE, role);
    case "inbound":
      return inboundConf(
        policies.inbound(TYPE, { address: role.inbound.listenAddress, port: role.inbound.port }, true),
      );
    case "zoneEgress":
      return policies.toExternal(TYPE, role.exposure);
    default:
      return undefined;
  }
}

function thresholds(conf: JsonObject | undefined): CircuitBreakers_ThresholdsJson {
  const limits = objectOf(conf ?? {}, "connectionLimits");
  const limit = (member: string, name: keyof CircuitBreakers_ThresholdsJson): CircuitBreakers_ThresholdsJson => {
    const value = uintOf(limits, member);
    return value === undefined ? {} : { [name]: value };
  };
  return {
    ...limit("maxConnections", "maxConnections"),
    ...limit("maxPendingRequests", "maxPendingRequests"),
    ...limit("maxRequests", "maxRequests"),
    ...limit("maxRetries", "maxRetries"),
    ...limit("maxConnectionPools", "maxConnectionPools"),
    trackRemaining: true,
  };
}
