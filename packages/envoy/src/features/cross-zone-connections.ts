/**
 * An ingress passes bytes on: what a connection through it was led to, it stays with. Connections of clients to other zones therefore
 * end after a while, so that the load of a client spreads over the instances there. A MeshTimeout that speaks of `maxConnectionDuration`
 * has its way.
 */

import type { ClusterLoadAssignmentJson } from "@isthmus/proto/envoy/config/endpoint/v3/endpoint";
import { objectOf } from "@isthmus/resources";
import type { Feature } from "./feature.ts";

const MS_PER_SECOND = 1_000;

export const crossZoneConnections: Feature = (draft, { policies, translation }) => {
  const { settings, world } = translation;
  if (settings.crossZoneConnectionMs === 0) return;
  const remote = new Set(
    draft.endpoints.filter(({ json }) => isRemote(json, world.settings.zone)).map(({ name }) => name),
  );
  for (const cluster of draft.clusters) {
    const { role, http } = cluster;
    if (role.kind !== "outbound" && role.kind !== "legacyOutbound") continue;
    if (http === undefined || !remote.has(cluster.name)) continue;
    if ("maxConnectionDuration" in objectOf(policies.to("MeshTimeout", role) ?? {}, "http")) continue;
    http.commonHttpProtocolOptions = {
      ...http.commonHttpProtocolOptions,
      maxConnectionDuration: `${settings.crossZoneConnectionMs / MS_PER_SECOND}s`,
    };
  }
};

/** Some of them, at whatever priority: what a failover changes is not the cluster. */
function isRemote({ endpoints = [] }: ClusterLoadAssignmentJson, ownZone: string): boolean {
  return endpoints.some(({ locality }) => locality?.zone !== undefined && locality.zone !== ownZone);
}
