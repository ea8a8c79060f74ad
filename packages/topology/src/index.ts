export { parseRange } from "./addresses/address-range.ts";
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
export { legacyServices, type Outbound, outboundsFor } from "./endpoints/outbounds.ts";
export { describeRef, legacyRef, refKey, refOf } from "./endpoints/service-ref.ts";
export { endpointsFor, type OutboundEndpoints, sidecarEndpoints } from "./endpoints/sidecar.ts";
export { egressListenerExposures, zoneEgressExposures } from "./endpoints/zone-egress.ts";
export { ingressListenerExposures, zoneIngressExposures } from "./endpoints/zone-ingress.ts";
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
