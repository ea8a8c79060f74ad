/**
 * Which endpoint of a service gets a request: algorithm, hashes, and how near it is to be.
 * Source: kuma v2.14.3: pkg/plugins/policies/meshloadbalancingstrategy/api/v1alpha1.
 */
import { definePolicy } from "../define-type.ts";
import type { IntegerSchema, StringSchema } from "../schema.ts";
import { policySpec, targetItems } from "../schemas/policy-spec.ts";
import {
  arrayOf,
  duration,
  flag,
  intOrString,
  object,
  oneOf,
  optional,
  required,
  requiredObject,
  text,
  uint32,
} from "../schemas/shape.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";
import {
  meshLoadBalancingStrategyDeprecations,
  validateMeshLoadBalancingStrategy,
} from "../validate/mesh-load-balancing-strategy.ts";

const filledText: StringSchema = { kind: "string", minLength: 1 };
const named = object({ name: required(filledText) });

const between = (minimum: number, maximum: number): IntegerSchema => ({ ...uint32, minimum, maximum });
const ringSize = optional(between(1, 8_000_000));

const hashPolicy = object({
  type: required(oneOf(["Header", "Cookie", "Connection", "SourceIP", "QueryParameter", "FilterState"])),
  terminal: optional(flag),
  header: optional(named),
  cookie: optional(object({ name: required(filledText), ttl: optional(duration), path: optional(text) })),
  connection: optional(object({ sourceIP: optional(flag) })),
  queryParameter: optional(named),
  filterState: optional(object({ key: required(filledText) })),
});
const hashPolicies = optional(arrayOf(hashPolicy));

const loadBalancer = object({
  type: required(oneOf(["RoundRobin", "LeastRequest", "RingHash", "Random", "Maglev"])),
  roundRobin: optional(object({})),
  leastRequest: optional(
    object({ choiceCount: optional({ ...uint32, minimum: 2 }), activeRequestBias: optional(intOrString) }),
  ),
  ringHash: optional(
    object({
      hashFunction: optional(oneOf(["XXHash", "MurmurHash2"])),
      minRingSize: ringSize,
      maxRingSize: ringSize,
      hashPolicies,
    }),
  ),
  random: optional(object({})),
  maglev: optional(object({ tableSize: optional(between(1, 5_000_011)), hashPolicies })),
});

const failover = object({
  from: optional(object({ zones: required(arrayOf(text)) })),
  to: requiredObject(
    object({ type: required(oneOf(["None", "Only", "Any", "AnyExcept"])), zones: optional(arrayOf(text)) }),
  ),
});

const localityAwareness = object({
  disabled: optional(flag),
  localZone: optional(
    object({ affinityTags: optional(arrayOf(object({ key: required(text), weight: optional(uint32) }))) }),
  ),
  crossZone: optional(
    object({
      failover: optional(arrayOf(failover)),
      failoverThreshold: optional(object({ percentage: required(intOrString) })),
    }),
  ),
});

export const descriptor: TypeDescriptor = definePolicy({
  name: "MeshLoadBalancingStrategy",
  shortName: "mlbs",
  to: true,
  spec: policySpec({
    to: targetItems(
      object({
        localityAwareness: optional(localityAwareness),
        loadBalancer: optional(loadBalancer),
        hashPolicies,
      }),
    ),
  }),
  validate: validateMeshLoadBalancingStrategy,
  deprecations: meshLoadBalancingStrategyDeprecations,
});
