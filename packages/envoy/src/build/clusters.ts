/** Clusters as they are before policies. Source: kuma v2.14.3: pkg/xds/envoy/clusters. */
import type { ClusterJson } from "@isthmus/proto/envoy/config/cluster/v3/cluster";
import type { HttpProtocolOptionsJson } from "@isthmus/proto/envoy/extensions/upstreams/http/v3/http_protocol_options";
import { altStatName } from "@isthmus/topology";
import type { ClusterDraft } from "../draft/draft.ts";
import type { Role } from "../draft/role.ts";
import type { Socket } from "../proxy-traits.ts";
import { addressOf } from "./addresses.ts";

const CONNECT_TIMEOUT = "5s";

/** Endpoints come by themselves, over the same stream. */
export function edsCluster(name: string, role: Role): ClusterDraft {
  return {
    name,
    role,
    json: {
      ...withStatName(name),
      type: "EDS",
      edsClusterConfig: { edsConfig: { ads: {}, resourceApiVersion: "V3" } },
      connectTimeout: CONNECT_TIMEOUT,
    },
    tlsMatches: [],
  };
}

/** To one known socket. */
export function staticCluster(name: string, role: Role, socket: Socket): ClusterDraft {
  return {
    name,
    role,
    json: {
      ...withStatName(name),
      type: "STATIC",
      connectTimeout: CONNECT_TIMEOUT,
      loadAssignment: {
        clusterName: name,
        endpoints: [{ lbEndpoints: [{ endpoint: { address: addressOf(socket) } }] }],
      },
    },
    tlsMatches: [],
  };
}

/** To wherever the connection was going before it was redirected to the proxy. */
export function originalDestinationCluster(name: string, role: Role): ClusterDraft {
  return {
    name,
    role,
    json: {
      ...withStatName(name),
      type: "ORIGINAL_DST",
      lbPolicy: "CLUSTER_PROVIDED",
      connectTimeout: CONNECT_TIMEOUT,
    },
    tlsMatches: [],
  };
}

/** Between proxies of the mesh it is always HTTP/2, whatever the workload speaks; see `httpOptionsFor` for the workload. */
export function meshHttpOptions(): HttpProtocolOptionsJson {
  return { explicitHttpConfig: { http2ProtocolOptions: {} } };
}

/** Towards what is no proxy of the mesh: as it says. Undefined: no HTTP. */
export function httpOptionsFor(protocol: string): HttpProtocolOptionsJson | undefined {
  if (protocol === "http") return { explicitHttpConfig: { httpProtocolOptions: {} } };
  if (protocol === "http2" || protocol === "grpc") return meshHttpOptions();
  return undefined;
}

function withStatName(name: string): Pick<ClusterJson, "altStatName"> {
  const stat = altStatName(name);
  return stat === undefined ? {} : { altStatName: stat };
}
