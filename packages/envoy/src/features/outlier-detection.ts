/** Which failures take an endpoint out of a cluster for a while. A detector that is not named is switched off. */
import type { OutlierDetectionJson } from "@isthmus/proto/envoy/config/cluster/v3/outlier_detection";
import { flagOf, messageOf, objectOf } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import { durationOf } from "../build/durations.ts";
import { percentOf, uintOf } from "../build/numbers.ts";

const ALWAYS = 100;
const NEVER = 0;
const STDEV_SCALE = 1_000;

/** Undefined: none. `conf`: of a MeshCircuitBreaker. */
export function outlierDetection(conf: JsonObject): OutlierDetectionJson | undefined {
  const outliers = messageOf(conf, "outlierDetection");
  if (outliers === undefined || flagOf(outliers, "disabled")) return undefined;
  const detectors = messageOf(outliers, "detectors");
  const interval = durationOf(outliers, "interval");
  const baseEjectionTime = durationOf(outliers, "baseEjectionTime");
  const maxEjectionPercent = uintOf(outliers, "maxEjectionPercent");
  return {
    ...(interval === undefined ? {} : { interval }),
    ...(baseEjectionTime === undefined ? {} : { baseEjectionTime }),
    ...(maxEjectionPercent === undefined ? {} : { maxEjectionPercent }),
    ...(flagOf(outliers, "splitExternalAndLocalErrors") ? { splitExternalLocalOriginErrors: true } : {}),
    ...consecutive(detectors, "totalFailures", "consecutive5xx", "enforcingConsecutive5xx"),
    ...consecutive(
      detectors,
      "localOriginFailures",
      "consecutiveLocalOriginFailure",
      "enforcingConsecutiveLocalOriginFailure",
    ),
    ...consecutive(detectors, "gatewayFailures", "consecutiveGatewayFailure", "enforcingConsecutiveGatewayFailure"),
    ...(detectors === undefined ? {} : { ...successRate(detectors), ...failurePercentage(detectors) }),
  };
}

function consecutive(
  detectors: JsonObject | undefined,
  detector: string,
  count: keyof OutlierDetectionJson,
  enforcing: keyof OutlierDetectionJson,
): OutlierDetectionJson {
  const value = uintOf(objectOf(detectors ?? {}, detector), "consecutive");
  return value === undefined ? { [enforcing]: NEVER } : { [enforcing]: ALWAYS, [count]: value };
}

function successRate(detectors: JsonObject): OutlierDetectionJson {
  const detector = messageOf(detectors, "successRate");
  const enforced = detector === undefined ? NEVER : ALWAYS;
  const conf = detector ?? {};
  const hosts = uintOf(conf, "minimumHosts");
  const volume = uintOf(conf, "requestVolume");
  const factor = percentOf(conf, "standardDeviationFactor");
  return {
    enforcingSuccessRate: enforced,
    enforcingLocalOriginSuccessRate: enforced,
    ...(hosts === undefined ? {} : { successRateMinimumHosts: hosts }),
    ...(volume === undefined ? {} : { successRateRequestVolume: volume }),
    ...(factor === undefined ? {} : { successRateStdevFactor: Math.trunc(factor * STDEV_SCALE) }),
  };
}

function failurePercentage(detectors: JsonObject): OutlierDetectionJson {
  const detector = messageOf(detectors, "failurePercentage");
  const enforced = detector === undefined ? NEVER : ALWAYS;
  const conf = detector ?? {};
  const hosts = uintOf(conf, "minimumHosts");
  const volume = uintOf(conf, "requestVolume");
  const threshold = uintOf(conf, "threshold");
  return {
    enforcingFailurePercentage: enforced,
    enforcingFailurePercentageLocalOrigin: enforced,
    ...(hosts === undefined ? {} : { failurePercentageMinimumHosts: hosts }),
    ...(volume === undefined ? {} : { failurePercentageRequestVolume: volume }),
    ...(threshold === undefined ? {} : { failurePercentageThreshold: threshold }),
  };
}
