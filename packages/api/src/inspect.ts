/** What applies to which proxy. Source: kuma v2.14.3: pkg/api-server/types/inspect.go, api/openapi/types. */
import { z } from "zod";

const metaSchema = z.looseObject({ type: z.string().optional(), mesh: z.string().optional(), name: z.string() });
const listOf = <T extends z.ZodType>(item: T) =>
  z
    .array(item)
    .nullish()
    .transform((items) => items ?? []);

/** `dataplane`, `inbound`, `outbound` or `service`, and of which. */
const attachmentShape = { type: z.string(), name: z.string().optional(), service: z.string().optional() };

export const attachmentSchema = z.object(attachmentShape);

/** Policies by type. */
const matchedSchema = z.record(z.string(), listOf(metaSchema)).nullish();
const policyByTypeSchema = z.record(z.string(), metaSchema).nullish();

const gatewayListenersOf = <T extends z.ZodType>(destination: T) =>
  listOf(
    z.object({
      port: z.number(),
      protocol: z.string(),
      hosts: listOf(
        z.object({
          hostName: z.string(),
          routes: listOf(z.object({ route: z.string(), destinations: listOf(destination) })),
        }),
      ),
    }),
  );

const tagsSchema = z.record(z.string(), z.string());

/** `GET /meshes/{mesh}/dataplanes/{name}/policies`. */
export const dataplanePoliciesSchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("SidecarDataplane"),
    total: z.number(),
    items: listOf(z.object({ ...attachmentShape, matchedPolicies: matchedSchema })),
  }),
  z.object({
    kind: z.literal("MeshGatewayDataplane"),
    gateway: metaSchema,
    listeners: gatewayListenersOf(z.looseObject({ tags: tagsSchema.nullish(), policies: policyByTypeSchema })),
    policies: policyByTypeSchema,
  }),
]);

/** `GET /meshes/{mesh}/<policies>/{name}/dataplanes`. */
export const policyDataplanesSchema = z.object({
  total: z.number(),
  items: listOf(
    z.looseObject({
      kind: z.string().optional(),
      dataplane: metaSchema.optional(),
      attachments: listOf(attachmentSchema),
      /** In place of the Dataplane where the policy is about routes of a gateway. */
      gateway: metaSchema.optional(),
      listeners: gatewayListenersOf(tagsSchema),
    }),
  ),
});

/** `GET /meshes/{mesh}/<path>/{name}/_resources/dataplanes`. */
export const matchedDataplanesSchema = z.object({
  total: z.number(),
  items: listOf(metaSchema),
  next: z.string().nullish(),
});

/** `GET /meshes/{mesh}/<services>/{name}/_hostnames`. */
export const hostnamesSchema = z.object({
  total: z.number(),
  items: listOf(z.object({ hostname: z.string(), zones: listOf(z.object({ name: z.string() })) })),
});

export type Attachment = z.infer<typeof attachmentSchema>;
export type DataplanePolicies = z.infer<typeof dataplanePoliciesSchema>;
export type PolicyDataplanes = z.infer<typeof policyDataplanesSchema>;
export type MatchedDataplanes = z.infer<typeof matchedDataplanesSchema>;
export type Hostnames = z.infer<typeof hostnamesSchema>;
