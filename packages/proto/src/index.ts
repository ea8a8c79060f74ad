/**
 * Descriptions and codecs of everything on the KDS wire. The generated modules are re-exported whole, except for names that
 * two packages share: those of `kuma.system` and of Envoy's discovery are renamed.
 */

export { toDeterministicBinary } from "./deterministic-binary.ts";
export {
  type ControlPlane,
  ControlPlaneSchema,
  type Node as DiscoveryNode,
  NodeSchema as DiscoveryNodeSchema,
} from "./gen/envoy/config/core/v3/base_pb.ts";
export {
  type DeltaDiscoveryRequest,
  DeltaDiscoveryRequestSchema,
  type DeltaDiscoveryResponse,
  DeltaDiscoveryResponseSchema,
  type Resource as DiscoveryResource,
  ResourceSchema as DiscoveryResourceSchema,
} from "./gen/envoy/service/discovery/v3/discovery_pb.ts";
export { type Status as RpcStatus, StatusSchema as RpcStatusSchema } from "./gen/google/rpc/status_pb.ts";
export * from "./gen/kuma/mesh/v1alpha1/dataplane_insight_pb.ts";
export * from "./gen/kuma/mesh/v1alpha1/dataplane_pb.ts";
export * from "./gen/kuma/mesh/v1alpha1/external_service_pb.ts";
export * from "./gen/kuma/mesh/v1alpha1/gateway_pb.ts";
export * from "./gen/kuma/mesh/v1alpha1/kds_pb.ts";
export * from "./gen/kuma/mesh/v1alpha1/legacy_observe_pb.ts";
export * from "./gen/kuma/mesh/v1alpha1/legacy_traffic_pb.ts";
export * from "./gen/kuma/mesh/v1alpha1/mesh_insight_pb.ts";
export * from "./gen/kuma/mesh/v1alpha1/mesh_pb.ts";
export * from "./gen/kuma/mesh/v1alpha1/overview_pb.ts";
export * from "./gen/kuma/mesh/v1alpha1/selector_pb.ts";
export * from "./gen/kuma/mesh/v1alpha1/zone_proxy_pb.ts";
export * from "./gen/kuma/system/v1alpha1/secret_pb.ts";
export {
  type EnvoyAdminStreams,
  EnvoyAdminStreamsSchema,
  type HealthCheck as ZoneHealthCheck,
  HealthCheckSchema as ZoneHealthCheckSchema,
  type KDSServiceStats,
  KDSServiceStatsSchema,
  type KDSStream,
  KDSStreamSchema,
  type KDSStreams,
  KDSStreamsSchema,
  type KDSSubscription,
  KDSSubscriptionSchema,
  type KDSSubscriptionStatus,
  KDSSubscriptionStatusSchema,
  type KumaCpVersion,
  KumaCpVersionSchema,
  type Version as ZoneVersion,
  VersionSchema as ZoneVersionSchema,
  type Zone,
  type ZoneInsight,
  ZoneInsightSchema,
  type ZoneOverview,
  ZoneOverviewSchema,
  ZoneSchema,
} from "./gen/kuma/system/v1alpha1/zone_pb.ts";
export { messageFromJson } from "./json/from-json.ts";
export { MESSAGE_MAX_DEPTH } from "./json/json-error.ts";
export { messageSchemas } from "./json/message-schema.ts";
export { messageToJson } from "./json/to-json.ts";
export { messageByName, registry } from "./registry.ts";
export { decodeSpec, descriptorOf, packSpec, specFromJson, specToJson } from "./spec-codec.ts";
export { KUMA_RESOURCE_TYPE_URL, messageNameOf, TYPE_URL_PREFIX, typeUrlOf } from "./type-url.ts";
export { hasUnknownFields } from "./unknown-fields.ts";
export {
  type DeltaRequest,
  type DeltaRequestInput,
  decodeDeltaRequest,
  encodeDeltaRequest,
} from "./wire/delta-request.ts";
export {
  type DeltaResource,
  type DeltaResponse,
  type DeltaResponseInput,
  decodeDeltaResponse,
  EXTENSION_FIELD,
  encodeDeltaResponse,
  encodeResourceChunk,
} from "./wire/delta-response.ts";
export { readNode, type WireNode } from "./wire/discovery-node.ts";
export {
  type DecodedKumaResource,
  decodeKumaResource,
  encodeAny,
  encodeKumaResource,
  type KumaResourceInput,
  type KumaResourceMeta,
  kumaResourceVersion,
  type WireAny,
} from "./wire/kuma-resource.ts";
export { readStatus, type WireStatus } from "./wire/rpc-status.ts";
export { type SpecScan, scanSpec } from "./wire/spec-scan.ts";
export { decodeStateRequest, type NamesOfDigest, type NamesRegion, type StateRequest } from "./wire/state-request.ts";
export { BYTES, FIXED32, FIXED64, VARINT, WireError, WireReader } from "./wire/wire-reader.ts";
export { compareUtf8, varintSize, WireWriter } from "./wire/wire-writer.ts";
