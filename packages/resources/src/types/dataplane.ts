import { defineType, flow, protobuf } from "../define-type.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";
import { validateDataplane } from "../validate/dataplane.ts";

export const descriptor: TypeDescriptor = defineType({
  name: "Dataplane",
  scope: "Mesh",
  format: protobuf("kuma.mesh.v1alpha1.Dataplane"),
  kds: flow("zoneToGlobal"),
  path: "dataplanes",
  singular: "dataplane",
  shortName: "dp",
  isProxy: true,
  insight: "DataplaneInsight",
  overview: "DataplaneOverview",
  validate: validateDataplane,
  kubernetes: { isNamespaced: true, form: "spec" },
});
