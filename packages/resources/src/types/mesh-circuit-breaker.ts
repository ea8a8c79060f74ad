import { definePolicy } from "../define-type.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";

export const descriptor: TypeDescriptor = definePolicy({
  name: "MeshCircuitBreaker",
  shortName: "mcb",
  to: true,
  from: "asRules",
  rules: true,
});
