import { defineLegacyPolicy } from "../define-type.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";
import { validateRetry } from "../validate/retry.ts";

export const descriptor: TypeDescriptor = defineLegacyPolicy({
  name: "Retry",
  path: "retries",
  singular: "retry",
  validate: validateRetry,
});
