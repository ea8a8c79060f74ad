/**
 * Instances of the own zone that share a tag with the client: the more particular the tag, the more traffic.
 * Source: kuma v2.14.3: pkg/plugins/policies/meshloadbalancingstrategy/plugin/v1alpha1/priority.go, locality_aware.go.
 */
import type { Labels } from "@isthmus/resources";
import type { LocalZone } from "./locality-awareness.ts";

export interface AffinityGroup {
  readonly key: string;
  readonly value: string;
  readonly weight: number;
}

const MAX_WEIGHT = 2 ** 32 - 1;

/**
 * One group for each affinity tag of which the client has a value. Without weights each tag takes 90 % of what is left:
 * 9 x 10^(tags after it). A tag of an inbound goes before a label; of several values the first in order counts.
 */
export function affinityGroups(
  localZone: LocalZone | undefined,
  tags: Readonly<Record<string, readonly string[]>>,
  labels: Labels,
): readonly AffinityGroup[] {
  const affinityTags = localZone?.affinityTags ?? [];
  return affinityTags.flatMap(({ key, weight }, index) => {
    const value = firstValue(tags, key) ?? own(labels, key);
    if (value === undefined) return [];
    const ownShare = Math.min(9 * 10 ** (affinityTags.length - index - 1), MAX_WEIGHT);
    return [{ key, value, weight: weight ?? ownShare }];
  });
}

/** The first group wins; an endpoint's tag hides its label of the same key. */
export function groupOf(
  groups: readonly AffinityGroup[],
  endpoint: { readonly tags: Labels; readonly labels: Labels },
): AffinityGroup | undefined {
  return groups.find(({ key, value }) => (own(endpoint.tags, key) ?? own(endpoint.labels, key)) === value);
}

function firstValue(tags: Readonly<Record<string, readonly string[]>>, key: string): string | undefined {
  return Object.hasOwn(tags, key) ? tags[key]?.toSorted()[0] : undefined;
}

function own(record: Labels, key: string): string | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
