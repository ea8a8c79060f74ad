/**
 * The shape of a plain JSON spec: a small subset of OpenAPI, kept as data so that it drives defaults, canonical form and
 * validation (with kube-openapi's texts) today and OpenAPI documents later.
 */

export type Schema =
  | ObjectSchema
  | MapSchema
  | ArraySchema
  | StringSchema
  | IntegerSchema
  | NumberSchema
  | { readonly kind: "boolean"; readonly default?: boolean }
  /** Go duration string, re-rendered canonically. */
  | { readonly kind: "duration"; readonly default?: string }
  /** Integer or string, kept as given. */
  | { readonly kind: "intOrString" }
  /** Any JSON. */
  | { readonly kind: "any" };

export interface Property {
  readonly schema: Schema;
  readonly required?: boolean;
  /** Emitted as `{}` even when absent, as Go does for struct-typed members. */
  readonly alwaysEmitted?: boolean;
  /** null is a value like others instead of counting as absent, as it is for members that Go keeps in place. */
  readonly decodesNull?: boolean;
  /** Left out when empty (`""`, 0, false, `[]`, `{}`), as Go does for `omitempty` members that are no pointers. */
  readonly omitEmpty?: boolean;
}

export interface ObjectSchema {
  readonly kind: "object";
  readonly properties: Readonly<Record<string, Property>>;
  /** Schema of members that `properties` does not name; without it they are dropped when they come over REST. */
  readonly additional?: Schema;
}

export interface MapSchema {
  readonly kind: "map";
  readonly values: Schema;
}

export interface ArraySchema {
  readonly kind: "array";
  readonly items: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
}

export interface StringSchema {
  readonly kind: "string";
  readonly enum?: readonly string[];
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly format?: "date-time" | "byte";
  readonly default?: string;
}

export interface IntegerSchema {
  readonly kind: "integer";
  readonly format?: "int32" | "int64";
  readonly enum?: readonly number[];
  /** Decoded into an unsigned number, of which the schema language knows nothing. */
  readonly isUnsigned?: boolean;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly default?: number;
}

export interface NumberSchema {
  readonly kind: "number";
  readonly minimum?: number;
  readonly maximum?: number;
  readonly default?: number;
}
