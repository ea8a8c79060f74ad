/** Resources of Envoy as bytes, with a version that says what is in them: equal content, equal version. */
import { createHash } from "node:crypto";
import { envoyFromJson, envoyToBinary, envoyToJson, typeUrlOf } from "@isthmus/proto/envoy";
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
  const known = envoyFromJson(schema, json as JsonObject);
  // A MeshProxyPatch may bring extensions that nothing else uses.
  const message = known.ok ? known : envoyFromJson(schema, json as JsonObject, allEnvoyTypes());
  if (!message.ok) return message;
  const bytes = envoyToBinary(schema, message.value);
  return ok({ name, bytes, version: createHash("sha256").update(bytes).digest("hex").slice(0, VERSION_HEX_DIGITS) });
}
