/** Role of a policy, from where it lives and whom it targets. Source: kuma v2.14.3: pkg/core/resources/labels/compute.go. */
import { isJsonObject, type JsonObject, type JsonValue } from "@isthmus/std";
import { POLICY_ROLE_LABEL } from "./label-keys.ts";
import type { Labels } from "./resource.ts";

export type PolicyRole = "system" | "producer" | "consumer" | "workload-owner";

export interface PolicyNamespace {
  readonly name: string;
  /** The namespace of the control plane itself. */
  readonly isSystem: boolean;
}

export class PolicyRoleError extends Error {
  readonly code = "POLICY_ROLE";
}

/** Without a label a policy is `system`; on Universal none has one unless the user set it. */
export function policyRole(resource: { readonly labels: Labels }): string {
  return resource.labels[POLICY_ROLE_LABEL] || "system";
}

/** @throws {PolicyRoleError} when the items would give more than one role. */
export function computePolicyRole(spec: JsonObject, namespace: PolicyNamespace | undefined): PolicyRole {
  if (namespace === undefined || namespace.isSystem) return "system";
  const to = itemsOf(spec.to);
  const from = itemsOf(spec.from);
  if (to.length > 0 && from.length > 0) {
    throw new PolicyRoleError("it's not allowed to mix 'to' and 'from' arrays in the same policy");
  }
  if (to.length === 0) return "workload-owner";
  const producers = to.filter((item) => isProducerItem(item, namespace.name)).length;
  if (producers === to.length) return "producer";
  if (producers === 0) return "consumer";
  throw new PolicyRoleError("it's not allowed to mix producer and consumer items in the same policy");
}

function itemsOf(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? (value as readonly JsonValue[]) : [];
}

/** An item about a service of the policy's own namespace: its owner sets the policy for all clients. */
function isProducerItem(item: JsonValue, namespace: string): boolean {
  const target = isJsonObject(item) && isJsonObject(item.targetRef) ? item.targetRef : {};
  if (target.kind !== "MeshService" && target.kind !== "MeshHTTPRoute") return false;
  if (typeof target.name !== "string" || target.name === "") return false;
  return target.namespace === undefined || target.namespace === "" || target.namespace === namespace;
}
