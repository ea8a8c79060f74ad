/**
 * An ingress passes bytes on: what a connection through it was led to, it stays with. Connections of clients to other zones therefore
 * end after a while, so that the load of a client spreads over the instances there. A MeshTimeout that speaks of `maxConnectionDuration`
 * has its way.
 */

import type { ClusterLoadAssignmentJson } from "@isthmus/proto/envoy/config/endpoint/v3/endpoint";
import { objectOf } from "@isthmus/resources";
import type { World } from "@isthmus/topology";
import type { Draft } from "../draft/draft.ts";
import type { OutboundRole } from "../draft/role.ts";
import type { Feature } from "./feature.ts";

const MS_PER_SECOND = 1_000;

export const crossZoneConnections: Feature = (draft, { policies, translation }) => {
  const { settings, world } = translation;
  if (settings.crossZoneConnectionMs === 0) return;
  for (const cluster of draft.clusters) {
    const { role, http } = cluster;
    if (role.kind !== "outbound" && role.kind !== "legacyOutbound") continue;
    if (http === undefined || !mayLeaveZone(cluster.name, role, draft, world)) continue;
    if ("maxConnectionDuration" in objectOf(policies.to("MeshTimeout", role) ?? {}, "http")) continue;
    http.commonHttpProtocolOptions = {
      ...http.commonHttpProtocolOptions,
      maxConnectionDuration: `${settings.crossZoneConnectionMs / MS_PER_SECOND}s`,
    };
  }
};

/** By where a service has instances at all, healthy or not: a cluster that changes loses its connections. */
function mayLeaveZone(cluster: string, role: OutboundRole, draft: Draft, world: World): boolean {
  if (role.kind === "legacyOutbound") {
    const assignment = draft.endpoints.find(({ name }) => name === cluster)?.json;
    return assignment !== undefined && isRemote(assignment, world.settings.zone);
  }
  const { kind, isLocal, members } = role.service;
  if (kind !== "MeshMultiZoneService") return kind === "MeshService" && !isLocal;
  return members !== undefined && world.meshServicesWith(members).some((member) => !member.isLocal);
}

/** Some of them, at whatever priority: what a failover changes is not the cluster. */
function isRemote({ endpoints = [] }: ClusterLoadAssignmentJson, ownZone: string): boolean {
  return endpoints.some(({ locality }) => locality?.zone !== undefined && locality.zone !== ownZone);
}
