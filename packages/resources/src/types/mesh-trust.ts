import { defineType, flow, json, openObject } from "../define-type.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";

export const descriptor: TypeDescriptor = defineType({
  name: "MeshTrust",
  scope: "Mesh",
  format: json(openObject),
  kds: flow("globalToZones", "zoneToGlobal"),
  path: "meshtrusts",
  singular: "meshtrust",
  shortName: "mtrust",
  emptyStatus: {},
});
