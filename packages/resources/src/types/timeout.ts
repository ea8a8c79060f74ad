import { defineLegacyPolicy } from "../define-type.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";
import { validateTimeout } from "../validate/timeout.ts";

export const descriptor: TypeDescriptor = defineLegacyPolicy({
  name: "Timeout",
  path: "timeouts",
  singular: "timeout",
  validate: validateTimeout,
});
