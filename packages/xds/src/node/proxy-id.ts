/** Who a proxy is: `node.id`, and the kind of resource that stands for it. */
import { err, ok, type Result } from "@isthmus/std";

export type ProxyType = "dataplane" | "ingress" | "egress";

export interface ProxyId {
  readonly type: ProxyType;
  /** "" for zone ingresses and egresses of their own resource type. */
  readonly mesh: string;
  readonly name: string;
}

/**
 * `<mesh>.<name>`; the first dot separates, so that names may contain dots.
 * Source: kuma v2.14.3: pkg/core/xds/types.go (ParseProxyIdFromString).
 */
export function parseNodeId(nodeId: string): Result<{ readonly mesh: string; readonly name: string }, string> {
  if (nodeId === "") return err("Envoy ID must not be nil");
  const dot = nodeId.indexOf(".");
  if (dot < 0) return err("the name should be provided after the dot");
  const name = nodeId.slice(dot + 1);
  return name === "" ? err("name must not be empty") : ok({ mesh: nodeId.slice(0, dot), name });
}

export function nodeIdOf({ mesh, name }: { readonly mesh: string; readonly name: string }): string {
  return `${mesh}.${name}`;
}

/** One string for each proxy of this control plane: key of maps. A Dataplane and a ZoneIngress may share a node id. */
export function proxyKey({ type, mesh, name }: ProxyId): string {
  return `${type}/${mesh}.${name}`;
}

/** Type of the resource that stands for a proxy, and of its insight. */
export const PROXY_RESOURCES: Readonly<Record<ProxyType, { readonly resource: string; readonly insight: string }>> = {
  dataplane: { resource: "Dataplane", insight: "DataplaneInsight" },
  ingress: { resource: "ZoneIngress", insight: "ZoneIngressInsight" },
  egress: { resource: "ZoneEgress", insight: "ZoneEgressInsight" },
};

export function isProxyType(text: string): text is ProxyType {
  return Object.hasOwn(PROXY_RESOURCES, text);
}
