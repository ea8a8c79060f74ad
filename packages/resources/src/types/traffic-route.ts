import { defineLegacyPolicy } from "../define-type.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";

export const descriptor: TypeDescriptor = defineLegacyPolicy({
  name: "TrafficRoute",
  path: "traffic-routes",
  singular: "traffic-route",
});
