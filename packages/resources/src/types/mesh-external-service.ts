/**
 * A service outside of the mesh.
 * Source: kuma v2.14.3: pkg/core/resources/apis/meshexternalservice/api/v1alpha1.
 */
import { defineType, flow, json } from "../define-type.ts";
import { nameDeprecations } from "../names.ts";
import { conditions } from "../schemas/condition.ts";
import { addresses, hostnameGenerators, vip } from "../schemas/hostname.ts";
import { alwaysEmitted, arrayOf, object, omitEmpty, oneOf, optional, port, required, text } from "../schemas/shape.ts";
import { tlsVersion } from "../schemas/tls-version.ts";
import { sniDeprecations } from "../sni.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";
import { validateMeshExternalService } from "../validate/mesh-external-service.ts";

const match = object({
  type: optional(oneOf(["HostnameGenerator"], "HostnameGenerator")),
  port: required(port),
  protocol: optional(oneOf(["tcp", "grpc", "http", "http2"], "tcp")),
});

const endpoint = object({
  address: required({ kind: "string", minLength: 1 }),
  port: required(port),
  priority: optional({ kind: "integer", format: "int32", minimum: 0, maximum: 128 }),
});

const dataSource = object({
  secret: optional(text),
  inline: optional({ kind: "string", format: "byte" }),
  inlineString: optional(text),
});

const verification = object({
  mode: optional(oneOf(["SkipSAN", "SkipCA", "Secured", "SkipAll"], "Secured")),
  serverName: optional(text),
  subjectAltNames: optional(
    arrayOf(object({ type: optional(oneOf(["Exact", "Prefix"], "Exact")), value: required(text) })),
  ),
  caCert: optional(dataSource),
  clientCert: optional(dataSource),
  clientKey: optional(dataSource),
});

const no = optional({ kind: "boolean", default: false });

export const descriptor: TypeDescriptor = defineType({
  name: "MeshExternalService",
  scope: "Mesh",
  format: json(
    object({
      match: required(match),
      extension: optional(object({ type: required(text), config: optional({ kind: "any" }) })),
      endpoints: optional(arrayOf(endpoint)),
      tls: optional(
        object({
          enabled: no,
          version: optional(tlsVersion),
          allowRenegotiation: no,
          verification: optional(verification),
        }),
      ),
    }),
  ),
  kds: flow("globalToZones", "zoneToGlobal"),
  path: "meshexternalservices",
  singular: "meshexternalservice",
  shortName: "extsvc",
  isDestination: true,
  statusSchema: object({
    vip: alwaysEmitted(vip),
    addresses: omitEmpty(addresses),
    hostnameGenerators: omitEmpty(hostnameGenerators),
    // Kuma has none here and drops them.
    conditions: omitEmpty(conditions),
  }),
  emptyStatus: { vip: {} },
  validate: validateMeshExternalService,
  deprecations: (resource) => [...nameDeprecations(resource), ...sniDeprecations(descriptor, resource)],
});
