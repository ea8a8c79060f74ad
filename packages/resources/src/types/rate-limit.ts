import { defineLegacyPolicy } from "../define-type.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";
import { validateRateLimit } from "../validate/rate-limit.ts";

export const descriptor: TypeDescriptor = defineLegacyPolicy({
  name: "RateLimit",
  path: "rate-limits",
  singular: "rate-limit",
  validate: validateRateLimit,
});
