/** Changes to the configuration of Envoy itself. Source: kuma v2.14.3: pkg/plugins/policies/meshproxypatch/api/v1alpha1. */
import { definePolicy } from "../define-type.ts";
import type { ObjectSchema, Property } from "../schema.ts";
import { jsonPatches } from "../schemas/json-patch.ts";
import { policySpec } from "../schemas/policy-spec.ts";
import { arrayOf, object, oneOf, optional, required, requiredObject, text, texts } from "../schemas/shape.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";
import { meshProxyPatchDeprecations, validateMeshProxyPatch } from "../validate/mesh-proxy-patch.ts";

const RESOURCE_OPERATIONS = ["Add", "Remove", "Patch"];
const FILTER_OPERATIONS = ["Remove", "Patch", "AddFirst", "AddBefore", "AddAfter", "AddLast"];

const named = { origin: optional(text), name: optional(text) };
const filterMatch = object({ ...named, listenerName: optional(text), listenerTags: optional(texts) });

const modification = (match: Property, operations: readonly string[]): Property =>
  optional(object({ match, operation: required(oneOf(operations)), value: optional(text), jsonPatches }));

const resource = (match: ObjectSchema): Property => modification(optional(match), RESOURCE_OPERATIONS);

const filter = modification(optional(filterMatch), FILTER_OPERATIONS);

const conf = object({
  appendModifications: optional(
    arrayOf(
      object({
        cluster: resource(object(named)),
        listener: resource(object({ ...named, tags: optional(texts) })),
        networkFilter: filter,
        httpFilter: filter,
        virtualHost: modification(
          required(object({ ...named, routeConfigurationName: optional(text) })),
          RESOURCE_OPERATIONS,
        ),
      }),
    ),
  ),
});

export const descriptor: TypeDescriptor = definePolicy({
  name: "MeshProxyPatch",
  shortName: "mpp",
  spec: policySpec({ default: requiredObject(conf) }),
  validate: validateMeshProxyPatch,
  deprecations: meshProxyPatchDeprecations,
});
