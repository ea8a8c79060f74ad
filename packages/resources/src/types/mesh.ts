import { defineType, flow, protobuf } from "../define-type.ts";
import { nameDeprecations } from "../names.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";
import { defaultMesh, validateMesh } from "../validate/mesh.ts";

export const descriptor: TypeDescriptor = defineType({
  name: "Mesh",
  scope: "Global",
  format: protobuf("kuma.mesh.v1alpha1.Mesh"),
  kds: flow("globalToZones"),
  path: "meshes",
  singular: "mesh",
  shortName: "m",
  isHashedTowardsZones: false,
  defaults: defaultMesh,
  validate: validateMesh,
  deprecations: nameDeprecations,
});
