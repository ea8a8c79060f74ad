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

/** What a configuration was merged from, in ascending order of precedence. */
const itemOriginSchema = z.object({ resourceMeta: metaSchema, ruleIndex: z.number() });
const confSchema = z.record(z.string(), z.unknown());
const inboundSchema = z.object({ name: z.string().optional(), port: z.number(), tags: tagsSchema.nullable() });
/** Of a group described by tags. */
const tagRuleSchema = z.object({
  conf: confSchema,
  matchers: z.array(z.object({ key: z.string(), not: z.boolean(), value: z.string() })),
  origin: z.array(metaSchema),
});
const textMatchSchema = z.object({ type: z.string(), value: z.string() });

/** `GET /meshes/{mesh}/dataplanes/{name}/_rules`, and of MeshGateways. */
export const rulesSchema = z.object({
  httpMatches: z.array(z.object({ hash: z.string(), match: z.unknown() })),
  resource: metaSchema,
  rules: z.array(
    z.object({
      type: z.string(),
      fromRules: z.array(z.object({ inbound: inboundSchema, rules: z.array(tagRuleSchema) })),
      inboundRules: z.array(
        z.object({
          inbound: inboundSchema,
          rules: z.array(
            z.object({
              conf: z.array(confSchema),
              match: z.object({ spiffeID: textMatchSchema.optional(), sni: textMatchSchema.optional() }).optional(),
              origin: z.array(itemOriginSchema),
            }),
          ),
        }),
      ),
      proxyRule: z.object({ conf: confSchema, origin: z.array(metaSchema) }).optional(),
      toResourceRules: z.array(
        z.object({
          conf: z.array(confSchema),
          origin: z.array(itemOriginSchema),
          resourceMeta: metaSchema,
          resourceSectionName: z.string(),
        }),
      ),
      toRules: z.array(tagRuleSchema),
      warnings: z.array(z.string()),
    }),
  ),
});

const kriOriginsSchema = z.array(z.object({ kri: z.string() }));

/** `.../_policies` (one configuration) and `.../_outbounds/{kri}/_policies` (a list). */
export const policiesSchema = z.object({
  policies: z.array(
    z.object({ kind: z.string(), conf: z.union([z.array(confSchema), confSchema]), origins: kriOriginsSchema }),
  ),
});

/** `.../_inbounds/{kri}/_policies`. */
export const inboundPoliciesSchema = z.object({
  policies: z.array(
    z.object({
      kind: z.string(),
      origins: kriOriginsSchema,
      rules: z.array(z.object({ conf: confSchema, kri: z.string() })),
    }),
  ),
});

/** `.../_outbounds/{kri}/_routes`. */
export const routesSchema = z.object({
  routes: z.array(
    z.object({
      kind: z.string(),
      origins: kriOriginsSchema,
      rules: z
        .array(z.object({ conf: confSchema, kri: z.string(), matches: z.array(z.unknown()).nullable() }))
        .nullable(),
    }),
  ),
});

const placeShape = { kri: z.string(), port: z.number(), proxyResourceName: z.string() };

/** `GET /meshes/{mesh}/dataplanes/{name}/_layout`. */
export const layoutSchema = z.object({
  kri: z.string(),
  labels: tagsSchema,
  spiffeId: z.string().optional(),
  inbounds: z.array(z.object({ ...placeShape, protocol: z.string() })),
  outbounds: z.array(z.object({ ...placeShape, protocol: z.string() })),
  listeners: z.array(z.object({ ...placeShape, type: z.string() })),
});

/** `GET /meshes/{mesh}/dataplanes/{name}/rules`. */
export const attachedRulesSchema = z.object({
  total: z.number(),
  items: z.array(
    z.object({
      type: z.string(),
      name: z.string().optional(),
      addresses: z.array(z.string()).optional(),
      service: z.string().optional(),
      tags: tagsSchema.optional(),
      policyType: z.string(),
      subset: tagsSchema,
      conf: confSchema,
      origins: z.array(z.object({ mesh: z.string(), name: z.string() })),
    }),
  ),
});

/** `GET /meshes/{mesh}/meshgateways/{name}/dataplanes`. */
export const gatewayDataplanesSchema = z.object({
  total: z.number(),
  items: z.array(z.object({ dataplane: metaSchema })),
});

/** `GET /meshes/{mesh}/dataplanes/{name}/_config`: resources by type URL and name, and what another configuration changes. */
export const proxyConfigSchema = z.object({
  diff: z.array(z.object({ op: z.enum(["test", "remove", "add"]), path: z.string(), value: z.unknown() })).optional(),
  xds: z.record(z.string(), z.unknown()),
});

export type Attachment = z.infer<typeof attachmentSchema>;
export type DataplanePolicies = z.infer<typeof dataplanePoliciesSchema>;
export type PolicyDataplanes = z.infer<typeof policyDataplanesSchema>;
export type MatchedDataplanes = z.infer<typeof matchedDataplanesSchema>;
export type Hostnames = z.infer<typeof hostnamesSchema>;
export type Rules = z.infer<typeof rulesSchema>;
export type Policies = z.infer<typeof policiesSchema>;
export type InboundPolicies = z.infer<typeof inboundPoliciesSchema>;
export type Routes = z.infer<typeof routesSchema>;
export type Layout = z.infer<typeof layoutSchema>;
export type AttachedRules = z.infer<typeof attachedRulesSchema>;
export type GatewayDataplanes = z.infer<typeof gatewayDataplanesSchema>;
export type ProxyConfig = z.infer<typeof proxyConfigSchema>;
