/**
 * One service out of the MeshServices of all zones.
 * Source: kuma v2.14.3: pkg/core/resources/apis/meshmultizoneservice/api/v1alpha1.
 */
import { defineType, flow, json } from "../define-type.ts";
import { nameDeprecations } from "../names.ts";
import { conditions } from "../schemas/condition.ts";
import { addresses, hostnameGenerators, vip } from "../schemas/hostname.ts";
import { labelSelector } from "../schemas/label-selector.ts";
import { arrayOf, object, omitEmpty, optional, required, text } from "../schemas/shape.ts";
import { sniDeprecations } from "../sni.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";
import { validateMeshMultiZoneService } from "../validate/mesh-multi-zone-service.ts";

const port = object({
  name: optional(text),
  port: required({ kind: "integer", format: "int32" }),
  appProtocol: optional({ kind: "string", default: "tcp" }),
});

const matchedService = object({
  name: required(text),
  namespace: required(text),
  zone: required(text),
  mesh: required(text),
});

export const descriptor: TypeDescriptor = defineType({
  name: "MeshMultiZoneService",
  scope: "Mesh",
  format: json(
    object({
      selector: required(object({ meshService: required(labelSelector) })),
      ports: required(arrayOf(port, 1)),
    }),
  ),
  kds: flow("globalToZones"),
  path: "meshmultizoneservices",
  singular: "meshmultizoneservice",
  shortName: "mzsvc",
  isDestination: true,
  statusSchema: object({
    addresses: omitEmpty(addresses),
    vips: omitEmpty(arrayOf(vip)),
    meshServices: omitEmpty(arrayOf(matchedService)),
    hostnameGenerators: omitEmpty(hostnameGenerators),
    conditions: omitEmpty(conditions),
  }),
  emptyStatus: {},
  validate: validateMeshMultiZoneService,
  deprecations: (resource) => [...nameDeprecations(resource), ...sniDeprecations(descriptor, resource)],
});
