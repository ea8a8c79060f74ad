/**
 * Which requests to a service go where, and what is changed on the way.
 * Source: kuma v2.14.3: pkg/plugins/policies/meshhttproute/api/v1alpha1.
 */
import { definePolicy } from "../define-type.ts";
import type { Property, StringSchema } from "../schema.ts";
import { headerMatch, headerModifier } from "../schemas/header.ts";
import { policySpec } from "../schemas/policy-spec.ts";
import {
  arrayOf,
  flag,
  intOrString,
  object,
  oneOf,
  optional,
  port,
  required,
  requiredObject,
  text,
} from "../schemas/shape.ts";
import { backendRef, targetRef } from "../schemas/target-ref.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";
import { validateMeshHttpRoute } from "../validate/mesh-http-route.ts";
import { targetRefDeprecations } from "../validate/policy-lists.ts";

const filledText: StringSchema = { kind: "string", minLength: 1 };

const match = object({
  path: optional(
    object({ value: required(filledText), type: required(oneOf(["Exact", "PathPrefix", "RegularExpression"])) }),
  ),
  method: optional(oneOf(["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"])),
  queryParams: optional(
    arrayOf(
      object({
        type: required(oneOf(["Exact", "RegularExpression"])),
        name: required(filledText),
        value: required(text),
      }),
    ),
  ),
  headers: optional(arrayOf(headerMatch)),
});

const hostname: Property = optional({
  kind: "string",
  minLength: 1,
  maxLength: 253,
  pattern: "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$",
});

const path = optional(
  object({
    type: required(oneOf(["ReplaceFullPath", "ReplacePrefixMatch"])),
    replaceFullPath: optional(text),
    replacePrefixMatch: optional(text),
  }),
);

const filter = object({
  type: required(
    oneOf(["RequestHeaderModifier", "ResponseHeaderModifier", "RequestRedirect", "URLRewrite", "RequestMirror"]),
  ),
  requestHeaderModifier: optional(headerModifier),
  responseHeaderModifier: optional(headerModifier),
  requestRedirect: optional(
    object({
      scheme: optional(oneOf(["http", "https"])),
      hostname,
      path,
      port: optional(port),
      statusCode: optional({ kind: "integer", enum: [301, 302, 303, 307, 308], default: 302 }),
    }),
  ),
  urlRewrite: optional(object({ hostname, path, hostToBackendHostname: optional(flag) })),
  requestMirror: optional(object({ percentage: optional(intOrString), backendRef: required(backendRef) })),
});

const rule = object({
  matches: required(arrayOf(match, 1)),
  default: requiredObject(object({ filters: optional(arrayOf(filter)), backendRefs: optional(arrayOf(backendRef)) })),
});

/** In Kuma's order, which has the hostnames first. */
const item = object({
  hostnames: optional(arrayOf(text)),
  targetRef: required(targetRef),
  rules: required(arrayOf(rule)),
});

export const descriptor: TypeDescriptor = definePolicy({
  name: "MeshHTTPRoute",
  shortName: "mhttpr",
  to: true,
  spec: policySpec({ to: optional(arrayOf(item)) }),
  validate: validateMeshHttpRoute,
  deprecations: ({ spec }) => targetRefDeprecations(spec),
});
