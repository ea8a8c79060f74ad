export { parseCidr, parseRange } from "./addresses/address-range.ts";
export {
  DEFAULT_VIP_RANGES,
  planVips,
  rememberedFromJson,
  rememberedToJson,
  statusWithVips,
  type VipPlan,
  vipHolder,
} from "./addresses/plan-vips.ts";
export type { RememberedVip, VipAssignment, VipHolder, VipRanges, VipUsage } from "./addresses/vip.ts";
export { VipAllocator } from "./addresses/vip-allocator.ts";
export { RANGE_SETTING, type VipProblem, type VipProblemCode } from "./addresses/vip-problem.ts";
export { baseEndpoints } from "./endpoints/base-endpoints.ts";
export type { BaseSet } from "./endpoints/base-set.ts";
export { type Client, clientOf } from "./endpoints/client.ts";
export { type ClientOptions, clientEndpoints } from "./endpoints/client-endpoints.ts";
export { baseSetKey, type EndpointCollections, endpointCollections } from "./endpoints/endpoint-collections.ts";
export type { Candidate, CandidateSource, Endpoint, EndpointSet, Gate, Locality } from "./endpoints/endpoint-set.ts";
export type { Exposure, Exposures } from "./endpoints/exposure.ts";
export { legacyServices, type Outbound, outboundsFor, outboundsToService } from "./endpoints/outbounds.ts";
export { hasInboundAt } from "./endpoints/reachability.ts";
export { type ReachablePort, reachablePorts } from "./endpoints/reachable-ports.ts";
export { describeRef, legacyRef, refKey, refOf } from "./endpoints/service-ref.ts";
export { endpointsFor, type OutboundEndpoints, outboundEndpoints, sidecarEndpoints } from "./endpoints/sidecar.ts";
export { isPort, socketAddress } from "./endpoints/socket-address.ts";
export { egressListenerExposures, zoneEgressExposures } from "./endpoints/zone-egress.ts";
export {
  FORWARDED_KINDS,
  ingressListenerExposures,
  ingressServiceExposures,
  legacyIngressExposures,
  zoneIngressExposures,
} from "./endpoints/zone-ingress.ts";
export { explainText } from "./explain/explain-text.ts";
export {
  type ExplainedCandidate,
  type ExplainedService,
  type ExplainOptions,
  type Explanation,
  endpointsOfExplanation,
  explain,
} from "./explain/explanation.ts";
export { findTarget, type Target, type TargetQuestion } from "./explain/target.ts";
export {
  assignHostnames,
  HOSTNAME_PRECEDENCE,
  type HostnameAssignment,
  type HostnameClaimant,
  type HostnameConflict,
  type HostnameOwner,
  type HostnameOwners,
  type Hostnames,
  hostnameOwner,
  hostnamesOf,
  planHostnames,
  type RenderedHostname,
  renderHostnames,
  statusWithHostnames,
} from "./hostnames/assign-hostnames.ts";
export {
  BIND_OUTBOUNDS_FEATURE,
  DNS_PATH,
  type DnsConflict,
  type DnsRecord,
  type DnsTable,
  dnsDocument,
  dnsTable,
  EMBEDDED_DNS_FEATURE,
  hasDnsTable,
} from "./hostnames/dns-table.ts";
export {
  type HostnameGenerator,
  type NamedService,
  readHostnameGenerator,
  renderHostname,
  renderUncheckedHostname,
  selects as generatorSelects,
} from "./hostnames/hostname-generator.ts";
export { COMPONENTS, type Component } from "./live/component-times.ts";
export type { LiveProblem, LiveProblemKind } from "./live/live-problems.ts";
export type { LiveSettings } from "./live/live-settings.ts";
export { LiveTopology, type LiveTopologyOptions, type TopologyEvent } from "./live/live-topology.ts";
export { byCreation } from "./model/creation-order.ts";
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
export { type ProxyInsight, readProxyInsight } from "./model/proxy-insight.ts";
export { readMesh, readZoneAddress, readZoneEgress, readZoneIngress } from "./model/read-doors.ts";
export { readProxy } from "./model/read-proxy.ts";
export { readService, SERVICE_KINDS } from "./model/read-service.ts";
export type { ProxySelector, Service, ServiceKind, ServicePort, ServiceRef } from "./model/service.ts";
export { PROTOCOL_TAG, SERVICE_TAG, ZONE_TAG } from "./model/tags.ts";
export {
  altStatName,
  destinationName,
  hasUnifiedNaming,
  legacyClusterName,
  legacyDestinationName,
  type Named,
  portKri,
  portKriText,
  serviceType,
  statName,
  UNIFIED_NAMING_FEATURE,
} from "./names/destination-name.ts";
export {
  ACCESS_LOG_CLUSTER_NAME,
  ADMIN_NAME,
  ADS_CLUSTER_NAME,
  caSecretName,
  DNS_NAME,
  DYNAMIC_CONFIG_NAME,
  type EnvoyName,
  egressFilterChainName,
  identitySecretName,
  inboundClusterName,
  inboundListenerName,
  inboundRouteName,
  ingressClusterName,
  nameIn,
  outboundListenerName,
  passthroughName,
  READINESS_NAME,
  zoneListenerName,
  zoneProxyListenerName,
} from "./names/envoy-names.ts";
export {
  type HashedSniInput,
  hashedSni,
  hashedSniName,
  hashedSniOf,
  kriSni,
  legacyServiceSni,
  tagsSni,
} from "./names/sni.ts";
export { type SniChoice, type SniSide, type SniTarget, sniChoice } from "./names/sni-format.ts";
export {
  type AvailableServicesSettings,
  availableServices,
  isOwnIngress,
  withAvailableServices,
} from "./services/available-services.ts";
export { type Condition, condition, withConditions } from "./services/conditions.ts";
export { externalServiceConditions, withExternalServiceConditions } from "./services/external-service-status.ts";
export {
  type MeshServiceFacts,
  meshServiceFacts,
  type ProxyCounts,
  type ServiceIdentity,
  withMeshServiceFacts,
} from "./services/mesh-service-facts.ts";
export {
  type MatchedService,
  type MultiZoneFacts,
  multiZoneFacts,
  withMultiZoneFacts,
} from "./services/multi-zone-facts.ts";
export {
  planMeshService,
  planMeshServices,
  type ServiceDraft,
  type ServicePlan,
} from "./services/plan-mesh-services.ts";
export type { DroppedLabel, DropReason, LabelPropagation } from "./services/propagated-labels.ts";
export {
  spiffeIdOfProxy,
  trustDomainOfZone,
  type WorkloadIdentity,
  workloadIdentityOf,
} from "./services/spiffe-identity.ts";
export {
  type GeneratorSettings,
  generatedNames,
  isGenerated,
  type WantedMeshService,
  wantedMeshService,
} from "./services/wanted-mesh-service.ts";
export {
  planWorkload,
  planWorkloads,
  type WorkloadPlan,
  withWorkloadCounts,
  workloadCounts,
  workloadOf,
} from "./services/workloads.ts";
export {
  type BlockingPolicy,
  isHarmful,
  type LoadShift,
  type LostService,
  type PriorityUse,
  type SingleZoneService,
  type WhatIfReport,
} from "./what-if/report.ts";
export { whatIf } from "./what-if/what-if.ts";
export { isLost, type Losses, worldWithout } from "./what-if/world-without.ts";
export { type SnapshotSettings, snapshotWorld } from "./world/snapshot-world.ts";
export { type ServiceTag, type TopologyCollections, topologyCollections } from "./world/topology-collections.ts";
export type { RemoteWeights, ServiceOrigin, TopologySettings, World, ZoneGate } from "./world/world.ts";
