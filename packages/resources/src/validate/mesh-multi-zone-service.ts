/**
 * Rules of a MeshMultiZoneService.
 * Source: kuma v2.14.3: pkg/core/resources/apis/meshmultizoneservice/api/v1alpha1/validator.go.
 */
import { SUPPORTED_PROTOCOLS } from "../protocol.ts";
import type { Resource } from "../resource.ts";
import { at, member, type Violation, Violations } from "../violation.ts";
import { objectAt, objectsAt, optionalTextAt, textAt, textsAt } from "./json-access.ts";
import { MUST_NOT_BE_EMPTY, plainChoice } from "./primitives.ts";

const CANNOT_BE_EMPTY = "cannot be empty";

export function validateMeshMultiZoneService({ spec }: Resource): readonly Violation[] {
  const found = new Violations();
  // Without labels every service of the mesh would be selected.
  if (textsAt(objectAt(objectAt(spec, "selector"), "meshService"), "matchLabels").size === 0) {
    found.add("spec.selector.meshService.matchLabels", CANNOT_BE_EMPTY);
  }
  const ports = objectsAt(spec, "ports");
  if (ports.length === 0) found.add("spec.ports", CANNOT_BE_EMPTY);
  for (const [index, port] of ports.entries()) {
    const path = at("spec.ports", index);
    if (optionalTextAt(port, "name") === "") found.add(member(path, "name"), MUST_NOT_BE_EMPTY);
    const protocol = textAt(port, "appProtocol");
    if (!SUPPORTED_PROTOCOLS.some((supported) => supported === protocol)) {
      found.add(member(path, "appProtocol"), plainChoice("appProtocol", SUPPORTED_PROTOCOLS));
    }
  }
  return found.list;
}
