/** Requests of `POST /tokens/*`; each answer is the token as plain text. Source: kuma v2.14.3: pkg/tokens/builtin/server/types. */
import { z } from "zod";

/** As Go writes durations: `24h0m0s`. */
const duration = z.string();

export const dataplaneTokenRequestSchema = z.object({
  name: z.string().optional(),
  mesh: z.string(),
  tags: z.record(z.string(), z.array(z.string())).optional(),
  /** `dataplane`, or left out for any. */
  type: z.string().optional(),
  workload: z.string().optional(),
  validFor: duration.optional(),
});

export const zoneTokenRequestSchema = z.object({
  zone: z.string(),
  /** What the token is good for: `ingress`, `egress`. */
  scope: z.array(z.string()),
  validFor: duration.optional(),
});

export const userTokenRequestSchema = z.object({
  name: z.string(),
  groups: z.array(z.string()).optional(),
  validFor: duration,
});

export type DataplaneTokenRequest = z.infer<typeof dataplaneTokenRequestSchema>;
export type ZoneTokenRequest = z.infer<typeof zoneTokenRequestSchema>;
export type UserTokenRequest = z.infer<typeof userTokenRequestSchema>;
