import { defineType, flow, protobuf } from "../define-type.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";

export const descriptor: TypeDescriptor = defineType({
  name: "ZoneIngressInsight",
  scope: "Global",
  format: protobuf("kuma.mesh.v1alpha1.ZoneIngressInsight"),
  kds: flow("zoneToGlobal"),
  path: "zone-ingress-insights",
  isReadOnly: true,
  kubernetes: { isNamespaced: true, form: "spec" },
});
