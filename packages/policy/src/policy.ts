/**
 * A targetRef policy of any type, read once: what matching, ordering and merging need of it. Everything here works on what
 * such policies share: a top-level targetRef, and configurations under `to[]`, `from[]`, `rules[]` or `default`.
 */
import {
  displayName,
  EFFECT_LABEL,
  type Kri,
  kriOf,
  ORIGIN_LABEL,
  objectOf,
  policyRole,
  type Resource,
} from "@isthmus/resources";
import { isJsonObject, type JsonObject, type JsonValue } from "@isthmus/std";
import { type ConfShape, confShapeOf } from "./conf-shape.ts";
import { objectItems } from "./object-items.ts";
import { type InboundMatch, inboundMatchOf } from "./rules/inbound-match.ts";
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
  /** For traffic that leaves, by destination. */
  readonly to: readonly TargetItem[];
  /** For traffic that comes in, by client; the older form. */
  readonly from: readonly TargetItem[];
  /** For traffic that comes in, by what its certificate and server name say. */
  readonly rules: readonly RuleItem[];
  /** For the proxy as a whole. */
  readonly conf: JsonObject;
  /** How its configurations merge. */
  readonly shape: ConfShape;
}

/** A configuration of a policy, and its place in the list it stands in. */
export interface PolicyItem {
  readonly index: number;
  /** `{}` where the item has none. */
  readonly conf: JsonObject;
}

export interface TargetItem extends PolicyItem {
  readonly targetRef: TargetRef;
}

export interface RuleItem extends PolicyItem {
  /** Any of them; empty: all traffic. */
  readonly matches: readonly InboundMatch[];
}

export function policyOf(resource: Resource): Policy {
  const { spec } = resource;
  const shape = confShapeOf(resource.type);
  return {
    resource,
    kri: kriOf(resource),
    displayName: displayName(resource),
    role: policyRole(resource),
    origin: resource.labels[ORIGIN_LABEL] ?? "",
    isShadow: resource.labels[EFFECT_LABEL] === "shadow",
    targetRef: targetRefOf(spec.targetRef) ?? MESH_REF,
    to: targetItems(spec.to, shape),
    from: targetItems(spec.from, shape),
    rules: ruleItems(spec.rules, shape),
    conf: objectOf(spec, "default"),
    shape,
  };
}

/** For people: `MeshLoadBalancingStrategy default/x`, with the name that its author gave it. */
export function describePolicy(policy: Policy): string {
  return `${policy.resource.type} ${policy.resource.mesh}/${policy.displayName}`;
}

function targetItems(value: JsonValue | undefined, shape: ConfShape): readonly TargetItem[] {
  return itemsOf(value).flatMap(({ index, source }) => {
    const targetRef = targetRefOf(source.targetRef);
    return targetRef === undefined ? [] : [{ index, targetRef, conf: shape.confOf(source) }];
  });
}

function ruleItems(value: JsonValue | undefined, shape: ConfShape): readonly RuleItem[] {
  return itemsOf(value).map(({ index, source }) => ({
    index,
    matches: objectItems(source.matches).map(inboundMatchOf),
    conf: shape.confOf(source),
  }));
}

function itemsOf(value: JsonValue | undefined): readonly { readonly index: number; readonly source: JsonObject }[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((source, index) => (isJsonObject(source) ? [{ index, source }] : []));
}
