import { defineType, flow, protobuf } from "../define-type.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";

export const descriptor: TypeDescriptor = defineType({
  name: "ServiceInsight",
  scope: "Mesh",
  format: protobuf("kuma.mesh.v1alpha1.ServiceInsight"),
  kds: flow("globalToZones"),
  path: "service-insights",
  isReadOnly: true,
});
