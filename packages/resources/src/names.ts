/** Which names and meshes a resource may have. Source: kuma v2.14.3: pkg/core/resources/apis/mesh/meta_validator.go. */
import { byteLength, dns1035LabelErrors, isDns1123Subdomain } from "./kubernetes-names.ts";
import { displayName } from "./labels.ts";
import type { Labels } from "./resource.ts";
import type { TypeDescriptor } from "./type-descriptor.ts";
import type { Violation } from "./violation.ts";

export const NAME_MAX_BYTES = 253;

const MESH_CHARACTERS = /^[0-9a-z\-_.]*$/;

/** Rules that REST applies to the name of every type, and to the mesh of mesh-scoped ones. */
export function nameViolations(
  descriptor: TypeDescriptor,
  meta: { readonly name: string; readonly mesh: string },
): readonly Violation[] {
  const violations: Violation[] = [];
  const check = (field: string, value: string, isAllowed: (value: string) => boolean, otherwise: string): void => {
    if (value === "") violations.push({ field, reason: "cannot be empty" });
    else if (byteLength(value) > NAME_MAX_BYTES) {
      violations.push({ field, reason: `value length must less or equal ${NAME_MAX_BYTES}` });
    } else if (!isAllowed(value)) violations.push({ field, reason: otherwise });
  };
  check(
    "name",
    meta.name,
    isDns1123Subdomain,
    "invalid characters. A lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
  );
  if (descriptor.scope === "Mesh") {
    // Older meshes may have an underscore, so the rule for references to a mesh is wider than the one for its name.
    check(
      "mesh",
      meta.mesh,
      (mesh) => MESH_CHARACTERS.test(mesh),
      "invalid characters. Valid characters are numbers, lowercase latin letters and '-', '_', '.' symbols.",
    );
  }
  return violations;
}

/**
 * Warning for a display name that is no RFC 1035 label, for the types whose names end up in DNS. Empty when it is one.
 */
export function nameDeprecations(resource: {
  readonly type: string;
  readonly name: string;
  readonly labels: Labels;
}): readonly string[] {
  const name = displayName(resource);
  const errors = dns1035LabelErrors(name);
  if (errors.length === 0) return [];
  return [
    `Invalid ${resource.type} resource name: '${name}'. It does not conform to the DNS format (RFC 1035). This is deprecated. Errors: ${errors.join("; ")}`,
  ];
}
