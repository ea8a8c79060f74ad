import { defineType, flow, json, openObject } from "../define-type.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";

export const descriptor: TypeDescriptor = defineType({
  name: "Workload",
  scope: "Mesh",
  format: json(openObject),
  kds: flow("zoneToGlobal"),
  path: "workloads",
  singular: "workload",
  shortName: "wl",
  emptyStatus: {},
});
