/**
 * What becomes of a resource on its way to a peer. Independent of the peer but for one variant: names with or without
 * the hash suffix. Source: kuma v2.14.3: pkg/kds/context/context.go, pkg/kds/util/meta.go.
 */
import {
  DELETION_GRACE_PERIOD_LABEL,
  DISPLAY_NAME_LABEL,
  hashedName,
  type Labels,
  ORIGIN_LABEL,
  type Resource,
  type TypeDescriptor,
  ZONE_LABEL,
} from "@isthmus/resources";
import { type JsonObject, jsonEquals } from "@isthmus/std";
import { typeRule } from "./type-rules.ts";

export type SenderRole = { readonly kind: "global" } | { readonly kind: "zone"; readonly zone: string };

export interface MappingRules {
  readonly role: SenderRole;
  /** Labels with such a prefix are not synced. */
  readonly skipLabelPrefixes: readonly string[];
  /** Whether names get the hash suffix; always true towards the global. */
  readonly isHashed: boolean;
}

export interface MappedMeta {
  readonly name: string;
  readonly mesh: string;
  readonly labels: Labels;
}

/** Name and labels on the wire. Cheap: no spec is looked at. */
export function mapMeta(descriptor: TypeDescriptor, resource: Resource, rules: MappingRules): MappedMeta {
  const labels = mapLabels(resource.labels, rules);
  const meta = { name: resource.name, mesh: resource.mesh, labels };
  if (rules.role.kind === "zone") return renamed(meta, hashedName(meta));
  const rename = typeRule(descriptor.name).renameTowardsZones?.(meta.name) ?? meta.name;
  const mapped = rename === meta.name ? meta : renamed(meta, rename);
  return descriptor.isHashedTowardsZones && rules.isHashed ? renamed(mapped, hashedName(mapped)) : mapped;
}

/**
 * The spec on the wire.
 * @throws {Error} when it cannot be mapped (a signing key that does not parse).
 */
export function mapSpec(descriptor: TypeDescriptor, resource: Resource, rules: MappingRules): JsonObject {
  const rule = typeRule(descriptor.name);
  const map = rules.role.kind === "zone" ? rule.mapSpecTowardsGlobal : rule.mapSpecTowardsZones;
  return map === undefined ? resource.spec : map(resource);
}

/** Status travels upwards only; a zone computes its own for what it receives. Undefined: the type has none. */
export function mapStatus(descriptor: TypeDescriptor, resource: Resource, rules: MappingRules): JsonObject | undefined {
  if (descriptor.emptyStatus === undefined) return undefined;
  return rules.role.kind === "zone" ? (resource.status ?? descriptor.emptyStatus) : descriptor.emptyStatus;
}

/** Whether a peer would see no difference: a change of status alone is none towards zones. */
export function isSameOnWire(
  descriptor: TypeDescriptor,
  before: Resource,
  after: Resource,
  rules: MappingRules,
): boolean {
  if (before === after) return true;
  return (
    jsonEquals(mapMeta(descriptor, before, rules).labels, mapMeta(descriptor, after, rules).labels) &&
    isSameBytes(before.opaqueSpec, after.opaqueSpec) &&
    jsonEquals(comparableSpec(descriptor, before, rules), comparableSpec(descriptor, after, rules)) &&
    jsonEquals(mapStatus(descriptor, before, rules), mapStatus(descriptor, after, rules))
  );
}

/** A spec that cannot be mapped is compared as it is, so that a repaired one counts as changed. */
function comparableSpec(descriptor: TypeDescriptor, resource: Resource, rules: MappingRules): JsonObject {
  return rules.role.kind === "zone" ? mapSpec(descriptor, resource, rules) : resource.spec;
}

function mapLabels(labels: Labels, rules: MappingRules): Labels {
  const { role, skipLabelPrefixes } = rules;
  const mapped: Record<string, string> =
    role.kind === "zone"
      ? { ...labels, [ORIGIN_LABEL]: "zone", [ZONE_LABEL]: role.zone }
      : { ...labels, [ORIGIN_LABEL]: "global" };
  if (role.kind === "zone") delete mapped[DELETION_GRACE_PERIOD_LABEL];
  if (skipLabelPrefixes.length > 0) {
    for (const key of Object.keys(mapped)) {
      if (skipLabelPrefixes.some((prefix) => key.startsWith(prefix))) delete mapped[key];
    }
  }
  return mapped;
}

/** A resource that loses its name keeps it as its display name. */
function renamed(meta: MappedMeta, name: string): MappedMeta {
  const labels = meta.labels[DISPLAY_NAME_LABEL] ? meta.labels : { ...meta.labels, [DISPLAY_NAME_LABEL]: meta.name };
  return { name, mesh: meta.mesh, labels };
}

function isSameBytes(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return Buffer.compare(a, b) === 0;
}
