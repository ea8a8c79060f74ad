/**
 * Rules about a written resource that depend on the address it was sent to and on the control plane, all at once and in
 * Kuma's order. Source: kuma v2.14.3: pkg/api-server/resource_endpoints.go, validateResourceRequest.
 */
import {
  labelViolations,
  nameViolations,
  type ResourceKey,
  type TypeDescriptor,
  type Violation,
  Violations,
} from "@isthmus/resources";
import type { ResourceDraft } from "@isthmus/store";
import { type ControlPlane, writerContext } from "./control-plane.ts";

/** A global may store a zone's resource under a name that holds the zone's; bytes. */
const NAME_WITH_ZONE_MAX = 252;

/** `address` is the key that the URL names, `requested` what the body says. */
export function checkRequest(
  controlPlane: ControlPlane,
  descriptor: TypeDescriptor,
  address: ResourceKey,
  requested: ResourceDraft,
): readonly Violation[] {
  const found = new Violations();
  if (requested.name !== address.name) found.add("name", "name from the URL has to be the same as in body");
  if (controlPlane.isFederated && nameWithZoneBytes(controlPlane, address.name) > NAME_WITH_ZONE_MAX) {
    found.add("name", "the length of the name must be shorter");
  }
  if (requested.type !== descriptor.name) found.add("type", "type from the URL has to be the same as in body");
  if (descriptor.scope === "Mesh" && requested.mesh !== address.mesh) {
    found.add("mesh", "mesh from the URL has to be the same as in body");
  }
  found.addAll(labelViolations(descriptor, requested, writerContext(controlPlane)));
  found.addAll(nameViolations(descriptor, requested));
  return found.list;
}

function nameWithZoneBytes(controlPlane: ControlPlane, name: string): number {
  return Buffer.byteLength(`${controlPlane.zoneName ?? ""}.${name}`);
}
