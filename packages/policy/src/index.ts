export { type Backend, backendOf, type LegacyBackend, type ResourceBackend } from "./backend-ref.ts";
export type { Coverage } from "./covers-destination.ts";
export {
  type Destination,
  type DestinationPort,
  destinationOf,
  type LegacyDestination,
  legacyDestination,
  meshDestination,
  type ResourceDestination,
} from "./destination.ts";
export { egressFromRules, egressToRules } from "./egress-policies.ts";
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
export {
  describePolicy,
  type Policy,
  type PolicyItem,
  policyOf,
  type RuleItem,
  type TargetItem,
} from "./policy.ts";
export { type PolicyKind, policyKinds } from "./policy-kind.ts";
export { type PolicyEntry, sortPolicies, type ToEntry } from "./policy-order.ts";
export {
  type GatewayDefinition,
  type PolicyProxy,
  type ProxyGateway,
  type ProxyInbound,
  type ProxySection,
  proxyOf,
  tagValues,
} from "./proxy.ts";
export { type ResourceRule, resourceRules } from "./resource-rules.ts";
export { type HttpRoute, type HttpRouteRule, httpRouteRules, httpRoutesInOrder } from "./routes/http-routes.ts";
export { matchesHash } from "./routes/matches-hash.ts";
export { type InboundMatch, inboundMatchJson, inboundMatchOf, type TextMatch } from "./rules/inbound-match.ts";
export { type InboundOptions, type InboundRule, inboundConf, inboundRules } from "./rules/inbound-rules.ts";
export { type ProxyConf, proxyConf } from "./rules/proxy-conf.ts";
export { selectGateway } from "./select-gateway.ts";
export { fromRules, type SubsetRules } from "./subsets/from-rules.ts";
export { containsTags, type Subset, type SubsetTag } from "./subsets/subset.ts";
export { originsOf, ruleForTags, type SubsetRule } from "./subsets/subset-rules.ts";
export { ROUTE_TAG, toRules } from "./subsets/to-rules.ts";
export { matchesTags } from "./tag-selector.ts";
export { TargetIndex } from "./target-index.ts";
export type { TargetRef } from "./target-ref.ts";
export { contributors, decidedBy, type ToConf, toConf, toEntries } from "./to-conf.ts";
