/**
 * How near an endpoint has to be, as a MeshLoadBalancingStrategy says it.
 * Source: kuma v2.14.3: pkg/plugins/policies/meshloadbalancingstrategy/api/v1alpha1/validator.go.
 */
import type { JsonObject } from "@isthmus/std";
import { at, member, type Violations } from "../violation.ts";
import { checkNotZero, checkPercentage } from "./amounts.ts";
import { listAt, messageAt, objectAt, objectsAt, textAt, valueAt } from "./json-access.ts";
import { hasItems } from "./policy-lists.ts";
import { MUST_NOT_BE_EMPTY } from "./primitives.ts";

/** `target` is what the item is about. */
export function checkLocalityAwareness(
  locality: JsonObject,
  target: JsonObject,
  path: string,
  found: Violations,
): void {
  checkLocalZone(objectAt(locality, "localZone"), member(path, "localZone"), found);
  const crossZone = messageAt(locality, "crossZone");
  if (crossZone === undefined) return;
  const crossZonePath = member(path, "crossZone");
  const isOfOneZone = textAt(target, "sectionName") !== "" || Object.keys(objectAt(target, "labels")).length > 0;
  if (textAt(target, "kind") === "MeshService" && isOfOneZone) {
    found.add(crossZonePath, "must not be set: MeshService traffic is local");
  }
  for (const [index, failover] of objectsAt(crossZone, "failover").entries()) {
    checkFailover(failover, at(member(crossZonePath, "failover"), index), found);
  }
  const threshold = messageAt(crossZone, "failoverThreshold");
  if (threshold === undefined) return;
  // Required of users; what a peer left out reads as 0.
  checkPercentage({ percentage: 0, ...threshold }, "percentage", member(crossZonePath, "failoverThreshold"), found, {
    excludesZero: true,
  });
}

function checkLocalZone(localZone: JsonObject, path: string, found: Violations): void {
  const tags = objectsAt(localZone, "affinityTags");
  const tagsPath = member(path, "affinityTags");
  for (const [index, tag] of tags.entries()) {
    if (textAt(tag, "key") === "") found.add(member(at(tagsPath, index), "key"), MUST_NOT_BE_EMPTY);
    checkNotZero(tag, "weight", at(tagsPath, index), found);
  }
  const weighted = tags.filter((tag) => valueAt(tag, "weight") !== undefined).length;
  if (weighted > 0 && weighted !== tags.length) found.add(tagsPath, "all or none affinity tags should have weight");
}

function checkFailover(failover: JsonObject, path: string, found: Violations): void {
  const from = messageAt(failover, "from");
  if (from !== undefined) {
    const zones = member(path, "from.zones");
    if (!hasItems(from, "zones")) found.add(zones, MUST_NOT_BE_EMPTY);
    for (const [index, zone] of (listAt(from, "zones") ?? []).entries()) {
      if (zone === "" || zone === null) found.add(at(zones, index), MUST_NOT_BE_EMPTY);
    }
  }
  const to = objectAt(failover, "to");
  const type = textAt(to, "type");
  const zones = member(path, "to.zones");
  if (type === "Any" || type === "None") {
    if (hasItems(to, "zones")) found.add(zones, `must be empty when type is ${type}`);
  } else if (type === "AnyExcept" || type === "Only") {
    if (!hasItems(to, "zones")) found.add(zones, `must not be empty when type is ${type}`);
  } else found.add(member(path, "to.type"), "unrecognized type");
}
