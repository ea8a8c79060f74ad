/** Rules of a MeshFaultInjection. Source: kuma v2.14.3: pkg/plugins/policies/meshfaultinjection/api/v1alpha1/validator.go. */
import type { JsonObject } from "@isthmus/std";
import type { Resource } from "../resource.ts";
import { at, member, type Violation, Violations } from "../violation.ts";
import { checkNotNegativeDuration, checkPercentage, inRange } from "./amounts.ts";
import { messageAt, numberAt, objectAt, objectsAt, textAt } from "./json-access.ts";
import { checkMatch } from "./match.ts";
import { checkSidecarAndGatewayItems, hasItems, targetRefDeprecations } from "./policy-lists.ts";
import { MUST_BE_DEFINED } from "./primitives.ts";
import { checkTopTargetRef, type TargetRefRules, type TopTargetRefRules } from "./target-ref.ts";

const TOP: TopTargetRefRules = {
  system: {
    kinds: ["Mesh", "MeshSubset", "MeshGateway", "MeshService", "MeshServiceSubset", "Dataplane"],
    allowsListenerTags: true,
  },
  otherRoles: { kinds: ["Mesh", "MeshSubset", "MeshService", "MeshServiceSubset", "Dataplane"] },
  hasInboundLists: true,
};
const FROM: TargetRefRules = { kinds: ["Mesh", "MeshSubset", "MeshServiceSubset", "MeshService"] };

const STATUS_MIN = 100;
const STATUS_MAX = 599;
const BANDWIDTH = /^\d*[\t\n\f\r ]?[GMk]+bps$/;

export function validateMeshFaultInjection(resource: Resource): readonly Violation[] {
  const { spec } = resource;
  const found = new Violations();
  checkTopTargetRef(resource, TOP, found);
  if (hasItems(spec, "from") && hasItems(spec, "rules")) {
    found.add("spec", "field 'from' must be empty when 'rules' is defined");
  }
  const checkItem = (item: JsonObject, path: string): void => {
    checkFaults(objectsAt(objectAt(item, "default"), "http"), member(path, "default.http"), found);
  };
  for (const [index, rule] of objectsAt(spec, "rules").entries()) {
    const path = at("spec.rules", index);
    for (const [i, match] of objectsAt(rule, "matches").entries()) checkMatch(match, at(`${path}.matches`, i), found);
    checkItem(rule, path);
  }
  checkSidecarAndGatewayItems(spec, FROM, checkItem, found);
  return found.list;
}

export function meshFaultInjectionDeprecations({ spec }: Resource): readonly string[] {
  const ofFrom = hasItems(spec, "from")
    ? ["'from' field is deprecated, use 'rules' with SPIFFE-based 'matches' instead"]
    : [];
  return [...ofFrom, ...targetRefDeprecations(spec)];
}

/** Messages put the index of a fault behind its kind. */
function checkFaults(faults: readonly JsonObject[], path: string, found: Violations): void {
  for (const [index, fault] of faults.entries()) {
    const abort = messageAt(fault, "abort");
    if (abort !== undefined) checkAbort(abort, at(`${path}.abort`, index), found);
    const delay = messageAt(fault, "delay");
    if (delay !== undefined) {
      const delayPath = at(`${path}.delay`, index);
      checkNotNegativeDuration(delay, "value", delayPath, found);
      checkPercentage(delay, "percentage", delayPath, found);
    }
    const bandwidth = messageAt(fault, "responseBandwidth");
    if (bandwidth !== undefined) checkBandwidth(bandwidth, at(`${path}.responseBandwidth`, index), found);
  }
}

function checkAbort(abort: JsonObject, path: string, found: Violations): void {
  const status = numberAt(abort, "httpStatus");
  if (status < STATUS_MIN || status > STATUS_MAX) found.add(`${path}.httpStatus`, inRange(STATUS_MIN, STATUS_MAX));
  checkPercentage(abort, "percentage", path, found);
}

function checkBandwidth(bandwidth: JsonObject, path: string, found: Violations): void {
  const limit = textAt(bandwidth, "limit");
  if (limit === "") found.add(`${path}.limit`, MUST_BE_DEFINED);
  else if (!BANDWIDTH.test(limit)) found.add(`${path}.limit`, "must be in kbps/Mbps/Gbps units");
  checkPercentage(bandwidth, "percentage", path, found);
}
