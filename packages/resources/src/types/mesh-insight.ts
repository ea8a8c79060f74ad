import { defineType, flow, protobuf } from "../define-type.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";

export const descriptor: TypeDescriptor = defineType({
  name: "MeshInsight",
  scope: "Global",
  format: protobuf("kuma.mesh.v1alpha1.MeshInsight"),
  kds: flow("providedByGlobal"),
  path: "mesh-insights",
  isReadOnly: true,
});
