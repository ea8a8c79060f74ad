/** Which labels a write may carry. Source: kuma v2.14.3: pkg/api-server/resource_endpoints.go. */
import { dns1035LabelErrors, labelValueErrors, qualifiedNameErrors } from "./kubernetes-names.ts";
import { DISPLAY_NAME_LABEL, MESH_LABEL, ORIGIN_LABEL, WORKLOAD_LABEL, ZONE_LABEL } from "./label-keys.ts";
import type { Labels } from "./resource.ts";
import type { TypeDescriptor } from "./type-descriptor.ts";
import { entry, type Violation, Violations } from "./violation.ts";

export interface WriterContext {
  readonly mode: "global" | "zone";
  /** Name of the own zone; "" on a global. */
  readonly zone: string;
  /** A zone with a global above it. */
  readonly isFederated: boolean;
  /** Kuma's `multizone.zone.disableOriginLabelValidation`. */
  readonly isOriginCheckDisabled?: boolean;
}

/** Violations of the labels of a create or update; fields are `labels["<key>"]`. */
export function labelViolations(
  descriptor: TypeDescriptor,
  resource: { readonly mesh: string; readonly labels: Labels },
  writer: WriterContext,
): readonly Violation[] {
  const { labels } = resource;
  const found = new Violations();
  const add = (key: string, reason: string): void => found.add(entry("labels", key), reason);
  const origin = labels[ORIGIN_LABEL] || undefined;
  if (origin !== undefined && origin !== "global" && origin !== "zone") {
    add(ORIGIN_LABEL, `unknown resource origin ${JSON.stringify(origin)}`);
  }
  const wrongOrigin = originRule(descriptor, labels, writer);
  if (wrongOrigin !== undefined) add(ORIGIN_LABEL, wrongOrigin);
  if (writer.mode !== "global" && origin !== "global") {
    const zone = labels[ZONE_LABEL];
    if (zone !== undefined && zone !== writer.zone) {
      add(ZONE_LABEL, `${ZONE_LABEL} label should have ${writer.zone} value`);
    }
    const mesh = labels[MESH_LABEL];
    if (mesh !== undefined && mesh !== resource.mesh) {
      add(MESH_LABEL, `${MESH_LABEL} label must not differ from mesh set on resource`);
    }
  }
  for (const key of Object.keys(labels).sort()) {
    for (const reason of qualifiedNameErrors(key)) add(key, reason);
    for (const reason of labelValueErrors(labels[key] ?? "")) add(key, reason);
  }
  return found.list;
}

/** Violations of a delete. Kuma leaves out the `labels` prefix of the field here. */
export function deletionViolations(
  descriptor: TypeDescriptor,
  resource: { readonly labels: Labels },
  writer: WriterContext,
): readonly Violation[] {
  const reason = originRule(descriptor, resource.labels, writer);
  return reason === undefined ? [] : [{ field: entry("", ORIGIN_LABEL), reason }];
}

/** Computed labels of the stored resource against computed labels of the update. */
export function immutableLabelViolations(stored: Labels, updated: Labels): readonly Violation[] {
  const violations: Violation[] = [];
  for (const key of [ORIGIN_LABEL, ZONE_LABEL, DISPLAY_NAME_LABEL]) {
    const before = stored[key];
    const after = updated[key];
    if (before === undefined || before === after) continue;
    violations.push({
      field: entry("labels", key),
      reason:
        after === undefined
          ? `is immutable, cannot be removed (was ${JSON.stringify(before)})`
          : `is immutable, cannot be changed from ${JSON.stringify(before)} to ${JSON.stringify(after)}`,
    });
  }
  return violations;
}

/** Text of the 400 for a Dataplane that is created on Universal with an impossible workload; undefined when it is fine. */
export function workloadLabelError(labels: Labels, mode: "global" | "zone"): string | undefined {
  const workload = labels[WORKLOAD_LABEL];
  if (!workload) return undefined;
  const field = entry("labels", WORKLOAD_LABEL);
  if (mode === "global") return `bad request: ${field}: not allowed on Global control plane`;
  const errors = dns1035LabelErrors(workload);
  if (errors.length === 0) return undefined;
  return `bad request: ${field}: must be a valid DNS-1035 label (at most 63 characters, matching regex [a-z]([-a-z0-9]*[a-z0-9])?): ${errors.join("; ")}`;
}

/** What the origin label has to be where the resource is written; undefined when it is fine. */
function originRule(descriptor: TypeDescriptor, labels: Labels, writer: WriterContext): string | undefined {
  if (writer.isOriginCheckDisabled === true) return undefined;
  const origin = labels[ORIGIN_LABEL] || undefined;
  if (writer.mode === "global" && origin !== undefined && origin !== "global") {
    return "the origin label must be set to 'global'";
  }
  if (writer.isFederated && descriptor.format.kind === "json" && origin !== "zone") {
    return "the origin label must be set to 'zone'";
  }
  return undefined;
}
