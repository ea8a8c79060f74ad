import { defineLegacyPolicy } from "../define-type.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";

export const descriptor: TypeDescriptor = defineLegacyPolicy({
  name: "TrafficPermission",
  path: "traffic-permissions",
  singular: "traffic-permission",
});
