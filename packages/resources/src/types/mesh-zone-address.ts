import { defineType, flow, json, openObject } from "../define-type.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";

export const descriptor: TypeDescriptor = defineType({
  name: "MeshZoneAddress",
  scope: "Mesh",
  format: json(openObject),
  kds: flow("zoneToGlobal", "acrossZones"),
  path: "meshzoneaddresses",
  singular: "meshzoneaddress",
  shortName: "mza",
});
