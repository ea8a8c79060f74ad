/**
 * An endpoint set as Envoy's assignment: one group for each locality and priority.
 * Source: kuma v2.14.3: pkg/xds/envoy/endpoints/v3.
 */
import type { ClusterLoadAssignmentJson } from "@isthmus/proto/envoy/config/endpoint/v3/endpoint";
import type {
  LbEndpointJson,
  LocalityLbEndpointsJson,
} from "@isthmus/proto/envoy/config/endpoint/v3/endpoint_components";
import type { Labels } from "@isthmus/resources";
import { type Endpoint, type EndpointSet, SERVICE_TAG } from "@isthmus/topology";
import { socketAddress } from "./addresses.ts";

const LB = "envoy.lb";
const TRANSPORT_SOCKET_MATCH = "envoy.transport_socket_match";
const LABELS = "io.kuma.labels";

export function loadAssignment(clusterName: string, set: EndpointSet): ClusterLoadAssignmentJson {
  const groups = new Map<string, Endpoint[]>();
  for (const endpoint of set.endpoints) {
    const key = groupKey(endpoint);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [endpoint]);
    else group.push(endpoint);
  }
  return {
    clusterName,
    ...(groups.size === 0
      ? {}
      : {
          endpoints: [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, endpoints]) => localityGroup(endpoints)),
        }),
    ...(set.overprovisioningFactor === undefined
      ? {}
      : { policy: { overprovisioningFactor: set.overprovisioningFactor } }),
  };
}

/** For a cluster that chooses the TLS of an endpoint by its tags: Envoy looks for them in a place of their own, a quarter of the bytes of an assignment, and more with more tags. */
export function withSocketMatches(assignment: ClusterLoadAssignmentJson): ClusterLoadAssignmentJson {
  const { endpoints } = assignment;
  if (endpoints === undefined) return assignment;
  return {
    ...assignment,
    endpoints: endpoints.map((group) => ({ ...group, lbEndpoints: (group.lbEndpoints ?? []).map(withSocketMatch) })),
  };
}

function withSocketMatch(endpoint: LbEndpointJson): LbEndpointJson {
  const filterMetadata = endpoint.metadata?.filterMetadata;
  const tags = filterMetadata?.[LB];
  if (tags === undefined) return endpoint;
  return {
    ...endpoint,
    metadata: { ...endpoint.metadata, filterMetadata: { ...filterMetadata, [TRANSPORT_SOCKET_MATCH]: tags } },
  };
}

/** In order of zone, then sub-zone, then priority. */
function groupKey({ locality, priority }: Endpoint): string {
  return `${locality?.zone ?? ""}\u0000${locality?.subZone ?? ""}\u0000${String(priority).padStart(5, "0")}`;
}

function localityGroup(endpoints: readonly Endpoint[]): LocalityLbEndpointsJson {
  const [first] = endpoints;
  if (first === undefined) return {};
  const { locality, localityWeight, priority } = first;
  return {
    ...(locality === undefined
      ? {}
      : {
          locality: {
            ...(locality.zone === "" ? {} : { zone: locality.zone }),
            ...(locality.subZone === "" ? {} : { subZone: locality.subZone }),
          },
        }),
    ...(priority === 0 ? {} : { priority }),
    ...(localityWeight === undefined ? {} : { loadBalancingWeight: localityWeight }),
    lbEndpoints: [...endpoints].sort(byAddress).map(lbEndpoint),
  };
}

function lbEndpoint({ address, port, weight, tags, labels }: Endpoint): LbEndpointJson {
  const metadata = metadataOf(tags, labels);
  return {
    endpoint: { address: socketAddress(address, port) },
    loadBalancingWeight: weight,
    ...(metadata === undefined ? {} : { metadata: { filterMetadata: metadata } }),
  };
}

function metadataOf(tags: Labels, labels: Labels): Record<string, Record<string, string>> | undefined {
  const { [SERVICE_TAG]: _service, ...others } = tags;
  const metadata: Record<string, Record<string, string>> = {};
  if (Object.keys(others).length > 0) metadata[LB] = others;
  if (Object.keys(labels).length > 0) metadata[LABELS] = { ...labels };
  return Object.keys(metadata).length === 0 ? undefined : metadata;
}

function byAddress(a: Endpoint, b: Endpoint): number {
  if (a.address !== b.address) return a.address < b.address ? -1 : 1;
  return a.port - b.port;
}
