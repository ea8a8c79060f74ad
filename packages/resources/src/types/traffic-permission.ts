import { defineLegacyPolicy } from "../define-type.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";
import { validateTrafficPermission } from "../validate/traffic-permission.ts";

export const descriptor: TypeDescriptor = defineLegacyPolicy({
  name: "TrafficPermission",
  path: "traffic-permissions",
  singular: "traffic-permission",
  validate: validateTrafficPermission,
});
