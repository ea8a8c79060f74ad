export type { ProxyAdmission, ProxyCandidate } from "./admission.ts";
export { AdsService, type AdsServiceOptions } from "./ads/ads-service.ts";
export type { AdsStream } from "./ads/ads-stream.ts";
export type { BootstrapSettings } from "./bootstrap/bootstrap-document.ts";
export { type BootstrapHandlerOptions, bootstrapHandler } from "./bootstrap/bootstrap-handler.ts";
export {
  type BootstrapFailure,
  BootstrapResponder,
  type BootstrapResponderOptions,
} from "./bootstrap/bootstrap-responder.ts";
export { EncodedResource } from "./content/encoded-resource.ts";
export { NameSet } from "./content/name-set.ts";
export { ResourcePool } from "./content/resource-pool.ts";
export { ResourceSet, type SetDifference } from "./content/resource-set.ts";
export { DataplaneHealth, type DataplaneHealthOptions } from "./hds/dataplane-health.ts";
export { HEALTH_DEFAULTS, type HealthChecks, type HealthSettings } from "./hds/health-checks.ts";
export { withReadiness } from "./hds/health-report.ts";
export {
  type FollowedHealth,
  HealthService,
  type HealthServiceOptions,
  type HealthTarget,
} from "./hds/health-service.ts";
export type { ClusterHealth } from "./hds/health-wire.ts";
export { METADATA_FIELDS, type NodeMetadata, type ProxyVersion, readNodeMetadata } from "./node/node-metadata.ts";
export {
  isProxyType,
  nodeIdOf,
  PROXY_RESOURCES,
  type ProxyId,
  type ProxyType,
  parseNodeId,
  proxyKey,
} from "./node/proxy-id.ts";
export type { ConnectedProxy, FollowedProxy, ProxySnapshot, SnapshotSource } from "./proxy-snapshot.ts";
export { XdsServer, type XdsServerOptions, type XdsService } from "./server/xds-server.ts";
export { createAds, stepAds } from "./session/ads-session.ts";
export type {
  AdsEffect,
  AdsEvent,
  AdsNote,
  AdsPhase,
  AdsRejection,
  AdsRequest,
  AdsSend,
  AdsState,
  AdsTypeState,
  AdsVariant,
} from "./session/ads-state.ts";
export {
  CLUSTER_TYPE,
  ENDPOINT_TYPE,
  isFullStateType,
  LISTENER_TYPE,
  ORDERED_TYPES,
  ROUTE_TYPE,
  RUNTIME_TYPE,
  SECRET_TYPE,
  type TypeUrl,
} from "./type-urls.ts";
export type { OnXdsEvent, XdsEvent, XdsStreamKind } from "./xds-events.ts";
