/** Where proxies log what passes through them. Source: kuma v2.14.3: pkg/plugins/policies/meshaccesslog/api/v1alpha1. */
import { definePolicy } from "../define-type.ts";
import { conditions } from "../schemas/condition.ts";
import { otelTarget } from "../schemas/otel-target.ts";
import { matchedRules, policySpec, targetItemsWith } from "../schemas/policy-spec.ts";
import { arrayOf, object, omitEmpty, oneOf, optional, required, requiredObject, text } from "../schemas/shape.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";
import { meshAccessLogDeprecations, validateMeshAccessLog } from "../validate/mesh-access-log.ts";

const someText = required({ kind: "string", minLength: 1 });

const format = optional(
  object({
    type: required(oneOf(["Plain", "Json"])),
    plain: optional(text),
    json: optional(arrayOf(object({ key: required(text), value: required(text) }))),
    omitEmptyValues: optional({ kind: "boolean", default: false }),
  }),
);

const attribute = object({
  key: required({ kind: "string", pattern: "^[a-z]([a-z0-9]|[._][a-z0-9])*$" }),
  value: required(text),
});

const backend = object({
  type: required(oneOf(["Tcp", "File", "OpenTelemetry"])),
  tcp: optional(object({ format, address: someText })),
  file: optional(object({ format, path: someText })),
  openTelemetry: optional(
    object({ attributes: optional(arrayOf(attribute)), body: optional({ kind: "any" }), ...otelTarget }),
  ),
});

const conf = requiredObject(object({ backends: optional(arrayOf(backend)) }));

export const descriptor: TypeDescriptor = definePolicy({
  name: "MeshAccessLog",
  shortName: "mal",
  to: true,
  from: "asRules",
  rules: true,
  spec: policySpec({
    to: targetItemsWith({ default: conf }),
    from: targetItemsWith({ default: conf }),
    rules: matchedRules(conf),
  }),
  statusSchema: object({ conditions: omitEmpty(conditions) }),
  emptyStatus: {},
  validate: validateMeshAccessLog,
  deprecations: meshAccessLogDeprecations,
});
