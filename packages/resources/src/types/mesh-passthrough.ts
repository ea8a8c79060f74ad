/** Which traffic may leave the mesh. Source: kuma v2.14.3: pkg/plugins/policies/meshpassthrough/api/v1alpha1. */
import { definePolicy } from "../define-type.ts";
import { policySpec } from "../schemas/policy-spec.ts";
import { alwaysEmitted, arrayOf, object, oneOf, optional, required, text, uint32 } from "../schemas/shape.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";
import { PASSTHROUGH_PROTOCOLS, validateMeshPassthrough } from "../validate/mesh-passthrough.ts";

const match = object({
  type: required(oneOf(["Domain", "IP", "CIDR"])),
  value: required(text),
  port: optional(uint32),
  protocol: optional(oneOf(PASSTHROUGH_PROTOCOLS, "tcp")),
});

const conf = object({
  passthroughMode: optional(oneOf(["All", "Matched", "None"])),
  appendMatch: optional(arrayOf(match)),
});

export const descriptor: TypeDescriptor = definePolicy({
  name: "MeshPassthrough",
  shortName: "mp",
  spec: policySpec({ default: alwaysEmitted(conf) }),
  validate: validateMeshPassthrough,
});
