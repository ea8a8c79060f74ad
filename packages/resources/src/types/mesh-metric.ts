/** Which metrics of proxies and applications go where. Source: kuma v2.14.3: pkg/plugins/policies/meshmetric/api/v1alpha1. */
import { definePolicy } from "../define-type.ts";
import { conditions } from "../schemas/condition.ts";
import { otelTarget } from "../schemas/otel-target.ts";
import { policySpec } from "../schemas/policy-spec.ts";
import {
  alwaysEmitted,
  arrayOf,
  duration,
  flag,
  object,
  omitEmpty,
  oneOf,
  optional,
  required,
  text,
  uint32,
} from "../schemas/shape.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";
import { meshMetricDeprecations, validateMeshMetric } from "../validate/mesh-metric.ts";

const path = optional({ kind: "string", default: "/metrics" });

const selectors = optional(
  arrayOf(object({ type: required(oneOf(["Prefix", "Regex", "Exact", "Contains"])), match: required(text) })),
);

const profiles = object({
  appendProfiles: optional(arrayOf(object({ name: required(oneOf(["All", "Basic", "None"])) }))),
  exclude: selectors,
  include: selectors,
});

const application = object({ name: optional(text), path, address: optional(text), port: required(uint32) });

const prometheus = object({
  clientId: optional(text),
  port: optional({ ...uint32, default: 5670 }),
  path,
  tls: optional(object({ mode: optional(oneOf(["Disabled", "ProvidedTLS", "ActiveMTLSBackend"], "Disabled")) })),
});

const backend = object({
  type: required(oneOf(["Prometheus", "OpenTelemetry"])),
  prometheus: optional(prometheus),
  openTelemetry: optional(object({ ...otelTarget, refreshInterval: optional(duration) })),
});

const conf = object({
  sidecar: optional(object({ profiles: optional(profiles), includeUnused: optional(flag) })),
  applications: optional(arrayOf(application)),
  backends: optional(arrayOf(backend)),
});

export const descriptor: TypeDescriptor = definePolicy({
  name: "MeshMetric",
  shortName: "mm",
  spec: policySpec({ default: alwaysEmitted(conf) }),
  statusSchema: object({ conditions: omitEmpty(conditions) }),
  emptyStatus: {},
  validate: validateMeshMetric,
  deprecations: meshMetricDeprecations,
});
