import { defineType, flow, protobuf } from "../define-type.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";
import { validateZoneEgress } from "../validate/zone-proxies.ts";

export const descriptor: TypeDescriptor = defineType({
  name: "ZoneEgress",
  scope: "Global",
  format: protobuf("kuma.mesh.v1alpha1.ZoneEgress"),
  kds: flow("zoneToGlobal"),
  path: "zoneegresses",
  singular: "zoneegress",
  shortName: "ze",
  isProxy: true,
  insight: "ZoneEgressInsight",
  overview: "ZoneEgressOverview",
  validate: validateZoneEgress,
  kubernetes: { isNamespaced: true, form: "spec" },
});
