/** Every message of the KDS wire, by full name. */
import type { DescMessage, Registry } from "@bufbuild/protobuf";
import { TypeRegistry } from "./descriptors/type-registry.ts";
import { file_envoy_config_core_v3_base } from "./gen/envoy/config/core/v3/base_pb.ts";
import { file_envoy_service_discovery_v3_discovery } from "./gen/envoy/service/discovery/v3/discovery_pb.ts";
import { file_google_rpc_status } from "./gen/google/rpc/status_pb.ts";
import { file_kuma_mesh_v1alpha1_dataplane_insight } from "./gen/kuma/mesh/v1alpha1/dataplane_insight_pb.ts";
import { file_kuma_mesh_v1alpha1_dataplane } from "./gen/kuma/mesh/v1alpha1/dataplane_pb.ts";
import { file_kuma_mesh_v1alpha1_external_service } from "./gen/kuma/mesh/v1alpha1/external_service_pb.ts";
import { file_kuma_mesh_v1alpha1_gateway } from "./gen/kuma/mesh/v1alpha1/gateway_pb.ts";
import { file_kuma_mesh_v1alpha1_kds } from "./gen/kuma/mesh/v1alpha1/kds_pb.ts";
import { file_kuma_mesh_v1alpha1_legacy_observe } from "./gen/kuma/mesh/v1alpha1/legacy_observe_pb.ts";
import { file_kuma_mesh_v1alpha1_legacy_traffic } from "./gen/kuma/mesh/v1alpha1/legacy_traffic_pb.ts";
import { file_kuma_mesh_v1alpha1_mesh_insight } from "./gen/kuma/mesh/v1alpha1/mesh_insight_pb.ts";
import { file_kuma_mesh_v1alpha1_mesh } from "./gen/kuma/mesh/v1alpha1/mesh_pb.ts";
import { file_kuma_mesh_v1alpha1_overview } from "./gen/kuma/mesh/v1alpha1/overview_pb.ts";
import { file_kuma_mesh_v1alpha1_selector } from "./gen/kuma/mesh/v1alpha1/selector_pb.ts";
import { file_kuma_mesh_v1alpha1_zone_proxy } from "./gen/kuma/mesh/v1alpha1/zone_proxy_pb.ts";
import { file_kuma_system_v1alpha1_secret } from "./gen/kuma/system/v1alpha1/secret_pb.ts";
import { file_kuma_system_v1alpha1_zone } from "./gen/kuma/system/v1alpha1/zone_pb.ts";

export const registry: Registry = new TypeRegistry([
  file_envoy_config_core_v3_base,
  file_envoy_service_discovery_v3_discovery,
  file_google_rpc_status,
  file_kuma_mesh_v1alpha1_dataplane,
  file_kuma_mesh_v1alpha1_dataplane_insight,
  file_kuma_mesh_v1alpha1_external_service,
  file_kuma_mesh_v1alpha1_gateway,
  file_kuma_mesh_v1alpha1_kds,
  file_kuma_mesh_v1alpha1_legacy_observe,
  file_kuma_mesh_v1alpha1_legacy_traffic,
  file_kuma_mesh_v1alpha1_mesh,
  file_kuma_mesh_v1alpha1_mesh_insight,
  file_kuma_mesh_v1alpha1_overview,
  file_kuma_mesh_v1alpha1_selector,
  file_kuma_mesh_v1alpha1_zone_proxy,
  file_kuma_system_v1alpha1_secret,
  file_kuma_system_v1alpha1_zone,
]);

export function messageByName(fullName: string): DescMessage | undefined {
  return registry.getMessage(fullName);
}
