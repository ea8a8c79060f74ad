/**
 * What a policy, an item of it or a route is about. Which kinds and members fit where is up to each policy
 * (validate/target-ref.ts). Source: kuma v2.14.3: api/common/v1alpha1/targetref.go.
 */
import { arrayOf, object, oneOf, optional, required, text, texts, uint32 } from "./shape.ts";

/** In the order in which the schema names them. */
export const TARGET_REF_KINDS = [
  "Mesh",
  "MeshSubset",
  "MeshGateway",
  "MeshService",
  "MeshExternalService",
  "MeshMultiZoneService",
  "MeshServiceSubset",
  "MeshHTTPRoute",
  "Dataplane",
] as const;

export type TargetRefKind = (typeof TARGET_REF_KINDS)[number];

export const targetRef = object({
  kind: required(oneOf(TARGET_REF_KINDS)),
  name: optional(text),
  tags: optional(texts),
  mesh: optional(text),
  proxyTypes: optional(arrayOf(oneOf(["Sidecar", "Gateway"]))),
  namespace: optional(text),
  labels: optional(texts),
  sectionName: optional(text),
});

/** Where a route sends traffic, and which share of it. */
export const backendRef = object({
  ...targetRef.properties,
  weight: optional({ kind: "integer", isUnsigned: true, minimum: 0, default: 1 }),
  port: optional(uint32),
});
