export type { Coverage } from "./covers-destination.ts";
export {
  type Destination,
  destinationOf,
  type LegacyDestination,
  legacyDestination,
  type ResourceDestination,
} from "./destination.ts";
export { type LocalityAwareness, localityAwarenessOf } from "./load-balancing/locality-awareness.ts";
export {
  type LocalityClient,
  type LocalityEndpoint,
  type LocalityPlan,
  type LocalityTarget,
  localityPlan,
  type Placement,
} from "./load-balancing/locality-plan.ts";
export { matchPolicy, type PolicyMatch, type SelectedListener, type Selection } from "./match-policy.ts";
export { mergeConfs } from "./merge-confs.ts";
export { type MatchedPolicy, type MatchOptions, type ProxyPolicies, policiesFor } from "./policies-for.ts";
export { describePolicy, type Policy, policyOf, type ToItem } from "./policy.ts";
export type { ToEntry } from "./policy-order.ts";
export { type PolicyProxy, type ProxySection, proxyOf, tagValues } from "./proxy.ts";
export { selectGateway } from "./select-gateway.ts";
export type { TargetRef } from "./target-ref.ts";
export { contributors, decidedBy, type ToConf, toConf, toEntries } from "./to-conf.ts";
