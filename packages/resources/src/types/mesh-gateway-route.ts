import { defineLegacyPolicy } from "../define-type.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";
import { validateMeshGatewayRoute } from "../validate/mesh-gateway-route.ts";

export const descriptor: TypeDescriptor = defineLegacyPolicy({
  name: "MeshGatewayRoute",
  path: "meshgatewayroutes",
  singular: "meshgatewayroute",
  validate: validateMeshGatewayRoute,
});
