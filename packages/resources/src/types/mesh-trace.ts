/** Which requests are traced, and where the traces go. Source: kuma v2.14.3: pkg/plugins/policies/meshtrace/api/v1alpha1. */
import { definePolicy } from "../define-type.ts";
import { conditions } from "../schemas/condition.ts";
import { otelTarget } from "../schemas/otel-target.ts";
import { policySpec } from "../schemas/policy-spec.ts";
import {
  alwaysEmitted,
  arrayOf,
  intOrString,
  object,
  omitEmpty,
  oneOf,
  optional,
  required,
  text,
} from "../schemas/shape.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";
import { meshTraceDeprecations, validateMeshTrace } from "../validate/mesh-trace.ts";

const no = optional({ kind: "boolean", default: false });

const zipkin = object({
  url: required(text),
  traceId128bit: no,
  apiVersion: optional(oneOf(["httpJson", "httpProto"], "httpJson")),
  sharedSpanContext: optional({ kind: "boolean", default: true }),
});

const backend = object({
  type: required(oneOf(["Zipkin", "Datadog", "OpenTelemetry"])),
  zipkin: optional(zipkin),
  datadog: optional(object({ url: required(text), splitService: no })),
  openTelemetry: optional(object(otelTarget)),
});

const share = optional(intOrString);

const tag = object({
  name: required(text),
  literal: optional(text),
  header: optional(object({ name: required(text), default: optional(text) })),
});

const conf = object({
  // Envoy knows one; a list is what Kuma's merging of policies can replace as a whole.
  backends: optional(arrayOf(backend, undefined, 1)),
  sampling: optional(object({ overall: share, client: share, random: share })),
  tags: optional(arrayOf(tag)),
});

export const descriptor: TypeDescriptor = definePolicy({
  name: "MeshTrace",
  shortName: "mtr",
  spec: policySpec({ default: alwaysEmitted(conf) }),
  statusSchema: object({ conditions: omitEmpty(conditions) }),
  emptyStatus: {},
  validate: validateMeshTrace,
  deprecations: meshTraceDeprecations,
});
