import { defineLegacyPolicy } from "../define-type.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";
import { validateFaultInjection } from "../validate/fault-injection.ts";

export const descriptor: TypeDescriptor = defineLegacyPolicy({
  name: "FaultInjection",
  path: "fault-injections",
  singular: "fault-injection",
  validate: validateFaultInjection,
});
