/** The six calls of KDS. Source: kuma v2.14.3: api/mesh/v1alpha1/kds.proto. */
import type { KdsStreamKind } from "./kds-events.ts";

const SYNC_SERVICE = "/kuma.mesh.v1alpha1.KDSSyncService";
const GLOBAL_SERVICE = "/kuma.mesh.v1alpha1.GlobalKDSService";

export const KDS_PATHS: { readonly [K in KdsStreamKind]: string } = {
  GlobalToZoneSync: `${SYNC_SERVICE}/GlobalToZoneSync`,
  ZoneToGlobalSync: `${SYNC_SERVICE}/ZoneToGlobalSync`,
  StreamXDSConfigs: `${GLOBAL_SERVICE}/StreamXDSConfigs`,
  StreamStats: `${GLOBAL_SERVICE}/StreamStats`,
  StreamClusters: `${GLOBAL_SERVICE}/StreamClusters`,
  HealthCheck: `${GLOBAL_SERVICE}/HealthCheck`,
};

export type SyncStreamKind = "GlobalToZoneSync" | "ZoneToGlobalSync";
export type AdminStreamKind = "StreamXDSConfigs" | "StreamStats" | "StreamClusters";

export const SYNC_STREAMS: readonly SyncStreamKind[] = ["GlobalToZoneSync", "ZoneToGlobalSync"];
export const ADMIN_STREAMS: readonly AdminStreamKind[] = ["StreamXDSConfigs", "StreamStats", "StreamClusters"];
