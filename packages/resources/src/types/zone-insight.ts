import { defineType, flow, protobuf } from "../define-type.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";

export const descriptor: TypeDescriptor = defineType({
  name: "ZoneInsight",
  scope: "Global",
  format: protobuf("kuma.system.v1alpha1.ZoneInsight"),
  kds: flow("providedByGlobal", "providedByZone"),
  path: "zone-insights",
  isReadOnly: true,
});
