/** Rules of a TrafficPermission. Source: kuma v2.14.3: pkg/core/resources/apis/mesh/traffic_permission_validator.go. */
import type { Resource } from "../resource.ts";
import { type Violation, Violations } from "../violation.ts";
import { ANY_TAG, checkSelectors } from "./selectors.ts";

export function validateTrafficPermission({ spec }: Resource): readonly Violation[] {
  const found = new Violations();
  checkSelectors(spec, "sources", ANY_TAG, found);
  checkSelectors(spec, "destinations", ANY_TAG, found);
  return found.list;
}
