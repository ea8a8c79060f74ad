import { defineType, flow, protobuf } from "../define-type.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";

export const descriptor: TypeDescriptor = defineType({
  name: "Secret",
  scope: "Mesh",
  format: protobuf("kuma.system.v1alpha1.Secret"),
  kds: flow("globalToZones", "providedByZone"),
  path: "secrets",
  singular: "secret",
  isAdminOnly: true,
  isHashedTowardsZones: false,
  kubernetes: { isNamespaced: true, form: "secret" },
});
