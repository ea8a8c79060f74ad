/** Rules of a MeshRateLimit. Source: kuma v2.14.3: pkg/plugins/policies/meshratelimit/api/v1alpha1/validator.go. */
import type { JsonObject } from "@isthmus/std";
import type { Resource } from "../resource.ts";
import { at, member, type Violation, Violations } from "../violation.ts";
import { checkNotZero, durationAt, GREATER_THAN_ZERO } from "./amounts.ts";
import { messageAt, numberAt, objectAt, objectsAt, valueAt } from "./json-access.ts";
import { checkRuleMatches, NOT_BY_CLIENT } from "./match.ts";
import {
  checkRulesAlone,
  checkSidecarAndGatewayItems,
  fromDeprecations,
  hasItems,
  targetRefDeprecations,
} from "./policy-lists.ts";
import { atLeastOne, MUST_BE_DEFINED, MUST_NOT_BE_DEFINED } from "./primitives.ts";
import { checkTopTargetRef, includesGateways, type TopTargetRefRules } from "./target-ref.ts";

const TOP: TopTargetRefRules = {
  system: {
    kinds: ["Mesh", "MeshSubset", "MeshGateway", "MeshService", "MeshServiceSubset", "MeshHTTPRoute", "Dataplane"],
    allowsListenerTags: true,
  },
  otherRoles: { kinds: ["Mesh", "MeshSubset", "MeshService", "MeshServiceSubset", "Dataplane"] },
  hasInboundLists: true,
};

const INTERVAL_MIN_NS = 50_000_000n;
/** Lower ones are no errors in HTTP. */
const STATUS_MIN = 400;

export function validateMeshRateLimit(resource: Resource): readonly Violation[] {
  const { spec } = resource;
  const found = new Violations();
  const checkItem = (item: JsonObject, path: string): void => {
    checkConf(objectAt(item, "default"), member(path, "default.local"), found);
  };
  checkRulesAlone(spec, found);
  checkTopTargetRef(resource, TOP, found);
  if (!includesGateways(spec)) checkRules(spec, checkItem, found);
  else if (hasItems(spec, "rules")) found.add("spec.rules", MUST_NOT_BE_DEFINED);
  checkSidecarAndGatewayItems(spec, { kinds: ["Mesh"] }, checkItem, found);
  return found.list;
}

export function meshRateLimitDeprecations({ spec }: Resource): readonly string[] {
  const ofStatuses = ["from", "rules", "to"].flatMap((list) =>
    objectsAt(spec, list).flatMap((item, index) => (hasLowStatus(item) ? [statusWarning(at(list, index))] : [])),
  );
  return [...fromDeprecations(spec), ...ofStatuses, ...targetRefDeprecations(spec)];
}

/** The status is a member of `onRateLimit`, but the warning says otherwise. */
const statusWarning = (item: string): string =>
  `'spec.${item}.default.local.http.requestRate.status' must be ${STATUS_MIN} or higher. Please update your configuration.`;

function hasLowStatus(item: JsonObject): boolean {
  const onRateLimit = objectAt(objectAt(objectAt(objectAt(item, "default"), "local"), "http"), "onRateLimit");
  return valueAt(onRateLimit, "status") !== undefined && numberAt(onRateLimit, "status") < STATUS_MIN;
}

function checkRules(spec: JsonObject, checkItem: (rule: JsonObject, path: string) => void, found: Violations): void {
  for (const [index, rule] of objectsAt(spec, "rules").entries()) {
    const path = at("spec.rules", index);
    const isByClient = checkRuleMatches(rule, path, found);
    const local = objectAt(objectAt(rule, "default"), "local");
    if (isByClient && messageAt(local, "tcp") !== undefined) found.add(`${path}.default.local.tcp`, NOT_BY_CLIENT);
    checkItem(rule, path);
  }
}

function checkConf(conf: JsonObject, path: string, found: Violations): void {
  const local = messageAt(conf, "local");
  if (local === undefined) {
    found.add(path, MUST_BE_DEFINED);
    return;
  }
  const http = messageAt(local, "http");
  const tcp = messageAt(local, "tcp");
  if (http === undefined && tcp === undefined) found.add(path, atLeastOne("tcp", "http"));
  if (http !== undefined) checkHttp(http, `${path}.http`, found);
  if (tcp !== undefined) checkTcp(tcp, `${path}.tcp`, found);
}

function checkHttp(http: JsonObject, path: string, found: Violations): void {
  if (!checkSome(http, ["disabled", "requestRate", "onRateLimit"], path, found)) return;
  checkRate(messageAt(http, "requestRate"), `${path}.requestRate`, found);
  checkNotZero(objectAt(http, "onRateLimit"), "status", `${path}.onRateLimit`, found);
}

function checkTcp(tcp: JsonObject, path: string, found: Violations): void {
  if (!checkSome(tcp, ["disabled", "connectionRate"], path, found)) return;
  checkRate(messageAt(tcp, "connectionRate"), `${path}.connectionRate`, found);
}

function checkSome(object: JsonObject, names: readonly string[], path: string, found: Violations): boolean {
  if (names.some((name) => valueAt(object, name) !== undefined)) return true;
  found.add(path, atLeastOne(...names));
  return false;
}

function checkRate(rate: JsonObject | undefined, path: string, found: Violations): void {
  if (rate === undefined) return;
  if (numberAt(rate, "num") <= 0) found.add(`${path}.num`, GREATER_THAN_ZERO);
  if ((durationAt(rate, "interval") ?? 0n) <= INTERVAL_MIN_NS) {
    found.add(`${path}.interval`, "must be greater than: 50ms");
  }
}
