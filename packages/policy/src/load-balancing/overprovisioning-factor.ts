/**
 * When Envoy begins to use the next priority: while healthy share x factor / 100 is below 100 %.
 * Source: kuma v2.14.3: pkg/plugins/policies/meshloadbalancingstrategy/plugin/v1alpha1/plugin.go `overprovisioningFactor`.
 */
import type { CrossZone } from "./locality-awareness.ts";

/** Below half of the instances. */
const DEFAULT_FACTOR = 200;
/** Envoy's field is a uint32. */
const MAX_FACTOR = 2 ** 32 - 1;

/**
 * Kuma divides in whole numbers, so that every threshold above 50 % gives 100: traffic spills over at the first loss. A
 * percentage beyond its range, which no validated policy has, would give a factor that Envoy refuses; it is kept in range.
 */
export function overprovisioningFactor(crossZone: CrossZone | undefined): number {
  const percentage = crossZone?.failoverThreshold?.percentage ?? 0;
  if (!(percentage > 0)) return DEFAULT_FACTOR;
  return Math.min(Math.max(Math.floor(100 / percentage), 1) * 100, MAX_FACTOR);
}
