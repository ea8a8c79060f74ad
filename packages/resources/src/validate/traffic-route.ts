/**
 * Rules of a TrafficRoute. An empty map of tags counts as given, though it gets lost when the spec is decoded; so whether
 * it is there is asked of the document. Source: kuma v2.14.3: pkg/core/resources/apis/mesh/traffic_route_validator.go.
 */
import type { JsonObject } from "@isthmus/std";
import type { Resource } from "../resource.ts";
import type { ValidationContext } from "../type-descriptor.ts";
import { at, type Violation, Violations } from "../violation.ts";
import { CANNOT_BE_EMPTY } from "./flat-amounts.ts";
import { listAt, messageAt, numberAt, objectAt, objectsAt, textAt, textsAt, valueAt } from "./json-access.ts";
import { checkServices, SERVICE_AND_MORE } from "./selectors.ts";
import { checkSelector } from "./tags.ts";
import { checkHttpMatch, checkHttpModify } from "./traffic-route-http.ts";

const HASH_FUNCTIONS = ["XX_HASH", "MURMUR_HASH_2"];

export function validateTrafficRoute({ spec }: Resource, { document = spec }: ValidationContext): readonly Violation[] {
  const found = new Violations();
  checkServices(spec, found);
  const conf = messageAt(spec, "conf");
  if (conf === undefined) {
    found.add("conf", CANNOT_BE_EMPTY);
    return found.list;
  }
  const given = objectAt(document, "conf");
  const givenRules = objectsAt(given, "http");
  checkWhereTo(conf, given, "conf", found);
  for (const [index, rule] of objectsAt(conf, "http").entries()) {
    checkHttpRule(rule, givenRules[index] ?? rule, at("conf.http", index), found);
  }
  checkBalancer(objectAt(conf, "loadBalancer"), "conf.loadBalancer", found);
  return found.list;
}

function checkHttpRule(rule: JsonObject, given: JsonObject, path: string, found: Violations): void {
  checkHttpMatch(objectAt(rule, "match"), objectAt(given, "match"), `${path}.match`, found);
  checkHttpModify(objectAt(rule, "modify"), objectAt(rule, "match"), `${path}.modify`, found);
  checkWhereTo(rule, given, path, found);
}

/** Either one destination or several with weights. */
function checkWhereTo(conf: JsonObject, given: JsonObject, path: string, found: Violations): void {
  const hasSplit = (listAt(conf, "split") ?? []).length > 0;
  const hasDestination = messageAt(given, "destination") !== undefined;
  if (!hasSplit && !hasDestination) found.add(path, 'requires either "destination" or "split"');
  if (hasSplit && hasDestination) found.add(path, '"split" cannot be defined at the same time as "destination"');
  if (hasSplit) checkSplit(objectsAt(conf, "split"), `${path}.split`, found);
  if (hasDestination) checkSelector(textsAt(conf, "destination"), `${path}.destination`, found, SERVICE_AND_MORE);
}

function checkSplit(split: readonly JsonObject[], path: string, found: Violations): void {
  let total = 0;
  for (const [index, part] of split.entries()) {
    const field = at(path, index);
    if (valueAt(part, "weight") === undefined) found.add(`${field}.weight`, "needs to be defined");
    // As unsigned numbers of 32 bits add up in Go.
    total = (total + numberAt(part, "weight")) >>> 0;
    checkSelector(textsAt(part, "destination"), `${field}.destination`, found, SERVICE_AND_MORE);
  }
  if (total === 0) found.add(path, "there must be at least one split entry with weight above 0");
}

function checkBalancer(balancer: JsonObject, path: string, found: Violations): void {
  if (numberAt(objectAt(balancer, "leastRequest"), "choiceCount") === 1) {
    found.add(`${path}.leastRequest.choiceCount`, "value must be greater than or equal to 2");
  }
  const ringHash = messageAt(balancer, "ringHash");
  if (ringHash !== undefined && !HASH_FUNCTIONS.includes(textAt(ringHash, "hashFunction"))) {
    found.add(`${path}.ringHash.hashFunction`, "must have a valid hash function");
  }
}
