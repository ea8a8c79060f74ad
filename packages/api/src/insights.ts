/** Bodies of `GET /global-insight` and `GET /global-insights`: what a control plane counts over all its meshes and zones. */
import { z } from "zod";

const count = z.number().int().nonnegative();

export const statusCountsSchema = z.object({ offline: count, online: count, partiallyDegraded: count, total: count });
const onlineCounts = z.object({ online: count, total: count });
const total = z.object({ total: count });

/** Every member is always there: the GUI looks at them without asking. */
export const globalInsightSchema = z.object({
  /** RFC 3339. */
  createdAt: z.string(),
  dataplanes: z.object({
    gatewayBuiltin: statusCountsSchema,
    gatewayDelegated: statusCountsSchema,
    standard: statusCountsSchema,
  }),
  meshes: total,
  policies: total,
  /** By type. */
  resources: z.record(z.string(), total),
  services: z.object({
    external: total,
    gatewayBuiltin: statusCountsSchema,
    gatewayDelegated: statusCountsSchema,
    internal: statusCountsSchema,
  }),
  zones: z.object({ controlPlanes: onlineCounts, zoneEgresses: onlineCounts, zoneIngresses: onlineCounts }),
});

export const globalInsightsSchema = z.object({
  type: z.literal("GlobalInsights"),
  /** RFC 3339. */
  creationTime: z.string(),
  resources: z.record(z.string(), total),
});

export type StatusCounts = z.output<typeof statusCountsSchema>;
export type GlobalInsight = z.output<typeof globalInsightSchema>;
export type GlobalInsights = z.output<typeof globalInsightsSchema>;
