/**
 * A targetRef policy of any type, read once: what matching, ordering and merging need of it. Everything here works on the
 * two facts that all such policies share, a top-level targetRef and `to[]` of `{targetRef, default}`.
 */
import {
  displayName,
  EFFECT_LABEL,
  type Kri,
  kriOf,
  ORIGIN_LABEL,
  policyRole,
  type Resource,
} from "@isthmus/resources";
import { isJsonObject, type JsonObject } from "@isthmus/std";
import { MESH_REF, type TargetRef, targetRefOf } from "./target-ref.ts";

export interface Policy {
  readonly resource: Resource;
  readonly kri: Kri;
  readonly displayName: string;
  /** `system`, `producer`, `consumer` or `workload-owner`; other values keep their text and come first. */
  readonly role: string;
  /** `global`, `zone` or "". */
  readonly origin: string;
  /** Only shown to who asks what it would do. */
  readonly isShadow: boolean;
  readonly targetRef: TargetRef;
  readonly to: readonly ToItem[];
}

export interface ToItem {
  /** Place in `spec.to`. */
  readonly index: number;
  readonly targetRef: TargetRef;
  /** `{}` where the item has none, as in the routes. */
  readonly conf: JsonObject;
  /** The item as written, for policies whose items hold more than a `default`. */
  readonly source: JsonObject;
}

export function policyOf(resource: Resource): Policy {
  return {
    resource,
    kri: kriOf(resource),
    displayName: displayName(resource),
    role: policyRole(resource),
    origin: resource.labels[ORIGIN_LABEL] ?? "",
    isShadow: resource.labels[EFFECT_LABEL] === "shadow",
    targetRef: targetRefOf(resource.spec.targetRef) ?? MESH_REF,
    to: toItems(resource.spec),
  };
}

/** For people: `MeshLoadBalancingStrategy default/x`, with the name that its author gave it. */
export function describePolicy(policy: Policy): string {
  return `${policy.resource.type} ${policy.resource.mesh}/${policy.displayName}`;
}

function toItems(spec: JsonObject): readonly ToItem[] {
  if (!Array.isArray(spec.to)) return [];
  return spec.to.flatMap((item, index) => {
    const targetRef = isJsonObject(item) ? targetRefOf(item.targetRef) : undefined;
    if (!isJsonObject(item) || targetRef === undefined) return [];
    return [{ index, targetRef, conf: isJsonObject(item.default) ? item.default : {}, source: item }];
  });
}
