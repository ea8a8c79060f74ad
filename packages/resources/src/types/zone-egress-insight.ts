import { defineType, flow, protobuf } from "../define-type.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";

export const descriptor: TypeDescriptor = defineType({
  name: "ZoneEgressInsight",
  scope: "Global",
  format: protobuf("kuma.mesh.v1alpha1.ZoneEgressInsight"),
  kds: flow("zoneToGlobal"),
  path: "zoneegressinsights",
  isReadOnly: true,
  kubernetes: { isNamespaced: true, form: "spec" },
});
