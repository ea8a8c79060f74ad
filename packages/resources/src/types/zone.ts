import { defineType, flow, protobuf } from "../define-type.ts";
import { nameDeprecations } from "../names.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";

export const descriptor: TypeDescriptor = defineType({
  name: "Zone",
  scope: "Global",
  format: protobuf("kuma.system.v1alpha1.Zone"),
  kds: flow("providedByGlobal", "providedByZone"),
  path: "zones",
  singular: "zone",
  shortName: "z",
  insight: "ZoneInsight",
  overview: "ZoneOverview",
  deprecations: nameDeprecations,
});
