/** Rules of a MeshHealthCheck. Source: kuma v2.14.3: pkg/plugins/policies/meshhealthcheck/api/v1alpha1/validator.go. */
import type { JsonObject } from "@isthmus/std";
import type { Resource } from "../resource.ts";
import { at, member, type Violation, Violations } from "../violation.ts";
import {
  checkPercentage,
  checkPositiveCount,
  checkPositiveDuration,
  checkWholePercentage,
  inRange,
} from "./amounts.ts";
import { isFilePath } from "./file-path.ts";
import { listAt, messageAt, objectAt, objectsAt, optionalTextAt, valueAt } from "./json-access.ts";
import { checkTargetItems, targetRefDeprecations } from "./policy-lists.ts";
import { MUST_BE_DEFINED } from "./primitives.ts";
import { checkTopTargetRef, type TargetRefRules, type TopTargetRefRules } from "./target-ref.ts";

const TOP: TopTargetRefRules = {
  system: {
    kinds: ["Mesh", "MeshSubset", "MeshGateway", "MeshService", "MeshServiceSubset", "Dataplane"],
    allowsListenerTags: true,
  },
};
const TO: TargetRefRules = { kinds: ["Mesh", "MeshService", "MeshExternalService", "MeshMultiZoneService"] };
const PROTOCOLS = ["http", "tcp", "grpc"] as const;

export function validateMeshHealthCheck(resource: Resource): readonly Violation[] {
  const found = new Violations();
  checkTopTargetRef(resource, TOP, found);
  const checkItem = (item: JsonObject, path: string): void => {
    checkConf(objectAt(item, "default"), member(path, "default"), found);
  };
  checkTargetItems(resource.spec, "to", TO, checkItem, found);
  return found.list;
}

export function meshHealthCheckDeprecations({ spec }: Resource): readonly string[] {
  const moved = objectsAt(spec, "to").filter(
    (item) => valueAt(objectAt(item, "default"), "healthyPanicThreshold") !== undefined,
  );
  return [
    ...targetRefDeprecations(spec),
    ...moved.map(
      () =>
        "healthyPanicThreshold for 'to[].default' is deprecated. The setting has been moved to MeshCircuitBreaker policy, please use MeshCircuitBreaker policy instead.",
    ),
  ];
}

function checkConf(conf: JsonObject, path: string, found: Violations): void {
  checkPositiveDuration(conf, "interval", path, found);
  checkPositiveDuration(conf, "timeout", path, found);
  checkPositiveCount(conf, "unhealthyThreshold", path, found);
  checkPositiveCount(conf, "healthyThreshold", path, found);
  checkPositiveDuration(conf, "initialJitter", path, found);
  checkPositiveDuration(conf, "intervalJitter", path, found);
  checkWholePercentage(conf, "intervalJitterPercent", path, found);
  checkPercentage(conf, "healthyPanicThreshold", path, found);
  checkPositiveDuration(conf, "noTrafficInterval", path, found);
  const log = optionalTextAt(conf, "eventLogPath");
  if (log !== undefined && !isFilePath(log)) {
    found.add(member(path, "eventLogPath"), "must be a valid path when defined");
  }
  const http = messageAt(conf, "http");
  if (http !== undefined) checkHttp(http, member(path, "http"), found);
  if (PROTOCOLS.every((name) => messageAt(conf, name) === undefined)) {
    found.add(path, `must have at least one defined: ${PROTOCOLS.join(", ")}`);
  }
}

function checkHttp(http: JsonObject, path: string, found: Violations): void {
  if (optionalTextAt(http, "path") === "") found.add(member(path, "path"), MUST_BE_DEFINED);
  for (const [index, given] of (listAt(http, "expectedStatuses") ?? []).entries()) {
    const status = typeof given === "number" ? given : 0;
    if (status < 100 || status > 599) found.add(at(member(path, "expectedStatuses"), index), inRange(100, 599));
  }
}
