/**
 * Builds the registry entry of one type from what is particular to it; everything that most types share has a default
 * here. `definePolicy` and `defineLegacyPolicy` do the same for the two families of policies.
 * Source of the rules: kuma v2.14.3: tools/resource-gen, tools/policy-gen (display names and plurals).
 */
import type { ObjectSchema, Schema } from "./schema.ts";
import type { KdsFlow, PolicyTraits, SpecFormat, TypeDescriptor } from "./type-descriptor.ts";

export type FlowPart = "globalToZones" | "zoneToGlobal" | "acrossZones" | "providedByGlobal" | "providedByZone";

type Defaulted =
  | "isHashedTowardsZones"
  | "singularDisplayName"
  | "pluralDisplayName"
  | "isReadOnly"
  | "isAdminOnly"
  | "isDestination"
  | "isProxy"
  | "kubernetes";

export type TypeDefinition = Omit<TypeDescriptor, Defaulted> & Partial<Pick<TypeDescriptor, Defaulted>>;

/** What of a targetRef policy differs from the others. `to`, `from`, `rules` say which lists its spec has. */
export interface PolicyDefinition
  extends Partial<Pick<TypeDescriptor, "emptyStatus" | "statusSchema" | "validate" | "deprecations">> {
  readonly name: string;
  readonly shortName: string;
  readonly to?: boolean;
  readonly rules?: boolean;
  /** `asRules`: items are read as inbound rules; `asSubsets`: the older reading by client tags. */
  readonly from?: "asRules" | "asSubsets";
  /** Shape of the spec; without it everything is carried as given. */
  readonly spec?: ObjectSchema;
  /** Display name where splitting the name at capitals would not give Kuma's. */
  readonly singularDisplayName?: string;
}

/** A protobuf-backed, mesh-scoped type of the time before targetRef, sent by the global only. */
export interface LegacyPolicyDefinition extends Pick<TypeDescriptor, "validate"> {
  readonly name: string;
  readonly path: string;
  readonly singular: string;
  /** ExternalService is written like these but is no policy. */
  readonly isPolicy?: boolean;
}

export function defineType(definition: TypeDefinition): TypeDescriptor {
  const singularDisplayName = definition.singularDisplayName ?? splitAtCapitals(definition.name);
  return {
    isHashedTowardsZones: true,
    isReadOnly: false,
    isAdminOnly: false,
    isDestination: false,
    isProxy: false,
    kubernetes: { isNamespaced: definition.format.kind === "json", form: "spec" },
    ...definition,
    singularDisplayName,
    pluralDisplayName: definition.pluralDisplayName ?? pluralOf(singularDisplayName),
  };
}

export function definePolicy(definition: PolicyDefinition): TypeDescriptor {
  const { name, shortName, to = false, rules = false, from, spec, ...rest } = definition;
  const lowerName = name.toLowerCase();
  const policy: PolicyTraits = {
    hasTo: to,
    hasFrom: from !== undefined,
    hasRules: rules,
    isTargetRef: true,
    isFromAsRules: from === "asRules",
  };
  return defineType({
    ...rest,
    name,
    shortName,
    policy,
    scope: "Mesh",
    format: json(spec ?? openObject),
    needsNoSchemaFromPeers: true,
    kds: flow("globalToZones", "zoneToGlobal", "acrossZones"),
    path: pluralOf(lowerName),
    singular: lowerName,
  });
}

export function defineLegacyPolicy(definition: LegacyPolicyDefinition): TypeDescriptor {
  const { name, isPolicy = true, ...rest } = definition;
  return defineType({
    ...rest,
    name,
    scope: "Mesh",
    format: protobuf(`kuma.mesh.v1alpha1.${name}`),
    needsNoRulesFromPeers: true,
    kds: flow("globalToZones"),
    ...(isPolicy ? { policy: NO_TARGET_REF } : {}),
  });
}

/** Flags of the given parts together; `providedBy...` alone marks who may write a type that is not sent that way. */
export function flow(...parts: readonly FlowPart[]): KdsFlow {
  const has = (part: FlowPart): boolean => parts.includes(part);
  return {
    providedByGlobal: has("globalToZones") || has("providedByGlobal"),
    providedByZone: has("zoneToGlobal") || has("providedByZone"),
    consumedByZone: has("globalToZones"),
    consumedByGlobal: has("zoneToGlobal"),
    acrossZones: has("acrossZones"),
  };
}

export const protobuf = (message: string): SpecFormat => ({ kind: "protobuf", message });
export const json = (schema: Schema): SpecFormat => ({ kind: "json", schema });

/** An object of which nothing is checked and everything is kept. */
export const openObject: ObjectSchema = { kind: "object", properties: {}, additional: { kind: "any" } };

/** Plural as it appears in display names and paths. */
export function pluralOf(singular: string): string {
  if (/ay$/i.test(singular)) return `${singular}s`;
  if (/y$/i.test(singular)) return `${singular.slice(0, -1)}ies`;
  return /(?:s|sh|ch)$/i.test(singular) ? `${singular}es` : `${singular}s`;
}

const NO_TARGET_REF: PolicyTraits = {
  hasTo: false,
  hasFrom: false,
  hasRules: false,
  isTargetRef: false,
  isFromAsRules: false,
};

/** `MeshHTTPRoute` -> `Mesh HTTP Route`. */
function splitAtCapitals(name: string): string {
  return name.replace(/([a-z])([A-Z])/g, "$1 $2").replace(/([A-Z]+)([A-Z][a-z])/g, "$1 $2");
}
