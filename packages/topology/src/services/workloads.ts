/**
 * Workloads of Universal zones: one per label `kuma.io/workload` of a Dataplane, with counts of its proxies.
 * Source: kuma v2.14.3: pkg/core/resources/apis/workload/generate/generator.go, .../workload/status/updater.go. Unlike Kuma's, the
 * generator deletes only what it made: one that a user wrote stays.
 */
import {
  displayName,
  dns1035LabelErrors,
  ENV_LABEL,
  isLocallyOriginated,
  MANAGED_BY_LABEL,
  MESH_LABEL,
  type Resource,
  WORKLOAD_LABEL,
  ZONE_LABEL,
} from "@isthmus/resources";
import { type JsonObject, jsonEquals } from "@isthmus/std";
import type { Proxy } from "../model/proxy.ts";
import type { World } from "../world/world.ts";
import type { ProxyCounts } from "./mesh-service-facts.ts";
import type { ServiceDraft } from "./plan-mesh-services.ts";

export const WORKLOAD_GENERATOR = "workload-generator";

export type WorkloadPlan =
  | { readonly kind: "keep" }
  | { readonly kind: "put"; readonly resource: ServiceDraft }
  | { readonly kind: "delete"; readonly resource: Resource };

const TYPE = "Workload";

/** The workload that a Dataplane belongs to. A label that cannot be a name stands for none. */
export function workloadOf({ labels }: Pick<Proxy, "labels">): string | undefined {
  const name = labels[WORKLOAD_LABEL] ?? "";
  return dns1035LabelErrors(name).length === 0 ? name : undefined;
}

/** All Workloads of all meshes, by mesh and name. */
export function planWorkloads(world: World): readonly WorkloadPlan[] {
  return world.meshes().flatMap(({ name: mesh }) => {
    const existing = new Map(world.all(TYPE, mesh).map((resource) => [resource.name, resource]));
    const wanted = world.proxies(mesh).flatMap((proxy) => workloadOf(proxy) ?? []);
    const names = [...new Set([...existing.keys(), ...wanted])].sort();
    return names.map((name) => planWorkload(world, mesh, name, existing.get(name)));
  });
}

export function planWorkload(world: World, mesh: string, name: string, existing: Resource | undefined): WorkloadPlan {
  const isWanted = world.proxiesOfWorkload(mesh, name).some((proxy) => workloadOf(proxy) === name);
  if (existing !== undefined) {
    const isOurs =
      existing.labels[MANAGED_BY_LABEL] === WORKLOAD_GENERATOR && isLocallyOriginated("zone", existing.labels);
    return isWanted || !isOurs ? { kind: "keep" } : { kind: "delete", resource: existing };
  }
  if (!isWanted) return { kind: "keep" };
  const labels = {
    [MESH_LABEL]: mesh,
    [MANAGED_BY_LABEL]: WORKLOAD_GENERATOR,
    [ENV_LABEL]: "universal",
    [ZONE_LABEL]: world.settings.zone,
  };
  const owner = { type: "Mesh", mesh: "", name: mesh };
  return { kind: "put", resource: { type: TYPE, mesh, name, labels, spec: {}, status: statusOf(NONE), owner } };
}

/** undefined for a Workload of another zone. */
export function workloadCounts(world: World, workload: Resource): ProxyCounts | undefined {
  if (!isLocallyOriginated("zone", workload.labels)) return undefined;
  const proxies = world.proxiesOfWorkload(workload.mesh, displayName(workload));
  return {
    connected: proxies.filter(({ mesh, name }) => world.insight(mesh, name)?.isOnline === true).length,
    healthy: proxies.filter(({ inbounds }) => inbounds.some((inbound) => inbound.isHealthy)).length,
    total: proxies.length,
  };
}

/** The resource with these counts: the same object when it has them already. */
export function withWorkloadCounts<R extends Pick<Resource, "status">>(resource: R, counts: ProxyCounts): R {
  const status = { ...resource.status, ...statusOf(counts) };
  return jsonEquals(status, resource.status) ? resource : { ...resource, status };
}

const NONE: ProxyCounts = { connected: 0, healthy: 0, total: 0 };

function statusOf({ connected, healthy, total }: ProxyCounts): JsonObject {
  return { dataplaneProxies: { connected, healthy, total } };
}
