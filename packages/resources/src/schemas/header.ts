/**
 * HTTP headers, matched and changed.
 * Source: kuma v2.14.3: api/common/v1alpha1/header.go, pkg/plugins/policies/meshhttproute/api/v1alpha1/meshhttproute.go.
 */
import type { StringSchema } from "../schema.ts";
import { arrayOf, object, omitEmpty, oneOf, optional, required, text } from "./shape.ts";

/** Lower case only: header names are compared without regard to case. */
export const headerName: StringSchema = {
  kind: "string",
  minLength: 1,
  maxLength: 256,
  pattern: "^[a-z0-9!#$%&'*+\\-.^_\\x60|~]+$",
};

export const headerMatch = object({
  type: optional(oneOf(["Exact", "Present", "RegularExpression", "Absent", "Prefix"], "Exact")),
  name: required(headerName),
  value: omitEmpty(text),
});

export const HEADER_CHANGES_MAX = 16;

const headerValues = optional(
  arrayOf(object({ name: required(headerName), value: required(text) }), undefined, HEADER_CHANGES_MAX),
);

/** Headers that are replaced and added; `headerModifier` can also take them away. */
export const headerAdditions = object({ set: headerValues, add: headerValues });

export const headerModifier = object({
  ...headerAdditions.properties,
  remove: optional(arrayOf(text, undefined, HEADER_CHANGES_MAX)),
});
