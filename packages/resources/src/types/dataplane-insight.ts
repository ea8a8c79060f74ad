import { defineType, flow, protobuf } from "../define-type.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";

export const descriptor: TypeDescriptor = defineType({
  name: "DataplaneInsight",
  scope: "Mesh",
  format: protobuf("kuma.mesh.v1alpha1.DataplaneInsight"),
  kds: flow("zoneToGlobal"),
  path: "dataplane-insights",
  isReadOnly: true,
  kubernetes: { isNamespaced: true, form: "status" },
});
