/** CAs that a mesh trusts for one trust domain. Source: kuma v2.14.3: pkg/core/resources/apis/meshtrust/api/v1alpha1. */
import { defineType, flow, json } from "../define-type.ts";
import { arrayOf, object, oneOf, optional, required, text } from "../schemas/shape.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";
import { TRUST_DOMAIN_MAX_LENGTH, trustDeprecations, validateMeshTrust } from "../validate/mesh-trust.ts";

const origin = optional(object({ kri: optional(text) }));
const caBundle = object({ type: required(oneOf(["Pem"])), pem: optional(object({ value: required(text) })) });

export const descriptor: TypeDescriptor = defineType({
  name: "MeshTrust",
  scope: "Mesh",
  format: json(
    object({
      origin,
      trustDomain: required({ kind: "string", maxLength: TRUST_DOMAIN_MAX_LENGTH }),
      caBundles: required(arrayOf(caBundle, 1)),
    }),
  ),
  kds: flow("globalToZones", "zoneToGlobal"),
  path: "meshtrusts",
  singular: "meshtrust",
  shortName: "mtrust",
  statusSchema: object({ origin }),
  emptyStatus: {},
  validate: validateMeshTrust,
  deprecations: trustDeprecations,
});
