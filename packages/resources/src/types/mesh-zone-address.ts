/**
 * Where other zones reach a zone proxy of the mesh. Its schema says it all: there are no further rules.
 * Source: kuma v2.14.3: pkg/core/resources/apis/meshzoneaddress/api/v1alpha1.
 */
import { defineType, flow, json } from "../define-type.ts";
import { object, port, required } from "../schemas/shape.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";

export const descriptor: TypeDescriptor = defineType({
  name: "MeshZoneAddress",
  scope: "Mesh",
  format: json(object({ address: required({ kind: "string", minLength: 1 }), port: required(port) })),
  kds: flow("zoneToGlobal", "acrossZones"),
  path: "meshzoneaddresses",
  singular: "meshzoneaddress",
  shortName: "mza",
});
