/**
 * Which stored resources compete for one wire name. Nearly always there is one; two can meet when one of them carries
 * the display name, zone and namespace of the other. Kuma sends whichever its map iteration ends with; here it is the
 * first in order among those that anyone may have, and the others are reported.
 */
import { keyOf, type ResourceKey } from "@isthmus/resources";

export class NameClaims {
  /** Only names with two claimants or more. */
  readonly #contested = new Map<string, readonly ResourceKey[]>();

  /** `holder` is the claimant known so far. Returns all claimants in order. */
  add(wireName: string, holder: ResourceKey | undefined, claimant: ResourceKey): readonly ResourceKey[] {
    const known = this.#contested.get(wireName) ?? (holder === undefined ? [] : [holder]);
    if (known.some((key) => isSameKey(key, claimant))) return known;
    const claimants = [...known, claimant].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
    if (claimants.length > 1) this.#contested.set(wireName, claimants);
    return claimants;
  }

  /** Returns who is left, in order. */
  remove(wireName: string, holder: ResourceKey | undefined, claimant: ResourceKey): readonly ResourceKey[] {
    const known = this.#contested.get(wireName) ?? (holder === undefined ? [] : [holder]);
    const rest = known.filter((key) => !isSameKey(key, claimant));
    if (rest.length > 1) this.#contested.set(wireName, rest);
    else this.#contested.delete(wireName);
    return rest;
  }

  claimants(wireName: string, holder: ResourceKey): readonly ResourceKey[] {
    return this.#contested.get(wireName) ?? [holder];
  }
}

function isSameKey(a: ResourceKey, b: ResourceKey): boolean {
  return a.name === b.name && a.mesh === b.mesh;
}
