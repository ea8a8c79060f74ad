/**
 * Protobuf specs between their three forms: bytes on the wire, message objects, and the JSON of API and store. Whatever
 * comes from outside can be malformed, so decoding returns values; a name that the registry does not know is a
 * programming error and throws.
 */
import { type DescMessage, fromBinary, type Message, type MessageShape } from "@bufbuild/protobuf";
import { err, errorMessage, type JsonObject, type JsonValue, ok, type Result } from "@isthmus/std";
import { toDeterministicBinary } from "./deterministic-binary.ts";
import { messageFromJson } from "./json/from-json.ts";
import { MESSAGE_MAX_DEPTH } from "./json/json-error.ts";
import { messageToJson } from "./json/to-json.ts";
import { messageByName } from "./registry.ts";
import { typeUrlOf } from "./type-url.ts";
import type { WireAny } from "./wire/kuma-resource.ts";
import { scanSpec } from "./wire/spec-scan.ts";

/** The Any of a spec. */
export function packSpec(fullName: string, message: Message): WireAny {
  return { typeUrl: typeUrlOf(fullName), value: toDeterministicBinary(descriptorOf(fullName), message) };
}

/** Unknown fields stay with the message, see `hasUnknownFields`. */
export function decodeSpec<Desc extends DescMessage>(
  schema: Desc,
  bytes: Uint8Array,
): Result<MessageShape<Desc>, string> {
  const scan = scanSpec(schema, bytes);
  if (!scan.ok) return scan;
  try {
    return ok(fromBinary(schema, bytes, { recursionLimit: MESSAGE_MAX_DEPTH }));
  } catch (error) {
    return err(`malformed ${schema.typeName}: ${errorMessage(error)}`);
  }
}

export function specToJson(fullName: string, message: Message): Result<JsonObject, string> {
  return messageToJson(descriptorOf(fullName), message);
}

export function specFromJson(fullName: string, json: JsonValue): Result<Message, string> {
  return messageFromJson(descriptorOf(fullName), json);
}

/** @throws {Error} when the registry does not know the name. */
export function descriptorOf(fullName: string): DescMessage {
  const descriptor = messageByName(fullName);
  if (descriptor === undefined) throw new Error(`unknown protobuf message ${fullName}`);
  return descriptor;
}
