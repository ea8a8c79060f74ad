import { defineLegacyPolicy } from "../define-type.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";
import { validateTrafficRoute } from "../validate/traffic-route.ts";

export const descriptor: TypeDescriptor = defineLegacyPolicy({
  name: "TrafficRoute",
  path: "traffic-routes",
  singular: "traffic-route",
  validate: validateTrafficRoute,
});
