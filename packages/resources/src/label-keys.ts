/** Label keys with a meaning to the control plane. Source: kuma v2.14.3: api/mesh/v1alpha1/dataplane_helpers.go. */

export const MESH_LABEL = "kuma.io/mesh";
export const ORIGIN_LABEL = "kuma.io/origin";
export const ZONE_LABEL = "kuma.io/zone";
export const ENV_LABEL = "kuma.io/env";
export const NAMESPACE_LABEL = "k8s.kuma.io/namespace";
export const POLICY_ROLE_LABEL = "kuma.io/policy-role";
export const PROXY_TYPE_LABEL = "kuma.io/proxy-type";
export const LISTENER_ZONE_INGRESS_LABEL = "kuma.io/listener-zoneingress";
export const LISTENER_ZONE_EGRESS_LABEL = "kuma.io/listener-zoneegress";
export const SERVICE_ACCOUNT_LABEL = "k8s.kuma.io/service-account";
export const WORKLOAD_LABEL = "kuma.io/workload";
export const DISPLAY_NAME_LABEL = "kuma.io/display-name";
export const MANAGED_BY_LABEL = "kuma.io/managed-by";
export const DELETION_GRACE_PERIOD_LABEL = "kuma.io/deletion-grace-period-started-at";
export const EFFECT_LABEL = "kuma.io/effect";
export const KDS_SYNC_LABEL = "kuma.io/kds-sync";

export function isReservedLabel(key: string): boolean {
  return key.startsWith("kuma.io/") || key.startsWith("k8s.kuma.io/");
}
