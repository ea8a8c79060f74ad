export {
  defineLegacyPolicy,
  definePolicy,
  defineType,
  type FlowPart,
  flow,
  json,
  type LegacyPolicyDefinition,
  openObject,
  type PolicyDefinition,
  pluralOf,
  protobuf,
  type TypeDefinition,
} from "./define-type.ts";
export { Registry } from "./registry.ts";
export { describeKey, keyOf, type Labels, type Resource, type ResourceKey } from "./resource.ts";
export type { ObjectSchema, Property, Schema } from "./schema.ts";
export { decodeWithSchema, type UnknownMembers } from "./schema-decoder.ts";
export { applyDefaults } from "./schema-defaults.ts";
export { schemaViolations } from "./schema-validator.ts";
export type {
  KdsFlow,
  PolicyTraits,
  Scope,
  SpecFormat,
  TypeDescriptor,
  ValidationContext,
} from "./type-descriptor.ts";
export { builtinTypes } from "./types/all.gen.ts";
export { at, entry, formatViolations, member, type Violation, Violations } from "./violation.ts";
