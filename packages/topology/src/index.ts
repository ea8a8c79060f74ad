export type { Candidate, CandidateSource, Endpoint, EndpointSet, Gate, Locality } from "./endpoints/endpoint-set.ts";
export type {
  AvailableService,
  MeshServicesMode,
  MeshView,
  ZoneAddress,
  ZoneEgress,
  ZoneIngress,
} from "./model/doors.ts";
export { HEALTHY_INSTANCES_LABEL, healthyInstancesOf } from "./model/healthy-instances.ts";
export type { Inbound, InboundState, Proxy, ProxyOutbound, ReachableBackend, ZoneListener } from "./model/proxy.ts";
export { readMesh, readZoneAddress, readZoneEgress, readZoneIngress } from "./model/read-doors.ts";
export { readProxy } from "./model/read-proxy.ts";
export { readService, SERVICE_KINDS } from "./model/read-service.ts";
export type { ProxySelector, Service, ServiceKind, ServicePort, ServiceRef } from "./model/service.ts";
export { PROTOCOL_TAG, SERVICE_TAG, ZONE_TAG } from "./model/tags.ts";
export type { RemoteWeights, ServiceOrigin, TopologySettings, World, ZoneGate } from "./world/world.ts";
