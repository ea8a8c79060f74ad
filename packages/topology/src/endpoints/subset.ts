/** Instances of a legacy service that carry certain tags. */
import type { Labels } from "@isthmus/resources";
import { excluded } from "./candidate.ts";
import type { Candidate } from "./endpoint-set.ts";

/** `*` stands for any value, and for none. */
export function withSubset(candidates: readonly Candidate[], subset: Labels): readonly Candidate[] {
  const wanted = Object.entries(subset).filter(([, value]) => value !== "*");
  if (wanted.length === 0) return candidates;
  return candidates.map((candidate) => {
    const { endpoint } = candidate;
    const missing = wanted.find(([key, value]) => endpoint?.tags[key] !== value);
    if (endpoint === undefined || missing === undefined) return candidate;
    const [key, value] = missing;
    const own = endpoint.tags[key];
    const detail = `wanted is ${key}=${value}, it has ${own === undefined ? "no such tag" : `${key}=${own}`}`;
    return excluded(candidate, "subsetMismatch", detail);
  });
}
