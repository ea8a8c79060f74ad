/** The cluster of what takes logs, traces and metrics. Source: kuma v2.14.3: pkg/xds/envoy/clusters/v3/endpoint_cluster_configurer.go. */
import { isIP } from "node:net";
import type { UpstreamTlsContextJson } from "@isthmus/proto/envoy/extensions/transport_sockets/tls/v3/tls";
import { addressOf } from "../build/addresses.ts";
import { meshHttpOptions, staticCluster } from "../build/clusters.ts";
import type { ClusterDraft } from "../draft/draft.ts";
import type { Role } from "../draft/role.ts";
import type { ProxyTraits, Socket } from "../proxy-traits.ts";
import type { Collector } from "./otel-backend.ts";

const LOOPBACK = "127.0.0.1";

export interface CollectorOptions {
  /** The proxy has an IPv6 address: names may stand for such as well. */
  readonly isIpv6: boolean;
  readonly isHttp2: boolean;
  readonly tls?: UpstreamTlsContextJson | undefined;
}

/** A name is looked up by Envoy. */
export function collectorCluster(
  name: string,
  role: Role,
  socket: Socket,
  { isIpv6, isHttp2, tls }: CollectorOptions,
): ClusterDraft {
  const cluster = staticCluster(name, role, socket);
  const isName = socket.kind === "tcp" && isIP(socket.address) === 0;
  return {
    ...cluster,
    json: {
      ...cluster.json,
      ...(isName ? { type: "STRICT_DNS", dnsLookupFamily: isIpv6 ? "AUTO" : "V4_ONLY" } : {}),
      loadAssignment: {
        clusterName: name,
        endpoints: [{ lbEndpoints: [{ endpoint: { address: addressOf(socket) } }] }],
      },
    },
    ...(isHttp2 ? { http: meshHttpOptions() } : {}),
    ...(tls === undefined ? {} : { tls }),
  };
}

/** Where Envoy connects to itself. A collector without an address runs on every machine. */
export function collectorSocket({ address, port }: Collector, { hostAddress }: ProxyTraits): Socket {
  return { kind: "tcp", address: address || hostAddress || LOOPBACK, port };
}

/** Its certificate has to be one that the machine trusts; undefined: no TLS. */
export function collectorTls(
  { address, isHttps }: Collector,
  { systemCaPath }: ProxyTraits,
): UpstreamTlsContextJson | undefined {
  if (!isHttps) return undefined;
  const isName = isIP(address) === 0 && address !== "";
  return {
    ...(isName ? { sni: address } : {}),
    commonTlsContext:
      systemCaPath === "" || address === ""
        ? {}
        : {
            validationContext: {
              trustedCa: { filename: systemCaPath },
              matchTypedSubjectAltNames: [{ sanType: isName ? "DNS" : "IP_ADDRESS", matcher: { exact: address } }],
            },
          },
  };
}
