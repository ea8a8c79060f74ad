/** Who is entitled to a resource. Values are interned: equal audiences are the same object. */

/** Bits of what a peer's node announced. */
export type FeatureSet = number;

export type Audience =
  | { readonly kind: "none" }
  | { readonly kind: "all"; readonly requires: FeatureSet }
  /** Every zone but the home of the resource. */
  | { readonly kind: "others"; readonly home: string; readonly requires: FeatureSet }
  | { readonly kind: "onlyZone"; readonly zone: string; readonly requires: FeatureSet };

/** Who receives: the zone (for a zone's sender: itself, audiences towards the global are `all` or `none`). */
export interface Recipient {
  readonly zone: string;
  readonly features: FeatureSet;
}

export declare function isEntitled(audience: Audience, recipient: Recipient): boolean;
