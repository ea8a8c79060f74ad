import { defineType, flow, json, openObject } from "../define-type.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";

export const descriptor: TypeDescriptor = defineType({
  name: "MeshExternalService",
  scope: "Mesh",
  format: json(openObject),
  kds: flow("globalToZones", "zoneToGlobal"),
  path: "meshexternalservices",
  singular: "meshexternalservice",
  shortName: "extsvc",
  isDestination: true,
  emptyStatus: { vip: {} },
});
