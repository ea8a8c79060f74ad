/**
 * The few types that KDS itself treats differently. Everything else follows from the descriptor, so that a new type
 * needs no entry here. Source: kuma v2.14.3: pkg/kds/context/context.go.
 */
import type { Resource } from "@isthmus/resources";
import { isJsonObject, type JsonObject, type JsonValue } from "@isthmus/std";
import { FEATURE_HG_MZ_SELECTOR, type FeatureSet } from "./features.ts";
import { publicKeyOf } from "./zone-token-key.ts";

export interface TypeRule {
  /**
   * Towards zones: `always` and `never` are final, undefined leaves the decision to the flow of the type. A label
   * `kuma.io/kds-sync: disabled` wins over all.
   */
  readonly decideTowardsZones?: (resource: Resource) => "always" | "never" | undefined;
  /** Node features that a zone needs for this resource. */
  readonly requiredFeatures?: (resource: Resource) => FeatureSet;
  readonly renameTowardsZones?: (name: string) => string;
  /** May throw: the resource is then left out and reported. */
  readonly mapSpecTowardsZones?: (resource: Resource) => JsonObject;
  readonly mapSpecTowardsGlobal?: (resource: Resource) => JsonObject;
}

const CLUSTER_ID_CONFIG = "kuma-cluster-id";
const PRIVATE_GLOBAL_SECRETS: ReadonlySet<string> = new Set([
  "envoy-admin-ca",
  "admin-user-token",
  "inter-cp-ca",
  "user-token-revocations",
]);
const USER_TOKEN_SIGNING_KEY = "user-token-signing-key";
const ZONE_TOKEN_SIGNING_KEY = "zone-token-signing-key";
const ZONE_TOKEN_SIGNING_PUBLIC_KEY = "zone-token-signing-public-key";

const NO_RULE: TypeRule = {};
const INSIGHT: TypeRule = { mapSpecTowardsGlobal: (resource) => withoutGenerations(resource.spec) };

const RULES: ReadonlyMap<string, TypeRule> = new Map<string, TypeRule>([
  ["Config", { decideTowardsZones: (resource) => (resource.name === CLUSTER_ID_CONFIG ? "always" : "never") }],
  [
    "GlobalSecret",
    {
      decideTowardsZones: ({ name }) =>
        PRIVATE_GLOBAL_SECRETS.has(name) || name.startsWith(USER_TOKEN_SIGNING_KEY) ? "never" : undefined,
      renameTowardsZones: (name) =>
        name.startsWith(ZONE_TOKEN_SIGNING_KEY)
          ? name.replaceAll(ZONE_TOKEN_SIGNING_KEY, ZONE_TOKEN_SIGNING_PUBLIC_KEY)
          : name,
      mapSpecTowardsZones: (resource) =>
        resource.name.startsWith(ZONE_TOKEN_SIGNING_KEY) ? publicSecret(resource.spec) : resource.spec,
    },
  ],
  [
    "HostnameGenerator",
    {
      requiredFeatures: ({ spec }) =>
        isJsonObject(spec.selector) && spec.selector.meshMultiZoneService !== undefined ? FEATURE_HG_MZ_SELECTOR : 0,
    },
  ],
  ["DataplaneInsight", INSIGHT],
  ["ZoneIngressInsight", INSIGHT],
  ["ZoneEgressInsight", INSIGHT],
]);

export function typeRule(type: string): TypeRule {
  return RULES.get(type) ?? NO_RULE;
}

/** Zones verify zone tokens but must not issue them. */
function publicSecret(spec: JsonObject): JsonObject {
  if (typeof spec.data !== "string") throw new Error("the signing key has no data");
  const pem = publicKeyOf(Buffer.from(spec.data, "base64").toString("utf8"));
  return { ...spec, data: Buffer.from(pem, "utf8").toString("base64") };
}

/** Generations count flushes of the local control plane; with them every flush would be a change. */
function withoutGenerations(spec: JsonObject): JsonObject {
  if (!Array.isArray(spec.subscriptions)) return spec;
  const subscriptions = spec.subscriptions as readonly JsonValue[];
  if (!subscriptions.some(hasGeneration)) return spec;
  return {
    ...spec,
    subscriptions: subscriptions.map((subscription) => {
      if (!hasGeneration(subscription)) return subscription;
      const { generation: _, ...rest } = subscription;
      return rest;
    }),
  };
}

function hasGeneration(subscription: JsonValue): subscription is JsonObject {
  return isJsonObject(subscription) && subscription.generation !== undefined;
}
