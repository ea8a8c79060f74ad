/**
 * Rules of a TrafficLog. Without a backend it uses the default one of its mesh.
 * Source: kuma v2.14.3: pkg/core/resources/apis/mesh/traffic_log_validator.go.
 */
import type { Resource } from "../resource.ts";
import { type Violation, Violations } from "../violation.ts";
import { checkServices } from "./selectors.ts";

export function validateTrafficLog({ spec }: Resource): readonly Violation[] {
  const found = new Violations();
  checkServices(spec, found);
  return found.list;
}
