/** Rules of a CircuitBreaker. Source: kuma v2.14.3: pkg/core/resources/apis/mesh/circuit_breaker_validator.go. */
import type { JsonObject } from "@isthmus/std";
import type { Resource } from "../resource.ts";
import { type Violation, Violations } from "../violation.ts";
import { isShare } from "./flat-amounts.ts";
import { messageAt, objectAt, valueAt } from "./json-access.ts";
import { checkServices } from "./selectors.ts";

const DETECTORS = ["totalErrors", "gatewayErrors", "localErrors", "standardDeviation", "failure"];
const THRESHOLDS = ["maxConnections", "maxPendingRequests", "maxRetries", "maxRequests"];
const NO_SHARE = "has to be in [0.0 - 100.0] range";

export function validateCircuitBreaker({ spec }: Resource): readonly Violation[] {
  const found = new Violations();
  checkServices(spec, found);
  checkConf(objectAt(spec, "conf"), found);
  return found.list;
}

function checkConf(conf: JsonObject, found: Violations): void {
  const detectors = messageAt(conf, "detectors");
  const thresholds = messageAt(conf, "thresholds");
  const hasDetectors = hasOne(detectors, DETECTORS);
  const hasThresholds = hasOne(thresholds, THRESHOLDS);
  if (!hasDetectors && !hasThresholds) {
    found.add("conf", "must have at least one of the detector or threshold configured");
    return;
  }
  if (detectors !== undefined && !hasDetectors) found.add("conf.detectors", "can't be empty");
  if (!isShare(conf, "maxEjectionPercent")) found.add("conf.maxEjectionPercent", NO_SHARE);
  const failure = detectors === undefined ? undefined : messageAt(detectors, "failure");
  if (failure !== undefined && !isShare(failure, "threshold")) found.add("conf.detectors.failure.threshold", NO_SHARE);
  if (thresholds !== undefined && !hasThresholds) found.add("conf.thresholds", "can't be empty");
}

const hasOne = (object: JsonObject | undefined, names: readonly string[]): boolean =>
  object !== undefined && names.some((name) => valueAt(object, name) !== undefined);
