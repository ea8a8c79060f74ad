import { defineLegacyPolicy } from "../define-type.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";

export const descriptor: TypeDescriptor = defineLegacyPolicy({
  name: "TrafficTrace",
  path: "traffic-traces",
  singular: "traffic-trace",
});
