/** Resources of Envoy as bytes, with a version that says what is in them: equal content, equal version. */
import { hash } from "node:crypto";
import { envoyBinaryFromJson, envoyFromJson, envoyToJson, typeUrlOf } from "@isthmus/proto/envoy";
import { allEnvoyTypes } from "@isthmus/proto/envoy/all";
import { ClusterSchema } from "@isthmus/proto/envoy/config/cluster/v3/cluster";
import { ClusterLoadAssignmentSchema } from "@isthmus/proto/envoy/config/endpoint/v3/endpoint";
import { ListenerSchema } from "@isthmus/proto/envoy/config/listener/v3/listener";
import { SecretSchema } from "@isthmus/proto/envoy/extensions/transport_sockets/tls/v3/secret";
import { type JsonObject, ok, type Result } from "@isthmus/std";

export interface EncodedResource {
  readonly name: string;
  /** Hash of the bytes, hexadecimal. */
  readonly version: string;
  readonly bytes: Uint8Array;
}

const SCHEMAS = {
  cluster: ClusterSchema,
  endpoints: ClusterLoadAssignmentSchema,
  listener: ListenerSchema,
  secret: SecretSchema,
} as const;

export type ResourceKind = keyof typeof SCHEMAS;

const VERSION_HEX_DIGITS = 16;

export function typeUrl(kind: ResourceKind): string {
  return typeUrlOf(SCHEMAS[kind].typeName);
}

/** As Envoy's messages are written: one form for equal content. The error is as that of `encode`. */
export function canonicalForm(kind: ResourceKind, json: object): Result<JsonObject, string> {
  const schema = SCHEMAS[kind];
  const message = envoyFromJson(schema, json as JsonObject);
  if (message.ok) return envoyToJson(schema, message.value);
  const patched = envoyFromJson(schema, json as JsonObject, allEnvoyTypes());
  return patched.ok ? envoyToJson(schema, patched.value, allEnvoyTypes()) : patched;
}

/** The error says which member Envoy's messages do not have, or what is wrong with its value. */
export function encode(kind: ResourceKind, name: string, json: object): Result<EncodedResource, string> {
  const schema = SCHEMAS[kind];
  const known = envoyBinaryFromJson(schema, json as JsonObject);
  // A MeshProxyPatch may bring extensions that nothing else uses.
  const bytes = known.ok ? known : envoyBinaryFromJson(schema, json as JsonObject, allEnvoyTypes());
  if (!bytes.ok) return bytes;
  return ok({ name, bytes: bytes.value, version: hash("sha256", bytes.value, "hex").slice(0, VERSION_HEX_DIGITS) });
}
