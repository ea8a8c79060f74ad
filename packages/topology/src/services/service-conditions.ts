/** Conditions that only Isthmus writes. They are there as long as there is something to say, so that otherwise a status is Kuma's. */
import type { Service } from "../model/service.ts";
import { type Condition, condition } from "./conditions.ts";

export const PORTS_CONFLICT = "PortsConflict";
export const MALFORMED = "Malformed";

/** Parts of the spec that nothing can be made of. Schemas refuse them, but other control planes may have other schemas. */
export function malformed({ problems }: Service): readonly Condition[] {
  return problems.length === 0 ? [] : [condition(MALFORMED, "True", "PartsIgnored", problems.join("; "))];
}
