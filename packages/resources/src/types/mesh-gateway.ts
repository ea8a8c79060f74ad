import { defineType, flow, protobuf } from "../define-type.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";
import { validateMeshGateway } from "../validate/mesh-gateway.ts";

export const descriptor: TypeDescriptor = defineType({
  name: "MeshGateway",
  scope: "Mesh",
  format: protobuf("kuma.mesh.v1alpha1.MeshGateway"),
  needsNoRulesFromPeers: true,
  kds: flow("globalToZones", "zoneToGlobal"),
  path: "meshgateways",
  singular: "meshgateway",
  shortName: "mgw",
  validate: validateMeshGateway,
});
