import { defineLegacyPolicy } from "../define-type.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";
import { validateHealthCheck } from "../validate/health-check.ts";

export const descriptor: TypeDescriptor = defineLegacyPolicy({
  name: "HealthCheck",
  path: "health-checks",
  singular: "healthcheck",
  validate: validateHealthCheck,
});
