/** Requests for tokens as Go takes them: null and absent are the same, and what a kind of token needs is asked for later. */
import { z } from "zod";

const name = z.string().nullish();
const texts = z
  .array(
    z
      .string()
      .nullable()
      .transform((text) => text ?? ""),
  )
  .nullish();

export const dataplaneTokenRequestSchema = z.object({
  name,
  mesh: name,
  tags: z.record(z.string(), texts).nullish(),
  /** `dataplane`, `ingress`, `egress`; empty: any. */
  type: name,
  workload: name,
  /** Go duration; empty: ten years. */
  validFor: name,
});

export const zoneTokenRequestSchema = z.object({
  zone: name,
  scope: texts,
  /** Go duration; empty: ten years. */
  validFor: name,
});

export const userTokenRequestSchema = z.object({
  name,
  groups: texts,
  /** Go duration, required. */
  validFor: name,
});
