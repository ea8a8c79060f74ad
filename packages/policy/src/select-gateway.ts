/**
 * Which MeshGateway describes a builtin gateway proxy.
 * Source: kuma v2.14.3: pkg/plugins/policies/core/matchers/dataplane.go `filterGatewaysByZone`, pkg/core/policy/dataplane_matcher.go.
 */
import { ORIGIN_LABEL, type Resource, ZONE_LABEL } from "@isthmus/resources";
import { isJsonObject } from "@isthmus/std";
import { proxyOf } from "./proxy.ts";
import { compareRank, matchesTags } from "./tag-selector.ts";
import { type StringMap, stringMap } from "./target-ref.ts";

/**
 * The best selector wins: most exact pairs, then most wildcards, then the MeshGateway created last, then the smaller name.
 * Kuma also looks for one for sidecars, whose policies of kind Dataplane are then lost; here only a builtin gateway has one.
 */
export function selectGateway(dataplane: Resource, gateways: readonly Resource[]): Resource | undefined {
  const { gateway, inbounds } = proxyOf(dataplane);
  if (gateway?.kind !== "builtin") return undefined;
  const tagSets = [...inbounds.map((inbound) => inbound.tags), gateway.tags];
  let best: { readonly resource: Resource; readonly selector: StringMap } | undefined;
  for (const resource of gateways.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    if (resource.mesh !== dataplane.mesh || !isOfZone(resource, dataplane)) continue;
    for (const selector of selectorsOf(resource)) {
      if (!tagSets.some((tags) => matchesTags(selector, tags))) continue;
      const rank = best === undefined ? 1 : compareRank(selector, best.selector);
      const isYounger = best !== undefined && resource.creationTime > best.resource.creationTime;
      if (rank > 0 || (rank === 0 && isYounger)) best = { resource, selector };
    }
  }
  return best?.resource;
}

/** What comes from a zone is for the proxies of that zone. */
function isOfZone(gateway: Resource, dataplane: Resource): boolean {
  if (gateway.labels[ORIGIN_LABEL] !== "zone") return (gateway.labels[ORIGIN_LABEL] ?? "global") === "global";
  const zone = dataplane.labels[ZONE_LABEL];
  return zone === undefined || (gateway.labels[ZONE_LABEL] ?? zone) === zone;
}

/** Without selectors, everything. */
function selectorsOf(gateway: Resource): readonly StringMap[] {
  const { selectors } = gateway.spec;
  if (!Array.isArray(selectors) || selectors.length === 0) return [{}];
  return selectors.map((selector) => (isJsonObject(selector) ? (stringMap(selector.match) ?? {}) : {}));
}
