/**
 * Names of what Envoy gets besides destinations, in the naming of old and the unified one.
 * Source: kuma v2.14.3: pkg/xds/envoy/names/resource_names.go, pkg/core/naming/contextual.go, pkg/core/system_names.
 */
import { socketAddress } from "../endpoints/socket-address.ts";

/** Both names of one thing. */
export interface EnvoyName {
  readonly legacy: string;
  readonly unified: string;
}

type IpVersion = 4 | 6;
type Direction = "inbound" | "outbound";

export const ADMIN_NAME: EnvoyName = { legacy: "kuma:envoy:admin", unified: "system_envoy_admin" };
export const READINESS_NAME: EnvoyName = { legacy: "kuma:readiness", unified: "system_probe_readiness" };
export const DNS_NAME: EnvoyName = { legacy: "kuma:dns", unified: "system_dns" };
export const DYNAMIC_CONFIG_NAME: EnvoyName = { legacy: "_kuma:dynamicconfig", unified: "system_dynamicconfig" };
export const ADS_CLUSTER_NAME: EnvoyName = { legacy: "ads_cluster", unified: "system_ads" };
export const ACCESS_LOG_CLUSTER_NAME: EnvoyName = { legacy: "access_log_sink", unified: "system_access_log_sink" };

export function nameIn(isUnifiedNaming: boolean, name: EnvoyName): string {
  return isUnifiedNaming ? name.unified : name.legacy;
}

/** `section`: name of the inbound, else its port. */
export function inboundListenerName(address: string, port: number, section: string): EnvoyName {
  return { legacy: `inbound:${socketAddress(address, port)}`, unified: inboundContext("dp", section) };
}

export function inboundClusterName(workloadPort: number, section: string): EnvoyName {
  return { legacy: `localhost:${workloadPort}`, unified: inboundContext("dp", section) };
}

/** `service`: value of `kuma.io/service`. */
export function inboundRouteName(service: string, section: string): EnvoyName {
  return { legacy: `inbound:${service}`, unified: inboundContext("dp", section) };
}

/** `kri`: that of the service's port. */
export function outboundListenerName(address: string, port: number, kri: string): EnvoyName {
  return { legacy: `outbound:${socketAddress(address, port)}`, unified: kri };
}

export function passthroughName(direction: Direction, version: IpVersion): EnvoyName {
  return {
    legacy: `${direction}:passthrough:ipv${version}`,
    unified: `self_transparentproxy_passthrough_${direction}_ipv${version}`,
  };
}

/** Listener of a ZoneIngress or ZoneEgress resource. */
export function zoneProxyListenerName(type: "ZoneIngress" | "ZoneEgress", address: string, port: number): EnvoyName {
  return {
    legacy: `inbound:${socketAddress(address, port)}`,
    unified: inboundContext(type === "ZoneIngress" ? "zi" : "ze", `${port}`),
  };
}

/** Listener for zone traffic of a Dataplane: has no other name. */
export function zoneListenerName(type: "ZoneIngress" | "ZoneEgress", section: string): string {
  return `self_${type.toLowerCase()}_dp_${section}`;
}

/** Cluster of a zone ingress for a legacy service, the same in both namings. */
export const ingressClusterName = (mesh: string, service: string): string => `${mesh}:${service}`;

/** Filter chain of a zone egress for a legacy service. */
export const egressFilterChainName = (mesh: string, service: string): string => `${service}_${mesh}`;

export function identitySecretName(mesh: string): EnvoyName {
  return { legacy: `identity_cert:secret:${mesh}`, unified: `system_mtls_identity_${mesh}` };
}

export function caSecretName(mesh: string): EnvoyName {
  return { legacy: `mesh_ca:secret:${mesh}`, unified: `system_mtls_ca_${mesh}` };
}

const inboundContext = (type: string, section: string): string => `self_inbound_${type}_${section}`;
