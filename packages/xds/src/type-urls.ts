/** The resource types that Envoys are served, and the order in which a change has to reach them. */

export type TypeUrl = string;

const PREFIX = "type.googleapis.com/";

export const CLUSTER_TYPE: TypeUrl = `${PREFIX}envoy.config.cluster.v3.Cluster`;
export const ENDPOINT_TYPE: TypeUrl = `${PREFIX}envoy.config.endpoint.v3.ClusterLoadAssignment`;
export const LISTENER_TYPE: TypeUrl = `${PREFIX}envoy.config.listener.v3.Listener`;
export const ROUTE_TYPE: TypeUrl = `${PREFIX}envoy.config.route.v3.RouteConfiguration`;
export const SECRET_TYPE: TypeUrl = `${PREFIX}envoy.extensions.transport_sockets.tls.v3.Secret`;
export const RUNTIME_TYPE: TypeUrl = `${PREFIX}envoy.service.runtime.v3.Runtime`;

/**
 * Make before break: what a later type refers to is there before it. Types that are not listed wait for nothing: Envoy asks
 * for a secret when a cluster or a listener names it, and keeps what it has until a new one comes.
 * Source: xDS protocol, "Eventual consistency considerations".
 */
export const ORDERED_TYPES: readonly TypeUrl[] = [CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE, ROUTE_TYPE];

/** Types that name clusters: a cluster is withdrawn only when none of them is behind. */
export const CLUSTER_USERS: readonly TypeUrl[] = [LISTENER_TYPE, ROUTE_TYPE];

/**
 * In state-of-the-world responses of these a resource that is absent is gone; for all others a response may hold only what
 * changed. Source: xDS protocol, "Grouping Resources into Responses".
 */
export function isFullStateType(typeUrl: TypeUrl): boolean {
  return typeUrl === CLUSTER_TYPE || typeUrl === LISTENER_TYPE;
}
