/**
 * MeshLoadBalancingStrategy: how requests are shared among endpoints. Which endpoints there are, and in which order of places, is said
 * where endpoint sets are made (packages/topology). Source: kuma v2.14.3: pkg/plugins/policies/meshloadbalancingstrategy.
 */
import { localityAwarenessOf } from "@isthmus/policy";
import type { ClusterLoadAssignmentJson } from "@isthmus/proto/envoy/config/endpoint/v3/endpoint";
import type { JsonObject } from "@isthmus/std";
import type { ChainDraft, ClusterDraft, Draft } from "../draft/draft.ts";
import type { Feature, FeatureContext } from "./feature.ts";
import { hashPolicies } from "./hash-policies.ts";
import { loadBalancer } from "./load-balancers.ts";

const TYPE = "MeshLoadBalancingStrategy";

export const meshLoadBalancingStrategy: Feature = (draft, context) => {
  for (const cluster of draft.clusters) {
    const conf = confOf(cluster, context);
    if (conf !== undefined) configureCluster(cluster, conf, draft);
  }
  for (const { chains } of draft.listeners) {
    for (const chain of chains) configureRoutes(chain, confOf(chain, context), context);
  }
};

function confOf({ role }: ClusterDraft | ChainDraft, { policies }: FeatureContext): JsonObject | undefined {
  if (role.kind === "outbound" || role.kind === "legacyOutbound") return policies.to(TYPE, role);
  return role.kind === "zoneEgress" ? policies.toExternal(TYPE, role.exposure) : undefined;
}

function configureCluster({ name, json }: ClusterDraft, conf: JsonObject, draft: Draft): void {
  const tags = localityAwarenessOf(conf)?.localZone?.affinityTags ?? [];
  if (tags.length > 0) {
    // Weights of localities count only when the cluster says so, and then for all of its localities.
    json.commonLbConfig = { ...json.commonLbConfig, localityWeightedLbConfig: {} };
    for (const endpoints of draft.endpoints) if (endpoints.name === name) weighLocalities(endpoints.json);
  }
  const { cluster, problem } = loadBalancer(conf);
  Object.assign(json, cluster);
  if (problem !== undefined) draft.problems.push(`${name}: ${problem}`);
}

/**
 * Other zones have no weight by policy. Without any a ring or table of Envoy has no place for them, and nobody would take over: they
 * weigh what their endpoints weigh together.
 */
function weighLocalities({ endpoints }: ClusterLoadAssignmentJson): void {
  for (const locality of endpoints ?? []) {
    const weight = (locality.lbEndpoints ?? []).reduce((sum, each) => sum + (each.loadBalancingWeight ?? 1), 0);
    if (weight > 0) locality.loadBalancingWeight ??= weight;
  }
}

function configureRoutes({ end }: ChainDraft, conf: JsonObject | undefined, { policies }: FeatureContext): void {
  if (end.kind !== "http") return;
  for (const host of end.routes.virtualHosts ?? []) {
    for (const route of host.routes ?? []) {
      const own = policies.ofRoute(TYPE, route) ?? conf;
      const hash = own === undefined ? [] : hashPolicies(own);
      if (hash.length > 0 && route.route !== undefined) route.route.hashPolicy = [...hash];
    }
  }
}
