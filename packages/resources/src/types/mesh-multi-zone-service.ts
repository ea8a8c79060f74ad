import { defineType, flow, json, openObject } from "../define-type.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";

export const descriptor: TypeDescriptor = defineType({
  name: "MeshMultiZoneService",
  scope: "Mesh",
  format: json(openObject),
  kds: flow("globalToZones"),
  path: "meshmultizoneservices",
  singular: "meshmultizoneservice",
  shortName: "mzsvc",
  isDestination: true,
  emptyStatus: {},
});
