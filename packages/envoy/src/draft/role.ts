/** What a part of the configuration is for: by it policies find what they shape. */
import type { ResourceDestination } from "@isthmus/policy";
import type { Exposure, Inbound, Service, ServicePort, ServiceRef, ZoneListener } from "@isthmus/topology";

export type Role =
  /** Traffic of others to the workload. */
  | { readonly kind: "inbound"; readonly inbound: Inbound }
  /** Traffic of the workload to a port of a service. */
  | OutboundRole
  /** What a zone ingress forwards to instances of its zone. */
  | { readonly kind: "zoneIngress"; readonly exposure: Exposure; readonly listener: ZoneListener | undefined }
  /** What a zone egress forwards to other zones and to the outside. */
  | { readonly kind: "zoneEgress"; readonly exposure: Exposure; readonly listener: ZoneListener | undefined }
  /** Traffic to and from what is not of the mesh. */
  | { readonly kind: "passthrough"; readonly direction: "inbound" | "outbound"; readonly ipVersion: 4 | 6 }
  /** The proxy's own, and what belongs to no traffic in particular. */
  | { readonly kind: "system"; readonly origin: SystemOrigin };

/** Who made it, by the names that MeshProxyPatch finds it by. Source: kuma v2.14.3: pkg/xds/generator/metadata. */
export type SystemOrigin =
  | "admin"
  | "dns"
  | "dynamic-config"
  | "ingress"
  | "egress"
  | "meshaccesslog"
  | "mesh-trace"
  | "meshpassthrough"
  | "prometheus"
  | "open-telemetry";

export type OutboundRole =
  | {
      readonly kind: "outbound";
      readonly service: Service;
      readonly port: ServicePort;
      readonly destination: ResourceDestination;
      readonly protocol: string;
    }
  | { readonly kind: "legacyOutbound"; readonly ref: ServiceRef; readonly protocol: string };

const HTTP_PROTOCOLS: ReadonlySet<string> = new Set(["http", "http2", "grpc"]);

/** Whether Envoy looks into requests; otherwise it passes bytes on. */
export function isHttp(protocol: string): boolean {
  return HTTP_PROTOCOLS.has(protocol);
}
