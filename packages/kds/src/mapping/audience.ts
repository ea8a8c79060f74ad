/** Who is entitled to a resource. Values are interned: equal audiences are the same object. */
import { type FeatureSet, hasFeatures } from "./features.ts";

export type Audience =
  | { readonly kind: "none" }
  | { readonly kind: "all"; readonly requires: FeatureSet }
  /** Every zone but the home of the resource. */
  | { readonly kind: "others"; readonly home: string; readonly requires: FeatureSet }
  | { readonly kind: "onlyZone"; readonly zone: string; readonly requires: FeatureSet };

/** Who receives. Towards the global `zone` is the zone's own name, and audiences are `all` or `none`. */
export interface Recipient {
  readonly zone: string;
  readonly features: FeatureSet;
}

export const NOBODY: Audience = { kind: "none" };
export const EVERYBODY: Audience = { kind: "all", requires: 0 };

/** Number of zones x feature combinations, so it cannot grow with resources. */
const interned = new Map<string, Audience>();

export function toAll(requires: FeatureSet): Audience {
  return requires === 0 ? EVERYBODY : intern({ kind: "all", requires }, `all/${requires}`);
}

export function toOthers(home: string, requires: FeatureSet): Audience {
  return intern({ kind: "others", home, requires }, `others/${requires}/${home}`);
}

export function toOnlyZone(zone: string, requires: FeatureSet): Audience {
  return intern({ kind: "onlyZone", zone, requires }, `onlyZone/${requires}/${zone}`);
}

export function isEntitled(audience: Audience, recipient: Recipient): boolean {
  switch (audience.kind) {
    case "none":
      return false;
    case "all":
      return hasFeatures(recipient.features, audience.requires);
    case "others":
      return audience.home !== recipient.zone && hasFeatures(recipient.features, audience.requires);
    case "onlyZone":
      return audience.zone === recipient.zone && hasFeatures(recipient.features, audience.requires);
  }
}

function intern(audience: Audience, key: string): Audience {
  const known = interned.get(key);
  if (known !== undefined) return known;
  interned.set(key, audience);
  return audience;
}
