/** A service of one zone. Source: kuma v2.14.3: pkg/core/resources/apis/meshservice/api/v1alpha1. */
import { defineType, flow, json } from "../define-type.ts";
import { nameDeprecations } from "../names.ts";
import { conditions } from "../schemas/condition.ts";
import { addresses, hostnameGenerators, vip } from "../schemas/hostname.ts";
import { labelSelector } from "../schemas/label-selector.ts";
import { alwaysEmitted, arrayOf, object, omitEmpty, oneOf, optional, required, text, texts } from "../schemas/shape.ts";
import { sniDeprecations } from "../sni.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";
import { validateMeshService } from "../validate/mesh-service.ts";

const selector = object({
  dataplaneTags: optional(texts),
  dataplaneRef: optional(object({ name: omitEmpty(text) })),
  dataplaneLabels: optional(labelSelector),
});

const port = object({
  name: optional(text),
  port: required({ kind: "integer", format: "int32" }),
  targetPort: optional({ kind: "intOrString" }),
  appProtocol: omitEmpty({ kind: "string", default: "tcp" }),
});

const identity = object({ type: required(oneOf(["ServiceTag", "SpiffeID"])), value: required(text) });

const count = omitEmpty({ kind: "integer" });

export const descriptor: TypeDescriptor = defineType({
  name: "MeshService",
  scope: "Mesh",
  format: json(
    object({
      state: omitEmpty(oneOf(["Available", "Unavailable"], "Unavailable")),
      selector: alwaysEmitted(selector),
      ports: omitEmpty(arrayOf(port)),
      identities: optional(arrayOf(identity)),
    }),
  ),
  kds: flow("zoneToGlobal", "acrossZones"),
  path: "meshservices",
  singular: "meshservice",
  shortName: "msvc",
  isDestination: true,
  statusSchema: object({
    addresses: omitEmpty(addresses),
    vips: omitEmpty(arrayOf(vip)),
    tls: alwaysEmitted(object({ status: omitEmpty(oneOf(["Ready", "NotReady"])) })),
    hostnameGenerators: omitEmpty(hostnameGenerators),
    dataplaneProxies: alwaysEmitted(object({ connected: count, healthy: count, total: count })),
    // Kuma has none here and drops them: what is wrong with the ports of a service is then known in its own zone only.
    conditions: omitEmpty(conditions),
  }),
  emptyStatus: { tls: {}, dataplaneProxies: {} },
  validate: validateMeshService,
  deprecations: (resource) => [...nameDeprecations(resource), ...sniDeprecations(descriptor, resource)],
});
