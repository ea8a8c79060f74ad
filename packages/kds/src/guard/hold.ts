/** A hold of the mass-change brake, as operators see it. */

export interface Hold {
  /** `<zone>/<type>/<origin>`; origin is a home zone or `global`. */
  readonly id: string;
  readonly zone: string;
  readonly type: string;
  readonly origin: string;
  readonly reason: string;
  /** Wall clock, ms. */
  readonly since: number;
  /** A bounded, sorted sample of what is kept, `<mesh>/<name>` or `<name>`. */
  readonly keys: readonly string[];
  /** Rows that the source no longer has. */
  readonly wouldDelete: number;
  /** Rows of that type and origin when the hold began. */
  readonly of: number;
  /** `rejected`: an operator decided to keep them; shown, no longer alarming. */
  readonly state: "held" | "rejected";
}

/** The holds of a type changed outside of a batch: the sessions of that zone tell their source. */
export interface HoldsChanged {
  readonly zone: string;
  readonly type: string;
  /** Ids of the open holds of the type. */
  readonly holds: readonly string[];
}
