/** Bodies that carry resources. What a resource holds besides its meta fields is up to its type. */
import { z } from "zod";

export const restResourceSchema = z.looseObject({
  type: z.string(),
  mesh: z.string().optional(),
  name: z.string(),
  creationTime: z.string().optional(),
  modificationTime: z.string().optional(),
  labels: z.record(z.string(), z.string()).optional(),
  kri: z.string().optional(),
});

/** One page. `next` is the absolute address of the following one, `total` counts all matches. */
export const resourceListSchema = z.object({
  total: z.number().int(),
  items: z.array(restResourceSchema),
  next: z.string().nullable(),
});

/** Answer of PUT and DELETE. */
export const writeAnswerSchema = z.object({ warnings: z.array(z.string()).optional() });

export const indexSchema = z.object({
  hostname: z.string(),
  product: z.string(),
  version: z.string(),
  instanceId: z.string(),
  clusterId: z.string(),
  gui: z.string(),
  basedOnKuma: z.string().optional(),
});

/** Who the caller is to the server. */
export const whoAmISchema = z.object({ name: z.string(), groups: z.array(z.string()) });

/** Any object: the settings of a server, a manifest. */
export const jsonObjectSchema = z.record(z.string(), z.json());

export const policyTraitsSchema = z.object({
  hasFromTargetRef: z.boolean(),
  hasRulesTargetRef: z.boolean(),
  hasToTargetRef: z.boolean(),
  isFromAsRules: z.boolean(),
  isTargetRef: z.boolean(),
});

/** One type as `GET /_resources` describes it. */
export const resourceTypeSchema = z.object({
  includeInFederation: z.boolean(),
  name: z.string(),
  path: z.string(),
  pluralDisplayName: z.string(),
  policy: policyTraitsSchema.optional(),
  readOnly: z.boolean(),
  scope: z.enum(["Global", "Mesh"]),
  shortName: z.string(),
  singularDisplayName: z.string(),
});

export const resourceTypesSchema = z.object({ resources: z.array(resourceTypeSchema) });

/** One policy type as `GET /policies` describes it. */
export const policyTypeSchema = z.object({
  name: z.string(),
  readOnly: z.boolean(),
  path: z.string(),
  singularDisplayName: z.string(),
  pluralDisplayName: z.string(),
  isExperimental: z.boolean(),
  isTargetRefBased: z.boolean(),
  isInbound: z.boolean(),
  isOutbound: z.boolean(),
});

export const policyTypesSchema = z.object({ policies: z.array(policyTypeSchema) });

export type RestResource = z.infer<typeof restResourceSchema>;
export type ResourceList = z.infer<typeof resourceListSchema>;
export type WriteAnswer = z.infer<typeof writeAnswerSchema>;
export type WhoAmI = z.infer<typeof whoAmISchema>;
export type Index = z.infer<typeof indexSchema>;
export type ResourceType = z.infer<typeof resourceTypeSchema>;
export type PolicyType = z.infer<typeof policyTypeSchema>;
