/** Rules of a Workload. Source: kuma v2.14.3: pkg/core/resources/apis/workload/api/v1alpha1/validator.go. */
import { displayName } from "../labels.ts";
import { NAME_MAX_BYTES } from "../names.ts";
import type { Resource } from "../resource.ts";
import { type Violation, Violations } from "../violation.ts";
import { checkLength } from "./primitives.ts";

export function validateWorkload(resource: Resource): readonly Violation[] {
  const found = new Violations();
  checkLength(displayName(resource), NAME_MAX_BYTES, "name", found);
  return found.list;
}
