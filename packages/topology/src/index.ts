export type { Candidate, CandidateSource, Endpoint, EndpointSet, Gate, Locality } from "./endpoints/endpoint-set.ts";
export type {
  AvailableService,
  MeshServicesMode,
  MeshView,
  ZoneAddress,
  ZoneEgress,
  ZoneIngress,
} from "./model/doors.ts";
export type { Inbound, InboundState, Proxy, ProxyOutbound, ReachableBackend, ZoneListener } from "./model/proxy.ts";
export type { ProxySelector, Service, ServiceKind, ServicePort, ServiceRef } from "./model/service.ts";
export type { RemoteWeights, TopologySettings, World, ZoneGate } from "./world/world.ts";
