/**
 * Everything that differs between resource types, in one entry per type. No code outside a descriptor asks for a type by
 * name. Source of the facts: kuma v2.14.3: pkg/core/resources/model/resource.go and the generated descriptors.
 */
import type { JsonObject } from "@isthmus/std";
import type { Resource } from "./resource.ts";
import type { Schema } from "./schema.ts";
import type { Violation } from "./violation.ts";

export type Scope = "Global" | "Mesh";

/** Direction flags as Kuma's bits: who provides a type, who consumes it, and whether it goes zone -> global -> zones. */
export interface KdsFlow {
  readonly providedByGlobal: boolean;
  readonly providedByZone: boolean;
  readonly consumedByZone: boolean;
  readonly consumedByGlobal: boolean;
  readonly acrossZones: boolean;
}

/**
 * How the spec is written.
 * - `protobuf`: "flat" REST form, `google.protobuf.Any` with a type URL on KDS; `message` is the full name.
 * - `json`: REST form with `spec`, JSON bytes with an empty type URL on KDS; `schema` gives shape and defaults.
 */
export type SpecFormat =
  | { readonly kind: "protobuf"; readonly message: string }
  | { readonly kind: "json"; readonly schema: Schema };

/** Where Kubernetes keeps a type: in namespaces or cluster-wide, and under which member its spec is. */
export interface KubernetesTraits {
  readonly isNamespaced: boolean;
  /** `secret`: a native Secret of Kubernetes. */
  readonly form: "spec" | "status" | "secret";
}

export interface PolicyTraits {
  readonly hasTo: boolean;
  readonly hasFrom: boolean;
  readonly hasRules: boolean;
  readonly isTargetRef: boolean;
  readonly isFromAsRules: boolean;
}

/** What a validator may look at besides the resource. */
export interface ValidationContext {
  readonly mode: "global" | "zone";
  /** The resource came over KDS: only what Kuma refuses for certain is to be refused. */
  readonly isFromPeer?: boolean;
  /** As a user wrote it, where the rules are asked right after decoding: an empty map is still there. */
  readonly document?: JsonObject;
}

export interface TypeDescriptor {
  readonly name: string;
  readonly scope: Scope;
  readonly format: SpecFormat;
  readonly kds: KdsFlow;
  /** Whether names get the hash suffix on the way to zones (towards the global every name does). */
  readonly isHashedTowardsZones: boolean;
  /** Present iff the type has a status: what a global sends towards zones instead of the real one. */
  readonly emptyStatus?: JsonObject;
  /** Shape of the status, checked and canonicalised where it is decoded. Absent: any object. */
  readonly statusSchema?: Schema;

  /** Collection path on REST; absent for types that REST does not serve. */
  readonly path?: string;
  readonly alternativePath?: string;
  /** Singular argument of kumactl; absent where kumactl has no command. */
  readonly singular?: string;
  readonly shortName?: string;
  readonly singularDisplayName: string;
  readonly pluralDisplayName: string;

  readonly isReadOnly: boolean;
  readonly isAdminOnly: boolean;
  /** May be the target of traffic: has SNIs. */
  readonly isDestination: boolean;
  readonly isProxy: boolean;
  readonly policy?: PolicyTraits;
  readonly kubernetes: KubernetesTraits;
  /** Types of the insight and overview that belong to this type. */
  readonly insight?: string;
  readonly overview?: string;

  /** Fills in what the manager of the type would (after schema defaults). Pure. */
  readonly defaults?: (spec: JsonObject) => JsonObject;
  /** Semantic rules beyond the schema, all at once. Absent: shape only. */
  readonly validate?: (resource: Resource, context: ValidationContext) => readonly Violation[];
  /**
   * What peers send is asked the rules alone, as in Kuma: a choice that is newer than this version goes on. For types whose
   * readers take nothing for granted that only the schema would ensure.
   */
  readonly needsNoSchemaFromPeers?: boolean;
  /**
   * What peers send is taken as it comes, whatever the rules say of it: they are for users. For types whose readers take
   * nothing for granted at all. Kuma refuses it instead (NACK).
   */
  readonly needsNoRulesFromPeers?: boolean;
  /** Texts returned as `warnings` of a write. */
  readonly deprecations?: (resource: Resource) => readonly string[];
}
