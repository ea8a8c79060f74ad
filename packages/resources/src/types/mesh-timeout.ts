/** Source: kuma v2.14.3: pkg/plugins/policies/meshtimeout/api/v1alpha1. */
import { definePolicy } from "../define-type.ts";
import { object, optional } from "../schemas/shape.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";

const duration = optional({ kind: "duration" });

export const descriptor: TypeDescriptor = definePolicy({
  name: "MeshTimeout",
  shortName: "mt",
  to: true,
  from: "asRules",
  rules: true,
  conf: object({
    connectionTimeout: duration,
    idleTimeout: duration,
    http: optional(
      object({
        requestTimeout: duration,
        streamIdleTimeout: duration,
        maxStreamDuration: duration,
        maxConnectionDuration: duration,
        requestHeadersTimeout: duration,
      }),
    ),
  }),
});
