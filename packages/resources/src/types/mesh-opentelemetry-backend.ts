import { defineType, flow, json, openObject } from "../define-type.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";

export const descriptor: TypeDescriptor = defineType({
  name: "MeshOpenTelemetryBackend",
  scope: "Mesh",
  format: json(openObject),
  kds: flow("globalToZones", "zoneToGlobal"),
  path: "meshopentelemetrybackends",
  singular: "meshopentelemetrybackend",
  shortName: "motb",
  singularDisplayName: "Mesh OpenTelemetry Backend",
  emptyStatus: {},
});
