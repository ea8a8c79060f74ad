/** `POST /_what-if`: what would change if zones, doors or services went away. Same shape as the types of @isthmus/topology. */
import { z } from "zod";
import { serviceRefSchema } from "./endpoints.ts";

/** Longest list of names in one question. */
export const WHAT_IF_NAMES_MAX = 1_000;

/** Counted before they are looked at, so that a list without end has one thing wrong and not a million. */
const namesSchema = z
  .array(z.unknown())
  .max(WHAT_IF_NAMES_MAX, `must have ${WHAT_IF_NAMES_MAX} names at most`)
  .pipe(z.array(z.string().min(1, "must not be empty")))
  .readonly();

/** Strict: a misspelt member would be a question about nothing, whose answer is always that all is well. */
export const whatIfRequestSchema = z.strictObject({
  down: z
    .strictObject({
      zones: namesSchema.default([]),
      /** ZoneIngresses, MeshZoneAddresses and Dataplanes with a listener for ingress: name in the store, or display name. */
      ingresses: namesSchema.default([]),
      services: namesSchema.default([]),
    })
    .refine(
      ({ zones, ingresses, services }) => zones.length + ingresses.length + services.length > 0,
      "must name a zone, an ingress or a service",
    ),
});

const affectedShape = {
  service: serviceRefSchema,
  displayName: z.string(),
  /** 0 for a legacy service. */
  port: z.number(),
};

const beforeAfterShape = { before: z.number(), after: z.number() };

export const whatIfReportSchema = z.object({
  losses: z.object({
    zones: z.array(z.string()).readonly(),
    ingresses: z.array(z.string()).readonly(),
    services: z.array(z.string()).readonly(),
  }),
  /** Names that mean nothing here, such as `zone eats`. */
  unknown: z.array(z.string()).readonly(),
  servicesWithoutEndpoints: z
    .array(
      z.object({
        ...affectedShape,
        zone: z.string(),
        /** Proxies of the zone that was asked which would find no endpoint. */
        clients: z.number(),
        reasons: z.array(z.string()).readonly(),
      }),
    )
    .readonly(),
  servicesInOneZoneOnly: z
    .array(z.object({ ...affectedShape, zone: z.string(), zonesBefore: z.array(z.string()).readonly() }))
    .readonly(),
  /** Share of the traffic by zone, 0 to 1; "" is what is outside of all zones. */
  loadShift: z.array(z.object({ zone: z.string(), ...beforeAfterShape })).readonly(),
  /** Share that finds no endpoint. */
  lostLoad: z.object(beforeAfterShape),
  /** Number of sets whose first endpoints are of that priority. */
  prioritiesUsed: z.array(z.object({ priority: z.number(), ...beforeAfterShape })).readonly(),
  policiesBlockingFailover: z
    .array(
      z.object({
        ...affectedShape,
        policies: z.array(z.string()).readonly(),
        zones: z.array(z.string()).readonly(),
        detail: z.string(),
      }),
    )
    .readonly(),
});

export type WhatIfRequest = z.infer<typeof whatIfRequestSchema>;
export type WhatIfReport = z.infer<typeof whatIfReportSchema>;
