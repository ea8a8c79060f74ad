/**
 * Where a policy sends its telemetry: an endpoint in place, or a MeshOpenTelemetryBackend selected by labels.
 * Source: kuma v2.14.3: api/common/v1alpha1/targetref.go (BackendResourceRef).
 */
import type { Property } from "../schema.ts";
import { object, omitEmpty, oneOf, optional, required, texts } from "./shape.ts";

export const otelTarget: Readonly<Record<"endpoint" | "backendRef", Property>> = {
  endpoint: optional({ kind: "string", default: "" }),
  backendRef: optional(object({ kind: required(oneOf(["MeshOpenTelemetryBackend"])), labels: omitEmpty(texts) })),
};
