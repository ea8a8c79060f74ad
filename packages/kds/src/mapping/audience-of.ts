/**
 * Which peers are entitled to a resource: kds-wire "Filters", as one pure function per direction.
 * Source: kuma v2.14.3: pkg/kds/context/context.go (GlobalProvidedFilter, ZoneProvidedFilter).
 */
import {
  computePolicyRole,
  homeZone,
  isLocallyOriginated,
  KDS_SYNC_LABEL,
  NAMESPACE_LABEL,
  PolicyRoleError,
  policyRole,
  type Resource,
  type TypeDescriptor,
  ZONE_LABEL,
} from "@isthmus/resources";
import { isJsonObject } from "@isthmus/std";
import { type Audience, EVERYBODY, NOBODY, toAll, toOnlyZone, toOthers } from "./audience.ts";
import { FEATURE_OPTIONAL_TOP_LEVEL_TARGET_REF, FEATURE_PRODUCER_POLICY_FLOW, type FeatureSet } from "./features.ts";
import { typeRule } from "./type-rules.ts";

/** What a global sends to zones. `isZoneEnabled` is true for zones that do not exist, as in Kuma. */
export function audienceTowardsZones(
  descriptor: TypeDescriptor,
  resource: Resource,
  isZoneEnabled: (zone: string) => boolean,
): Audience {
  if (isSyncDisabled(resource)) return NOBODY;
  const rule = typeRule(descriptor.name);
  const decision = rule.decideTowardsZones?.(resource);
  if (decision !== undefined) return decision === "always" ? EVERYBODY : NOBODY;
  let requires = rule.requiredFeatures?.(resource) ?? 0;
  const isPolicy = isPluginPolicy(descriptor);
  if (isPolicy && resource.spec.targetRef === undefined) requires |= FEATURE_OPTIONAL_TOP_LEVEL_TARGET_REF;

  if (isLocallyOriginated("global", resource.labels)) {
    return descriptor.kds.providedByGlobal && descriptor.kds.consumedByZone ? toAll(requires) : NOBODY;
  }
  if (!descriptor.kds.acrossZones) return NOBODY;
  const home = homeOf(resource);
  if (!isZoneEnabled(home)) return NOBODY;
  return isPolicy ? producerAudience(resource, home, requires) : toOthers(home, requires);
}

/** What a zone sends to its global: what originated here, unless its owner said otherwise. */
export function audienceTowardsGlobal(resource: Resource): Audience {
  return !isSyncDisabled(resource) && isLocallyOriginated("zone", resource.labels) ? EVERYBODY : NOBODY;
}

/** Zone that a resource came from, for resources that did not originate on the global. */
export function homeOf(resource: Resource): string {
  return homeZone(resource) ?? resource.name.split(".", 1)[0] ?? "";
}

/** Of a zone's policies only producer policies leave it: those about its own services, for all their clients. */
function producerAudience(resource: Resource, home: string, requires: FeatureSet): Audience {
  if (policyRole(resource) !== "producer" || !isProducerByContent(resource)) return NOBODY;
  const needed = requires | FEATURE_PRODUCER_POLICY_FLOW;
  const target = resource.spec.targetRef;
  if (isJsonObject(target) && target.kind === "MeshSubset" && isJsonObject(target.tags)) {
    const zone = target.tags[ZONE_LABEL];
    if (typeof zone === "string") return zone === home ? NOBODY : toOnlyZone(zone, needed);
  }
  return toOthers(home, needed);
}

/** The label alone is not believed: the zone may not have validated it. */
function isProducerByContent(resource: Resource): boolean {
  const namespace = resource.labels[NAMESPACE_LABEL];
  try {
    const role = computePolicyRole(resource.spec, namespace ? { name: namespace, isSystem: false } : undefined);
    return role === "producer";
  } catch (error) {
    if (error instanceof PolicyRoleError) return false;
    throw error;
  }
}

function isSyncDisabled(resource: Resource): boolean {
  return resource.labels[KDS_SYNC_LABEL] === "disabled";
}

/** Policies of the targetRef family; the legacy ones are plain types to KDS. */
function isPluginPolicy(descriptor: TypeDescriptor): boolean {
  return descriptor.policy?.isTargetRef === true && descriptor.format.kind === "json";
}
