import { defineLegacyPolicy } from "../define-type.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";
import { validateTrafficTrace } from "../validate/traffic-trace.ts";

export const descriptor: TypeDescriptor = defineLegacyPolicy({
  name: "TrafficTrace",
  path: "traffic-traces",
  singular: "traffic-trace",
  validate: validateTrafficTrace,
});
