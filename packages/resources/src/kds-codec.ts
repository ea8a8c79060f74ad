/**
 * Specs and statuses as KDS carries them: protobuf bytes with the type URL of their message, or JSON text without type URL.
 * What is decoded and encoded again unchanged gives the same bytes: members keep their order, fields that we do not know
 * stay. Ten thousand resources pass here when a zone connects, so a canonical spec is not copied.
 * Source: kuma v2.14.3: pkg/core/resources/model/utils.go.
 */
import {
  decodeSpec as decodeMessage,
  descriptorOf,
  hasUnknownFields,
  messageNameOf,
  packSpec,
  specFromJson,
  specToJson,
  typeUrlOf,
} from "@isthmus/proto";
import { err, isJsonObject, type JsonObject, ok, parseJson, type Result } from "@isthmus/std";
import type { Resource } from "./resource.ts";
import type { Schema } from "./schema.ts";
import { decodeWithSchema } from "./schema-decoder.ts";
import type { TypeDescriptor } from "./type-descriptor.ts";

export interface EncodedSpec {
  /** "" for JSON types. */
  readonly typeUrl: string;
  readonly bytes: Uint8Array;
}

export interface DecodedSpec {
  readonly spec: JsonObject;
  /** The bytes themselves, kept when `spec` cannot show all of them. */
  readonly opaqueSpec?: Uint8Array;
}

/** A stored spec that its own type cannot express: damage, or a bug of whoever stored it. */
export class SpecEncodingError extends Error {
  readonly code = "SPEC_ENCODING";
}

/** @throws {SpecEncodingError} */
export function encodeSpec(descriptor: TypeDescriptor, resource: Pick<Resource, "spec" | "opaqueSpec">): EncodedSpec {
  if (descriptor.format.kind === "json") return { typeUrl: "", bytes: jsonBytes(resource.spec) };
  const { message } = descriptor.format;
  if (resource.opaqueSpec !== undefined) return { typeUrl: typeUrlOf(message), bytes: resource.opaqueSpec };
  const decoded = specFromJson(message, resource.spec);
  if (!decoded.ok) throw new SpecEncodingError(`spec of type ${descriptor.name}: ${decoded.error}`);
  const { typeUrl, value } = packSpec(message, decoded.value);
  return { typeUrl, bytes: value };
}

export function decodeSpec(
  descriptor: TypeDescriptor,
  typeUrl: string,
  bytes: Uint8Array,
): Result<DecodedSpec, string> {
  if (descriptor.format.kind === "json") {
    // The type URL of JSON is ignored, as Kuma does.
    const spec = decodeJson(descriptor.format.schema, bytes);
    return spec.ok ? ok({ spec: spec.value }) : spec;
  }
  const { message } = descriptor.format;
  const given = messageNameOf(typeUrl);
  if (given !== message) {
    return err(`mismatched message type: got ${JSON.stringify(given)} want ${JSON.stringify(message)}`);
  }
  const schema = descriptorOf(message);
  const decoded = decodeMessage(schema, bytes);
  if (!decoded.ok) return decoded;
  const spec = specToJson(message, decoded.value);
  if (!spec.ok) return spec;
  // A copy: a view into a received frame would keep the whole frame in memory. (`slice` of a Buffer is a view.)
  return ok(
    hasUnknownFields(schema, decoded.value)
      ? { spec: spec.value, opaqueSpec: new Uint8Array(bytes) }
      : { spec: spec.value },
  );
}

/** undefined for types without a status. */
export function encodeStatus(descriptor: TypeDescriptor, resource: Pick<Resource, "status">): Uint8Array | undefined {
  return descriptor.emptyStatus === undefined ? undefined : jsonBytes(resource.status ?? descriptor.emptyStatus);
}

/** An absent status is the empty one; that of a type without status is ignored. */
export function decodeStatus(
  descriptor: TypeDescriptor,
  bytes: Uint8Array | undefined,
): Result<JsonObject | undefined, string> {
  if (descriptor.emptyStatus === undefined || bytes === undefined) return ok(descriptor.emptyStatus);
  return decodeJson(descriptor.statusSchema ?? ANY_OBJECT, bytes);
}

const ANY_OBJECT: Schema = { kind: "map", values: { kind: "any" } };

function decodeJson(schema: Schema, bytes: Uint8Array): Result<JsonObject, string> {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
  const json = parseJson(text);
  if (!json.ok) return err(bytes.byteLength === 0 ? "unexpected end of JSON input" : json.error);
  const decoded = decodeWithSchema(schema, json.value, "keep");
  if (!decoded.ok) return decoded;
  return isJsonObject(decoded.value)
    ? ok(decoded.value)
    : err("json: cannot unmarshal value into Go value of type object");
}

const ESCAPED_BY_GO = /[<>&\u2028\u2029]/g;

/** `encoding/json` escapes these characters also outside of HTML. */
function jsonBytes(json: JsonObject): Uint8Array {
  const text = JSON.stringify(json);
  return Buffer.from(
    text.replace(ESCAPED_BY_GO, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`),
  );
}
