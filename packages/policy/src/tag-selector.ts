/** Selection by tags and by labels. Source: kuma v2.14.3: api/mesh/v1alpha1/dataplane_helpers.go `TagSelector`. */
import type { StringMap } from "./target-ref.ts";

const ANY_VALUE = "*";

/** Every pair of the selector is among the tags; `*` asks for the tag with any value. */
export function matchesTags(selector: StringMap, tags: StringMap): boolean {
  return Object.entries(selector).every(
    ([tag, value]) => Object.hasOwn(tags, tag) && (value === ANY_VALUE || tags[tag] === value),
  );
}

/** Every pair of the selector is among the labels; there is no wildcard. */
export function hasLabels(selector: StringMap, labels: StringMap): boolean {
  return Object.entries(selector).every(([label, value]) => Object.hasOwn(labels, label) && labels[label] === value);
}

/** How closely a selector describes what it selects: exact pairs first, then wildcards. */
export function compareRank(a: StringMap, b: StringMap): number {
  return exactPairs(a) - exactPairs(b) || Object.keys(a).length - Object.keys(b).length;
}

function exactPairs(selector: StringMap): number {
  return Object.values(selector).filter((value) => value !== ANY_VALUE).length;
}
