import { defineLegacyPolicy } from "../define-type.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";
import { validateTrafficLog } from "../validate/traffic-log.ts";

export const descriptor: TypeDescriptor = defineLegacyPolicy({
  name: "TrafficLog",
  path: "traffic-logs",
  singular: "traffic-log",
  validate: validateTrafficLog,
});
