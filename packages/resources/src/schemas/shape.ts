/** Short forms for writing schemas down. */
import type { ArraySchema, IntegerSchema, MapSchema, ObjectSchema, Property, Schema, StringSchema } from "../schema.ts";

export const text: StringSchema = { kind: "string" };
export const texts: MapSchema = { kind: "map", values: text };
export const flag: Schema = { kind: "boolean" };
export const duration: Schema = { kind: "duration" };
export const intOrString: Schema = { kind: "intOrString" };
export const int32: IntegerSchema = { kind: "integer", format: "int32" };
/** What REST takes is bound by its schema, which knows no unsigned numbers; peers may send all of them. */
export const uint32: IntegerSchema = { kind: "integer", format: "int32", isUnsigned: true };
export const port: Schema = { kind: "integer", format: "int32", minimum: 1, maximum: 65_535 };

export const object = (properties: Readonly<Record<string, Property>>): ObjectSchema => ({
  kind: "object",
  properties,
});

export const arrayOf = (items: Schema, minItems?: number, maxItems?: number): ArraySchema => ({
  kind: "array",
  items,
  ...(minItems === undefined ? {} : { minItems }),
  ...(maxItems === undefined ? {} : { maxItems }),
});

export const oneOf = (allowed: readonly string[], defaultValue?: string): StringSchema => ({
  kind: "string",
  enum: allowed,
  ...(defaultValue === undefined ? {} : { default: defaultValue }),
});

export const optional = (schema: Schema): Property => ({ schema });
export const required = (schema: Schema): Property => ({ schema, required: true });
/** Optional, and not printed when empty. */
export const omitEmpty = (schema: Schema): Property => ({ schema, omitEmpty: true });
/** Optional, and printed even when nothing is in it. */
export const alwaysEmitted = (schema: ObjectSchema): Property => ({ schema, alwaysEmitted: true });
/** Users have to give it; what a peer left out is printed. */
export const requiredObject = (schema: ObjectSchema): Property => ({ schema, required: true, alwaysEmitted: true });
