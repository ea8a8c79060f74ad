/**
 * Rules of a TrafficTrace. Without a backend it uses the default one of its mesh.
 * Source: kuma v2.14.3: pkg/core/resources/apis/mesh/traffic_trace_validator.go.
 */
import type { Resource } from "../resource.ts";
import { type Violation, Violations } from "../violation.ts";
import { ANY_TAG, checkSelectors } from "./selectors.ts";

export function validateTrafficTrace({ spec }: Resource): readonly Violation[] {
  const found = new Violations();
  checkSelectors(spec, "selectors", ANY_TAG, found);
  return found.list;
}
