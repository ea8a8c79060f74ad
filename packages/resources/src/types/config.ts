import { defineType, flow, protobuf } from "../define-type.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";

export const descriptor: TypeDescriptor = defineType({
  name: "Config",
  scope: "Global",
  format: protobuf("kuma.system.v1alpha1.Config"),
  kds: flow("globalToZones", "providedByZone"),
  isHashedTowardsZones: false,
});
