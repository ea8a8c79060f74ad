import { defineType, flow, protobuf } from "../define-type.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";
import { validateZoneIngress } from "../validate/zone-proxies.ts";

export const descriptor: TypeDescriptor = defineType({
  name: "ZoneIngress",
  scope: "Global",
  format: protobuf("kuma.mesh.v1alpha1.ZoneIngress"),
  kds: flow("zoneToGlobal", "acrossZones"),
  path: "zoneingresses",
  alternativePath: "zone-ingresses",
  singular: "zoneingress",
  shortName: "zi",
  isProxy: true,
  insight: "ZoneIngressInsight",
  overview: "ZoneIngressOverview",
  validate: validateZoneIngress,
  kubernetes: { isNamespaced: true, form: "spec" },
});
