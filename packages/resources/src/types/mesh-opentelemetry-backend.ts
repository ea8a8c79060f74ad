/**
 * A collector that policies refer to by label.
 * Source: kuma v2.14.3: pkg/core/resources/apis/meshopentelemetrybackend/api/v1alpha1.
 */
import { defineType, flow, json } from "../define-type.ts";
import { conditions } from "../schemas/condition.ts";
import { object, omitEmpty, oneOf, optional, text } from "../schemas/shape.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";
import { validateMeshOpenTelemetryBackend } from "../validate/mesh-opentelemetry-backend.ts";

const endpoint = object({
  address: optional(text),
  port: optional({ kind: "integer", format: "int32" }),
  path: optional(text),
});

const env = object({
  mode: optional(oneOf(["Disabled", "Optional", "Required"], "Optional")),
  precedence: optional(oneOf(["ExplicitFirst", "EnvFirst"], "EnvFirst")),
  allowSignalOverrides: optional({ kind: "boolean" }),
});

export const descriptor: TypeDescriptor = defineType({
  name: "MeshOpenTelemetryBackend",
  scope: "Mesh",
  format: json(
    object({ endpoint: optional(endpoint), protocol: optional(oneOf(["grpc", "http"])), env: optional(env) }),
  ),
  kds: flow("globalToZones", "zoneToGlobal"),
  path: "meshopentelemetrybackends",
  singular: "meshopentelemetrybackend",
  shortName: "motb",
  singularDisplayName: "Mesh OpenTelemetry Backend",
  statusSchema: object({ conditions: omitEmpty(conditions) }),
  emptyStatus: {},
  needsNoSchemaFromPeers: true,
  validate: validateMeshOpenTelemetryBackend,
});
