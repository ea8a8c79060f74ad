import { defineType, flow, json, openObject } from "../define-type.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";

export const descriptor: TypeDescriptor = defineType({
  name: "MeshService",
  scope: "Mesh",
  format: json(openObject),
  kds: flow("zoneToGlobal", "acrossZones"),
  path: "meshservices",
  singular: "meshservice",
  shortName: "msvc",
  isDestination: true,
  emptyStatus: { tls: {}, dataplaneProxies: {} },
});
