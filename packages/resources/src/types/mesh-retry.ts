/** When and how often a request is tried again. Source: kuma v2.14.3: pkg/plugins/policies/meshretry/api/v1alpha1. */
import { definePolicy } from "../define-type.ts";
import { headerMatch, headerName } from "../schemas/header.ts";
import { policySpec, targetItems } from "../schemas/policy-spec.ts";
import { arrayOf, duration, int32, object, oneOf, optional, required, text, texts, uint32 } from "../schemas/shape.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";
import { GRPC_RETRY_ON, PREDICATES, validateMeshRetry } from "../validate/mesh-retry.ts";
import { targetRefDeprecations } from "../validate/policy-lists.ts";

const backOff = optional(object({ baseInterval: optional(duration), maxInterval: optional(duration) }));

const resetHeader = object({ name: required(headerName), format: required(oneOf(["Seconds", "UnixTimestamp"])) });

const rateLimitedBackOff = optional(
  object({ resetHeaders: optional(arrayOf(resetHeader)), maxInterval: optional(duration) }),
);

const attempts = {
  numRetries: optional(uint32),
  perTryTimeout: optional(duration),
  backOff,
  rateLimitedBackOff,
};

const predicate = object({
  predicate: required(oneOf(PREDICATES)),
  tags: optional(texts),
  updateFrequency: optional({ ...int32, default: 2 }),
});

const conf = object({
  tcp: optional(object({ maxConnectAttempt: optional(uint32) })),
  http: optional(
    object({
      ...attempts,
      retryOn: optional(arrayOf(text)),
      retriableResponseHeaders: optional(arrayOf(headerMatch)),
      retriableRequestHeaders: optional(arrayOf(headerMatch)),
      hostSelection: optional(arrayOf(predicate)),
      hostSelectionMaxAttempts: optional({ kind: "integer", format: "int64" }),
    }),
  ),
  grpc: optional(object({ ...attempts, retryOn: optional(arrayOf(oneOf(GRPC_RETRY_ON))) })),
});

export const descriptor: TypeDescriptor = definePolicy({
  name: "MeshRetry",
  shortName: "mr",
  to: true,
  spec: policySpec({ to: targetItems(conf) }),
  validate: validateMeshRetry,
  deprecations: ({ spec }) => targetRefDeprecations(spec),
});
