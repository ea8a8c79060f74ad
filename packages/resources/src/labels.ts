/**
 * What labels say about a resource, and how they are computed on a write.
 * Source: kuma v2.14.3: pkg/core/resources/labels/compute.go, api/mesh/v1alpha1/dataplane_helpers.go.
 */
import { isJsonObject, type JsonObject } from "@isthmus/std";
import {
  DISPLAY_NAME_LABEL,
  ENV_LABEL,
  LISTENER_ZONE_EGRESS_LABEL,
  LISTENER_ZONE_INGRESS_LABEL,
  MESH_LABEL,
  NAMESPACE_LABEL,
  ORIGIN_LABEL,
  POLICY_ROLE_LABEL,
  PROXY_TYPE_LABEL,
  SERVICE_ACCOUNT_LABEL,
  WORKLOAD_LABEL,
  ZONE_LABEL,
} from "./label-keys.ts";
import { computePolicyRole, type PolicyNamespace } from "./policy-role.ts";
import type { Labels } from "./resource.ts";
import type { TypeDescriptor } from "./type-descriptor.ts";

export interface LabelOptions {
  readonly mode: "global" | "zone";
  /** Name of the own zone; "" on a global. */
  readonly zone: string;
  readonly isKubernetes?: boolean;
  readonly namespace?: PolicyNamespace;
  readonly serviceAccount?: string;
  readonly workload?: string;
}

/** The name the user gave, whatever the sync made of it. */
export function displayName(resource: { readonly name: string; readonly labels: Labels }): string {
  return resource.labels[DISPLAY_NAME_LABEL] || resource.name;
}

/**
 * Zone the resource comes from, if it says so. Kuma falls back to the part of the name before the first dot, so that a
 * global resource named like a zone never reaches it; that mistake is not repeated here.
 */
export function homeZone(resource: { readonly labels: Labels }): string | undefined {
  return resource.labels[ZONE_LABEL] || undefined;
}

/** Whether the control plane of this mode owns the resource. */
export function isLocallyOriginated(mode: "global" | "zone", labels: Labels): boolean {
  const origin = labels[ORIGIN_LABEL] || undefined;
  return origin === undefined || origin === mode;
}

/**
 * Labels that a resource gets when it is written, from those the user gave. Values that the user may choose are only
 * filled in, all others are overwritten.
 * @throws {PolicyRoleError} on Kubernetes, for a policy that mixes roles.
 */
export function computeLabels(
  descriptor: TypeDescriptor,
  resource: { readonly mesh: string; readonly labels: Labels; readonly spec: JsonObject },
  options: LabelOptions,
): Labels {
  const labels = new Map(Object.entries(resource.labels));
  const setIfAbsent = (key: string, value: string): void => {
    if (!labels.has(key)) labels.set(key, value);
  };
  const isLocal = (): boolean => isLocallyOriginated(options.mode, Object.fromEntries(labels));

  if (descriptor.scope === "Mesh") setIfAbsent(MESH_LABEL, resource.mesh || "default");
  if (options.mode === "zone" && descriptor.kds.providedByZone) {
    setIfAbsent(ORIGIN_LABEL, "zone");
    if (labels.get(ORIGIN_LABEL) !== "global") {
      setIfAbsent(ZONE_LABEL, options.zone);
      setIfAbsent(ENV_LABEL, options.isKubernetes === true ? "kubernetes" : "universal");
    }
  }
  const { namespace } = options;
  if (namespace !== undefined && options.isKubernetes === true && isLocal()) {
    setIfAbsent(NAMESPACE_LABEL, namespace.name);
  }
  if (namespace !== undefined && descriptor.policy?.isTargetRef === true && isLocal()) {
    labels.set(POLICY_ROLE_LABEL, computePolicyRole(resource.spec, namespace));
  }
  if (descriptor.isProxy) {
    for (const [key, value] of Object.entries(proxyLabels(descriptor, resource.spec))) {
      if (value === undefined) labels.delete(key);
      else labels.set(key, value);
    }
  }
  if (options.isKubernetes === true && options.serviceAccount) {
    labels.set(SERVICE_ACCOUNT_LABEL, options.serviceAccount);
  }
  if (options.workload) labels.set(WORKLOAD_LABEL, options.workload);
  return Object.fromEntries(labels);
}

/** A global-scoped proxy is one thing only, its type; a mesh-scoped one says in its spec what it is. */
function proxyLabels(descriptor: TypeDescriptor, spec: JsonObject): Record<string, string | undefined> {
  if (descriptor.scope === "Global") return { [PROXY_TYPE_LABEL]: descriptor.name.toLowerCase() };
  const networking = isJsonObject(spec.networking) ? spec.networking : {};
  const gateway = isJsonObject(networking.gateway) ? networking.gateway : {};
  const listeners = Array.isArray(networking.listeners) ? (networking.listeners as readonly unknown[]) : [];
  const hasListener = (type: string): "enabled" | undefined =>
    listeners.some((listener) => isJsonObject(listener) && listener.type === type) ? "enabled" : undefined;
  return {
    // Delegated gateways count as sidecars.
    [PROXY_TYPE_LABEL]: gateway.type === "BUILTIN" ? "gateway" : "sidecar",
    [LISTENER_ZONE_INGRESS_LABEL]: hasListener("ZoneIngress"),
    [LISTENER_ZONE_EGRESS_LABEL]: hasListener("ZoneEgress"),
  };
}
