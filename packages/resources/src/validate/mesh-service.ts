/** Rules of a MeshService. Source: kuma v2.14.3: pkg/core/resources/apis/meshservice/api/v1alpha1/validator.go. */
import { displayName } from "../labels.ts";
import type { Resource } from "../resource.ts";
import { type Violation, Violations } from "../violation.ts";
import { messageAt, objectAt } from "./json-access.ts";
import { checkLength } from "./primitives.ts";

/** The name becomes a label of host names. */
export const SERVICE_NAME_MAX_BYTES = 63;
const SELECTORS = ["dataplaneTags", "dataplaneRef", "dataplaneLabels"] as const;

export function validateMeshService(resource: Resource): readonly Violation[] {
  const found = new Violations();
  checkLength(displayName(resource), SERVICE_NAME_MAX_BYTES, "name", found);
  const selector = objectAt(resource.spec, "selector");
  // Set but empty counts.
  if (SELECTORS.filter((name) => messageAt(selector, name) !== undefined).length > 1) {
    found.add("spec.selector", "must specify only one of: dataplaneTags, dataplaneRef, or dataplaneLabels");
  }
  return found.list;
}
