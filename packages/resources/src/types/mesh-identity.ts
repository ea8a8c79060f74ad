/**
 * SPIFFE ids of the proxies it selects, and who issues their certificates.
 * Source: kuma v2.14.3: pkg/core/resources/apis/meshidentity/api/v1alpha1.
 */
import { defineType, flow, json } from "../define-type.ts";
import { conditions } from "../schemas/condition.ts";
import { labelSelector } from "../schemas/label-selector.ts";
import { secureDataSource } from "../schemas/secure-data-source.ts";
import { object, omitEmpty, oneOf, optional, required, text } from "../schemas/shape.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";
import { validateMeshIdentity } from "../validate/mesh-identity.ts";

const bundled = object({
  meshTrustCreation: optional(oneOf(["Enabled", "Disabled"])),
  insecureAllowSelfSigned: optional({ kind: "boolean" }),
  autogenerate: optional(object({ enabled: optional({ kind: "boolean" }) })),
  ca: optional(object({ certificate: optional(secureDataSource), privateKey: optional(secureDataSource) })),
  certificateParameters: optional(object({ expiry: optional({ kind: "duration" }) })),
});

const provider = object({
  type: required(oneOf(["Bundled", "Spire", "Extension"])),
  bundled: optional(bundled),
  spire: optional(object({ agent: optional(object({ timeout: optional({ kind: "duration" }) })) })),
  extension: optional(object({ name: required(text), config: optional({ kind: "any" }) })),
});

export const descriptor: TypeDescriptor = defineType({
  name: "MeshIdentity",
  scope: "Mesh",
  format: json(
    object({
      selector: optional(object({ dataplane: optional(labelSelector) })),
      spiffeID: optional(object({ trustDomain: optional(text), path: optional(text) })),
      provider: optional(provider),
    }),
  ),
  kds: flow("globalToZones", "zoneToGlobal"),
  path: "meshidentities",
  singular: "meshidentity",
  shortName: "mid",
  statusSchema: object({ conditions: omitEmpty(conditions) }),
  emptyStatus: {},
  validate: validateMeshIdentity,
});
