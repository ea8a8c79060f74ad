/** Short forms for writing schemas down. */
import type { ArraySchema, MapSchema, ObjectSchema, Property, Schema, StringSchema } from "../schema.ts";

export const text: StringSchema = { kind: "string" };
export const texts: MapSchema = { kind: "map", values: text };
export const port: Schema = { kind: "integer", format: "int32", minimum: 1, maximum: 65_535 };

export const object = (properties: Readonly<Record<string, Property>>): ObjectSchema => ({
  kind: "object",
  properties,
});

export const arrayOf = (items: Schema, minItems?: number): ArraySchema => ({
  kind: "array",
  items,
  ...(minItems === undefined ? {} : { minItems }),
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
