/**
 * Gives host names to the destinations it selects.
 * Source: kuma v2.14.3: pkg/core/resources/apis/hostnamegenerator/api/v1alpha1.
 */
import { defineType, flow, json } from "../define-type.ts";
import { labelSelector } from "../schemas/label-selector.ts";
import { alwaysEmitted, object, optional, required, text } from "../schemas/shape.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";
import { validateHostnameGenerator } from "../validate/hostname-generator.ts";

const selector = object({
  meshService: optional(labelSelector),
  meshExternalService: optional(labelSelector),
  meshMultiZoneService: optional(labelSelector),
});

export const descriptor: TypeDescriptor = defineType({
  name: "HostnameGenerator",
  scope: "Global",
  format: json(
    object({
      selector: alwaysEmitted(selector),
      template: required(text),
      extension: optional(object({ type: required(text), config: optional({ kind: "any" }) })),
    }),
  ),
  kds: flow("globalToZones", "zoneToGlobal"),
  path: "hostnamegenerators",
  singular: "hostnamegenerator",
  shortName: "hg",
  validate: validateHostnameGenerator,
});
