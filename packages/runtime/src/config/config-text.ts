/**
 * The effective configuration as JSON, as a zone tells it to its global and operators read it in the insight of the zone:
 * Kuma's keys, durations as text, secrets masked.
 */
import { formatGoDuration } from "@isthmus/std";
import type { z } from "zod";
import { isDuration, isSecret } from "./leaves.ts";
import { unwrapToObject } from "./load.ts";
import { type Config, configSchema } from "./schema.ts";

/** Kuma's. */
const MASK = "*****";
const NANOS_PER_MS = 1_000_000;

export function configText(config: Config, mode: "global" | "zone"): string {
  return JSON.stringify({ mode, ...(printable(config, configSchema) as object) });
}

function printable(value: unknown, schema: z.ZodType): unknown {
  const object = unwrapToObject(schema);
  if (object === undefined) {
    if (isSecret(schema)) return value === "" ? "" : MASK;
    return isDuration(schema) ? formatGoDuration(BigInt(Math.round((value as number) * NANOS_PER_MS))) : value;
  }
  const members = Object.entries(object.shape).map(([key, child]) => [
    key,
    printable((value as Readonly<Record<string, unknown>>)[key], child as z.ZodType),
  ]);
  return Object.fromEntries(members);
}
