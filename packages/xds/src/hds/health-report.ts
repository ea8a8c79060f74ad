/**
 * What a report makes of a Dataplane. An inbound is ready when Envoy itself is, and its application where that is checked.
 * Source: kuma v2.14.3: pkg/hds/tracker/callbacks.go (updateDataplane).
 */
import { enumOf, objectOf, objectsOf } from "@isthmus/resources";
import type { JsonObject, JsonValue } from "@isthmus/std";
import { applicationCluster, ENVOY_ADMIN_CLUSTERS, workloadOf } from "./health-checks.ts";
import type { ClusterHealth } from "./health-wire.ts";

/** Undefined: nothing changes. An inbound that an operator set to `Ignored` stays so, and one of which nothing is known yet. */
export function withHealth(spec: JsonObject, report: readonly ClusterHealth[]): JsonObject | undefined {
  const healthOf = new Map(report.map((each) => [each.cluster, each.isHealthy]));
  return withReadiness(spec, (networking, inbound) => {
    const { port } = workloadOf(networking, inbound);
    const checked = [...ENVOY_ADMIN_CLUSTERS, applicationCluster(port)].filter((cluster) => healthOf.has(cluster));
    return allOf(checked.map((cluster) => healthOf.get(cluster)));
  });
}

/** `isReadyOf`: undefined where an inbound stays as it is. Undefined: nothing changes. `Ignored` stays so. */
export function withReadiness(
  spec: JsonObject,
  isReadyOf: (networking: JsonObject, inbound: JsonObject) => boolean | undefined,
): JsonObject | undefined {
  const networking = objectOf(spec, "networking");
  let isChanged = false;
  const inbounds = objectsOf(networking, "inbound").map((inbound): JsonValue => {
    const isReady = isReadyOf(networking, inbound);
    const state = enumOf(inbound, "state", ["Ready", "NotReady", "Ignored"]);
    if (state === "Ignored" || isReady === undefined || (state === "Ready") === isReady) return inbound;
    isChanged = true;
    return withState(inbound, isReady);
  });
  return isChanged ? { ...spec, networking: { ...networking, inbound: inbounds } } : undefined;
}

function allOf(known: readonly (boolean | undefined)[]): boolean | undefined {
  if (known.includes(false)) return false;
  return known.includes(undefined) ? undefined : true;
}

/** `health` for control planes before 2.6. The zero value of an enum is not written, as proto3 JSON has it. */
function withState(inbound: JsonObject, isReady: boolean): JsonObject {
  const { state: _, ...rest } = inbound;
  return isReady ? { ...rest, health: { ready: true } } : { ...rest, state: "NotReady", health: {} };
}
