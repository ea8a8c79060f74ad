/**
 * Endpoint sets as a zone shows them: what a Dataplane, a zone ingress or a zone egress gets, and why. Same shape as the types
 * of @isthmus/topology.
 */
import { z } from "zod";

export const gateSchema = z.enum([
  "serviceUnknown",
  "notReachable",
  "portMismatch",
  "protocolMismatch",
  "nameConflict",
  "zoneDisabled",
  "withdrawn",
  "zoneDown",
  "meshWithoutMtls",
  "noIngressAddress",
  "duplicateAddress",
  "unresolvedAddress",
  "noEgress",
  "memberUnknown",
  "memberUnavailable",
  "notHealthy",
  "subsetMismatch",
  "policy",
]);

const serviceKindSchema = z.enum(["MeshService", "MeshMultiZoneService", "MeshExternalService"]);

/** Name in the store; `legacy`: a value of `kuma.io/service`. */
export const serviceRefSchema = z.object({
  kind: z.enum([...serviceKindSchema.options, "legacy"]),
  mesh: z.string(),
  name: z.string(),
});

const labelsSchema = z.record(z.string(), z.string());

/** Left out in JSON; to a program the member is there and undefined. */
export function absent<T extends z.ZodType>(schema: T) {
  return schema.optional().transform((value) => value);
}

export const endpointSchema = z.object({
  address: z.string(),
  port: z.number(),
  weight: z.number(),
  /** 0 is used first. */
  priority: z.number(),
  locality: absent(z.object({ zone: z.string(), subZone: z.string() })),
  localityWeight: z.number().exactOptional(),
  tags: labelsSchema,
  labels: labelsSchema,
});

const candidateSourceSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("instance"), mesh: z.string(), dataplane: z.string(), inbound: z.string() }),
  z.object({ kind: z.literal("zoneIngress"), zone: z.string(), name: z.string() }),
  z.object({ kind: z.literal("zoneAddress"), zone: z.string(), mesh: z.string(), name: z.string() }),
  z.object({ kind: z.literal("zoneEgress"), zone: z.string(), name: z.string() }),
  z.object({ kind: z.literal("external"), address: z.string() }),
  z.object({ kind: z.literal("none"), what: z.string() }),
]);

export const explanationSchema = z.object({
  from: absent(z.object({ mesh: z.string(), dataplane: z.string(), zone: z.string() })),
  /** Port 0: a legacy service, or an unknown one that was named without port. */
  to: z.object({ ...serviceRefSchema.shape, port: z.number() }),
  summary: z.string(),
  /** Those with an endpoint are in, in the order in which they are used; the others say by which gate they are out. */
  candidates: z
    .array(
      z.object({
        source: candidateSourceSchema,
        zone: z.string(),
        service: serviceRefSchema,
        endpoint: absent(endpointSchema),
        gate: absent(gateSchema),
        detail: z.string(),
        weightReason: z.string(),
        priorityReason: z.string(),
        syncAgeSeconds: absent(z.number()),
      }),
    )
    .readonly(),
  services: z
    .array(
      z.object({
        kind: serviceKindSchema,
        name: z.string(),
        displayName: z.string(),
        zone: z.string(),
        isLocal: z.boolean(),
        isAvailable: z.boolean(),
        healthyInstances: absent(z.number()),
      }),
    )
    .readonly(),
  policies: z.array(z.string()).readonly(),
  overprovisioningFactor: absent(z.number()),
});

/** A set without its reasons; of what is left out there are numbers by gate. */
const endpointSetShape = {
  service: serviceRefSchema,
  /** As its author named it. */
  displayName: z.string(),
  /** Zone of the service, "" for none. */
  serviceZone: z.string(),
  /** Tags that instances have to have besides `kuma.io/service`. */
  subset: labelsSchema,
  endpoints: z.array(endpointSchema).readonly(),
  leftOut: z.array(z.object({ gate: gateSchema, count: z.number() })).readonly(),
  policies: z.array(z.string()).readonly(),
  overprovisioningFactor: absent(z.number()),
};

export const outboundSchema = z.object({
  /** Where the application sends to; absent for a legacy service of a transparent proxy. */
  address: absent(z.string()),
  port: absent(z.number()),
  /** 0 for a legacy service. */
  servicePort: z.number(),
  ...endpointSetShape,
});

export const exposureSchema = z.object({
  sni: z.string(),
  /** 0 for a legacy service. */
  servicePort: z.number(),
  ...endpointSetShape,
});

const exposuresShape = {
  exposures: z.array(exposureSchema).readonly(),
  /** Why nothing, or less than all, is forwarded. */
  problems: z.array(z.string()).readonly(),
};

export const dataplaneEndpointsSchema = z.object({
  mesh: z.string(),
  name: z.string(),
  zone: z.string(),
  outbounds: z.array(outboundSchema).readonly(),
  /** Of a Dataplane that is a zone proxy. */
  listeners: z
    .array(z.object({ kind: z.enum(["ZoneIngress", "ZoneEgress"]), section: z.string(), ...exposuresShape }))
    .readonly(),
  /** What of the Dataplane is malformed. */
  problems: z.array(z.string()).readonly(),
});

/** Of a ZoneIngress or a ZoneEgress resource. */
export const zoneProxyEndpointsSchema = z.object({ name: z.string(), zone: z.string(), ...exposuresShape });

/** What a zone derives, for diagnosis: each collection with what it is derived from, and what is wrong with what it was given. */
export const topologySchema = z.object({
  collections: z
    .array(
      z.object({
        name: z.string(),
        kind: z.string(),
        size: z.number(),
        inputs: z.array(z.string()).readonly(),
        /** Since the zone started. */
        recomputations: z.number(),
        lastFlushMs: z.number(),
        dependencies: z.number(),
        dependants: z.number(),
        /** Keys whose derivation threw: a mistake of the program. */
        failing: z.array(z.object({ key: z.string(), message: z.string() })).readonly(),
        contested: z.array(z.string()).readonly(),
      }),
    )
    .readonly(),
  problems: z
    .array(
      z.object({
        kind: z.string(),
        /** Absent: the configuration. */
        resource: absent(z.object({ type: z.string(), mesh: z.string(), name: z.string() })),
        detail: z.string(),
      }),
    )
    .readonly(),
});

export type Gate = z.infer<typeof gateSchema>;
export type ServiceRef = z.infer<typeof serviceRefSchema>;
export type Endpoint = z.infer<typeof endpointSchema>;
export type Explanation = z.infer<typeof explanationSchema>;
export type Topology = z.infer<typeof topologySchema>;
export type Outbound = z.infer<typeof outboundSchema>;
export type Exposure = z.infer<typeof exposureSchema>;
export type DataplaneEndpoints = z.infer<typeof dataplaneEndpointsSchema>;
export type ZoneProxyEndpoints = z.infer<typeof zoneProxyEndpointsSchema>;
