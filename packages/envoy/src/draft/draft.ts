/**
 * The form between topology and Envoy: what is being built, in parts that policies can shape, each with its role. Parts are
 * mutable until they are finished (finish.ts); a configuration is drafted anew for each translation and never shared.
 */
import type { Cluster_TransportSocketMatchJson, ClusterJson } from "@isthmus/proto/envoy/config/cluster/v3/cluster";
import type { ClusterLoadAssignmentJson } from "@isthmus/proto/envoy/config/endpoint/v3/endpoint";
import type { ListenerJson } from "@isthmus/proto/envoy/config/listener/v3/listener";
import type { FilterChainMatchJson, FilterJson } from "@isthmus/proto/envoy/config/listener/v3/listener_components";
import type { RouteConfigurationJson } from "@isthmus/proto/envoy/config/route/v3/route";
import type {
  HttpConnectionManagerJson,
  HttpFilterJson,
} from "@isthmus/proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager";
import type { TcpProxyJson } from "@isthmus/proto/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy";
import type {
  DownstreamTlsContextJson,
  UpstreamTlsContextJson,
} from "@isthmus/proto/envoy/extensions/transport_sockets/tls/v3/tls";
import type { HttpProtocolOptionsJson } from "@isthmus/proto/envoy/extensions/upstreams/http/v3/http_protocol_options";
import type { Modification } from "../patches/modification.ts";
import type { Role } from "./role.ts";

export interface ClusterDraft {
  readonly name: string;
  readonly role: Role;
  /** All but what the members below say. */
  readonly json: ClusterJson;
  http?: HttpProtocolOptionsJson;
  tls?: UpstreamTlsContextJson;
  /** For endpoints with the given metadata, other TLS. */
  tlsMatches: TlsMatch[];
}

export interface TlsMatch {
  readonly name: string;
  readonly match: NonNullable<Cluster_TransportSocketMatchJson["match"]>;
  readonly tls: UpstreamTlsContextJson;
}

export interface EndpointsDraft {
  /** Of the cluster. */
  readonly name: string;
  readonly role: Role;
  readonly json: ClusterLoadAssignmentJson;
}

export interface ListenerDraft {
  readonly name: string;
  readonly role: Role;
  /** All but the filter chains. */
  readonly json: ListenerJson;
  chains: ChainDraft[];
  /** For connections that no chain fits. */
  fallback?: ChainDraft;
}

export interface ChainDraft {
  name?: string;
  readonly role: Role;
  match?: FilterChainMatchJson;
  tls?: DownstreamTlsContextJson;
  /** Network filters in front of the last one. */
  readonly filters: FilterJson[];
  readonly end: ChainEnd;
}

export type ChainEnd =
  | {
      readonly kind: "http";
      /** All but its filters and routes. */
      readonly manager: HttpConnectionManagerJson;
      /** In front of the router. */
      readonly filters: HttpFilterJson[];
      readonly routes: RouteConfigurationJson;
    }
  | { readonly kind: "tcp"; readonly proxy: TcpProxyJson }
  | { readonly kind: "filter"; readonly filter: FilterJson };

export interface Draft {
  readonly clusters: ClusterDraft[];
  readonly endpoints: EndpointsDraft[];
  readonly listeners: ListenerDraft[];
  /** Names of secrets that the configuration refers to. */
  readonly secrets: Set<string>;
  /** What was left out, and why: for people. */
  readonly problems: string[];
  /** Of whole resources, when they are finished. */
  readonly modifications: Modification[];
}

export function emptyDraft(): Draft {
  return { clusters: [], endpoints: [], listeners: [], secrets: new Set(), problems: [], modifications: [] };
}
