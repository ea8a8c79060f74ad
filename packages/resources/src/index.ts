export { Registry } from "./registry.ts";
export { describeKey, keyOf, type Labels, type Resource, type ResourceKey } from "./resource.ts";
export type { Schema } from "./schema.ts";
export type {
  KdsFlow,
  PolicyTraits,
  Scope,
  SpecFormat,
  TypeDescriptor,
  ValidationContext,
} from "./type-descriptor.ts";
export { formatViolations, type Violation, Violations } from "./violation.ts";
