/**
 * Rules of a MeshCircuitBreaker.
 * Source: kuma v2.14.3: pkg/plugins/policies/meshcircuitbreaker/api/v1alpha1/validator.go.
 */
import type { JsonObject } from "@isthmus/std";
import type { Resource } from "../resource.ts";
import { at, member, type Violation, Violations } from "../violation.ts";
import {
  checkNotZero,
  checkPercentage,
  checkPositiveDuration,
  checkWholePercentage,
  GREATER_THAN_ZERO,
} from "./amounts.ts";
import { parseDecimal } from "./decimal.ts";
import { messageAt, objectAt, objectsAt, valueAt } from "./json-access.ts";
import {
  checkRulesAlone,
  checkSomeItems,
  checkTargetItems,
  fromDeprecations,
  targetRefDeprecations,
} from "./policy-lists.ts";
import { MUST_BE_DEFINED } from "./primitives.ts";
import { checkTopTargetRef, type TargetRefRules, type TopTargetRefRules } from "./target-ref.ts";

const TOP: TopTargetRefRules = {
  system: {
    kinds: ["Mesh", "MeshSubset", "MeshService", "MeshGateway", "MeshServiceSubset", "Dataplane"],
    allowsListenerTags: true,
  },
  hasInboundLists: true,
};
const TO: TargetRefRules = { kinds: ["Mesh", "MeshService", "MeshExternalService", "MeshMultiZoneService"] };
const FROM: TargetRefRules = { kinds: ["Mesh"] };

const LIMITS = ["maxConnections", "maxConnectionPools", "maxPendingRequests", "maxRetries", "maxRequests"] as const;
/** Detectors in the order in which they are checked and named, with their members that may not be 0. */
const DETECTORS = {
  totalFailures: ["consecutive"],
  gatewayFailures: ["consecutive"],
  localOriginFailures: ["consecutive"],
  successRate: ["minimumHosts", "requestVolume"],
  failurePercentage: ["minimumHosts", "requestVolume"],
} as const;

export function validateMeshCircuitBreaker(resource: Resource): readonly Violation[] {
  const { spec } = resource;
  const found = new Violations();
  checkTopTargetRef(resource, TOP, found);
  checkSomeItems(spec, found);
  checkRulesAlone(spec, found);
  const checkItem = (item: JsonObject, path: string): void => {
    checkConf(objectAt(item, "default"), member(path, "default"), found);
  };
  // Kuma reports rules as if they were in `from`.
  for (const [index, rule] of objectsAt(spec, "rules").entries()) checkItem(rule, at("spec.from", index));
  checkTargetItems(spec, "from", FROM, checkItem, found);
  checkTargetItems(spec, "to", TO, checkItem, found);
  return found.list;
}

export function meshCircuitBreakerDeprecations({ spec }: Resource): readonly string[] {
  return [...fromDeprecations(spec), ...targetRefDeprecations(spec)];
}

function checkConf(conf: JsonObject, path: string, found: Violations): void {
  const limits = messageAt(conf, "connectionLimits");
  const outliers = messageAt(conf, "outlierDetection");
  if (limits === undefined && outliers === undefined) {
    found.add(path, "at least one of: 'connectionLimits' or 'outlierDetection' should be configured");
    return;
  }
  for (const name of LIMITS) checkNotZero(limits ?? {}, name, member(path, "connectionLimits"), found);
  if (outliers !== undefined) checkOutlierDetection(outliers, member(path, "outlierDetection"), found);
}

function checkOutlierDetection(outliers: JsonObject, path: string, found: Violations): void {
  checkPositiveDuration(outliers, "interval", path, found);
  checkPositiveDuration(outliers, "baseEjectionTime", path, found);
  checkWholePercentage(outliers, "maxEjectionPercent", path, found);
  checkPercentage(outliers, "healthyPanicThreshold", path, found);
  checkDetectors(messageAt(outliers, "detectors"), member(path, "detectors"), found);
}

/** They have to be there also where the detection is switched off. */
function checkDetectors(detectors: JsonObject | undefined, path: string, found: Violations): void {
  if (detectors === undefined) {
    found.add(path, MUST_BE_DEFINED);
    return;
  }
  const names = Object.keys(DETECTORS);
  if (names.every((name) => messageAt(detectors, name) === undefined)) {
    found.add(path, `must have at least one defined: ${names.join(", ")}`);
    return;
  }
  for (const [name, counts] of Object.entries(DETECTORS)) {
    const detector = objectAt(detectors, name);
    const detectorPath = member(path, name);
    for (const count of counts) checkNotZero(detector, count, detectorPath, found);
    if (name === "successRate") checkDeviation(detector, member(detectorPath, "standardDeviationFactor"), found);
    if (name === "failurePercentage") checkWholePercentage(detector, "threshold", detectorPath, found);
  }
}

function checkDeviation(detector: JsonObject, field: string, found: Violations): void {
  const value = valueAt(detector, "standardDeviationFactor");
  if (value === undefined) return;
  const factor = parseDecimal(value);
  if (factor === undefined) found.add(field, "invalid number");
  else if (factor.sign <= 0) found.add(field, GREATER_THAN_ZERO);
}
