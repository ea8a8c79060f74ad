/** What one route does, as the OpenAPI document says it. */
import type { JsonObject } from "@isthmus/std";
import { z } from "zod";

export interface QueryParameter {
  readonly name: string;
  readonly description: string;
  readonly schema: JsonObject;
}

export type Content =
  | { readonly kind: "json"; readonly schema: JsonObject }
  /** `name`: of the schema in the document. */
  | { readonly kind: "zod"; readonly name: string; readonly schema: z.ZodType }
  | { readonly kind: "text"; readonly type: string };

export interface AnswerDescription {
  readonly description: string;
  /** None: there is no body. */
  readonly contents: readonly Content[];
}

export interface Operation {
  readonly id: string;
  readonly tag: string;
  readonly summary: string;
  readonly query?: readonly QueryParameter[];
  readonly body?: Content;
  /** By status; every operation may be refused with an error besides. */
  readonly answers: Readonly<Record<number, AnswerDescription>>;
}

export const zod = (name: string, schema: z.ZodType): Content => ({ kind: "zod", name, schema });
export const jsonOf = (schema: JsonObject): Content => ({ kind: "json", schema });
export const text = (type = "text/plain"): Content => ({ kind: "text", type });

export const answer = (description: string, ...contents: readonly Content[]): AnswerDescription => ({
  description,
  contents,
});

/** What goes over the wire, which is what a schema takes before it transforms. */
export function schemaOfZod(schema: z.ZodType): JsonObject {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  return json as JsonObject;
}
