/**
 * A group of clients or destinations, described by tags that it has and tags that it does not have.
 * Source: kuma v2.14.3: pkg/plugins/policies/core/rules/subsetutils/subset.go.
 */
import { SERVICE_TAG } from "../match-policy.ts";
import type { StringMap, TargetRef } from "../target-ref.ts";

/** Sorted by key; empty: everything. */
export type Subset = readonly SubsetTag[];

export interface SubsetTag {
  readonly key: string;
  readonly value: string;
  /** All values but this one, and none. */
  readonly not: boolean;
}

/** The tags that a targetRef of an older kind asks for; undefined for kinds that are resources only. */
export function tagsOfTargetRef({ kind, name, tags }: TargetRef): readonly (readonly [string, string])[] | undefined {
  switch (kind) {
    case "Mesh":
      return [];
    case "MeshSubset":
      return Object.entries(tags);
    case "MeshService":
      return [[SERVICE_TAG, name]];
    case "MeshServiceSubset":
      return [[SERVICE_TAG, name], ...Object.entries(tags)];
    default:
      return undefined;
  }
}

/** Whether something with these tags belongs to the group. What has no tags at all belongs only to the group of everything. */
export function containsTags(subset: Subset, tags: StringMap): boolean {
  if (subset.length === 0) return true;
  if (Object.keys(tags).length === 0) return false;
  return subset.every(({ key, value, not }) => (Object.hasOwn(tags, key) ? (tags[key] === value) !== not : not));
}
