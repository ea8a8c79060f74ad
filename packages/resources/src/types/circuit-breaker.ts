import { defineLegacyPolicy } from "../define-type.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";
import { validateCircuitBreaker } from "../validate/circuit-breaker.ts";

export const descriptor: TypeDescriptor = defineLegacyPolicy({
  name: "CircuitBreaker",
  path: "circuit-breakers",
  singular: "circuit-breaker",
  validate: validateCircuitBreaker,
});
