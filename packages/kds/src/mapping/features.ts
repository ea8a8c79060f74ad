/**
 * What a node announces in `metadata.features` of its first request, as bits. Not to be mixed up with the gRPC header
 * `features`, which has a list of its own. Source: kuma v2.14.3: pkg/kds/features.go, pkg/kds/v2/client/stream.go.
 */

/** Bits of what a peer's node announced. */
export type FeatureSet = number;

export const FEATURE_ZONE_TOKEN = 1;
/** Names towards this node carry the hash suffix. */
export const FEATURE_HASH_SUFFIX = 2;
/** Understands HostnameGenerators that select MeshMultiZoneServices. */
export const FEATURE_HG_MZ_SELECTOR = 4;
/** Takes producer policies of other zones. */
export const FEATURE_PRODUCER_POLICY_FLOW = 8;
/** Understands policies without a top-level targetRef. */
export const FEATURE_OPTIONAL_TOP_LEVEL_TARGET_REF = 16;

/** In the order in which Kuma sends them. */
const BIT_BY_NAME: ReadonlyMap<string, FeatureSet> = new Map([
  ["zone-token", FEATURE_ZONE_TOKEN],
  ["hash-suffix", FEATURE_HASH_SUFFIX],
  ["hg-mz-selector", FEATURE_HG_MZ_SELECTOR],
  ["producer-policy-flow", FEATURE_PRODUCER_POLICY_FLOW],
  ["optional-top-level-target-ref", FEATURE_OPTIONAL_TOP_LEVEL_TARGET_REF],
]);

/** What our own nodes announce: all five, as Kuma 2.14.3 does. */
export const NODE_FEATURES: readonly string[] = [...BIT_BY_NAME.keys()];

export const ALL_FEATURES: FeatureSet = featureSetOf(NODE_FEATURES);

/** Unknown names are ignored: a newer peer may announce more. */
export function featureSetOf(names: Iterable<string>): FeatureSet {
  let bits = 0;
  for (const name of names) bits |= BIT_BY_NAME.get(name) ?? 0;
  return bits;
}

export function hasFeatures(features: FeatureSet, required: FeatureSet): boolean {
  return (features & required) === required;
}

/** gRPC header `features` of a Kuma zone, sent as two header fields. */
export const HEADER_FEATURE_PING_HEALTH = "zone-ping-health";
export const HEADER_FEATURE_HASH_SUFFIX = "hash-suffix";

/** Header `isthmus-features`, a comma list: what only Isthmus peers tell each other. */
export const EXTENSION_INTENT = "intent";
export const EXTENSION_HOLDS = "holds";
