/**
 * Which Dataplanes a policy or a service is about.
 * Source: kuma v2.14.3: pkg/api-server/resource_endpoints.go `matchingDataplanesForPolicy`,
 * pkg/core/resources/apis/meshservice/meshservice.go.
 */
import { matchesTags, matchPolicy, type Policy, type PolicyProxy } from "@isthmus/policy";
import { labelsOf, messageOf, objectOf, objectsOf, type Resource, textOf } from "@isthmus/resources";

type Tags = Readonly<Record<string, string>>;

export function isSelectedByPolicy(policy: Policy, proxy: PolicyProxy, routes: readonly Policy[]): boolean {
  return matchPolicy(policy, proxy, routes).matched;
}

/** Policies of the time before targetRef select sources, destinations or proxies by tags. */
export function isSelectedByTags({ spec }: Resource, proxy: PolicyProxy): boolean {
  return ["selectors", "sources", "destinations"]
    .flatMap((list) => objectsOf(spec, list))
    .some((selector) => hasTags(proxy, labelsOf(selector, "match")));
}

/** By the one of its selectors that counts; whether the instances are healthy does not matter. */
export function isMemberOf({ spec }: Resource, proxy: PolicyProxy): boolean {
  const selector = objectOf(spec, "selector");
  const ref = messageOf(selector, "dataplaneRef");
  if (ref !== undefined) return textOf(ref, "name") === proxy.dataplane.name;
  if (messageOf(selector, "dataplaneTags") !== undefined) return hasTags(proxy, labelsOf(selector, "dataplaneTags"));
  const labels = messageOf(selector, "dataplaneLabels");
  if (labels === undefined) return false;
  const own = proxy.dataplane.labels;
  return Object.entries(labelsOf(labels, "matchLabels")).every(([key, value]) => own[key] === value);
}

/** One inbound, or the gateway, carries all of them. */
function hasTags({ inbounds, gateway }: PolicyProxy, wanted: Tags): boolean {
  return inbounds.some(({ tags }) => matchesTags(wanted, tags)) || matchesTags(wanted, gateway?.tags ?? {});
}
