/**
 * Envoy's messages: registry, Any, JSON. The messages themselves are imported from the path of their description, for example
 * `@isthmus/proto/envoy/config/listener/v3/listener`: many of them share a name.
 */
import {
  type DescMessage,
  fromBinary,
  fromJson,
  type Message,
  type MessageShape,
  type JsonValue as ProtobufJson,
  type Registry,
  toJson,
} from "@bufbuild/protobuf";
import type { Any } from "@bufbuild/protobuf/wkt";
import { err, errorMessage, type JsonObject, type JsonValue, ok, type Result } from "@isthmus/std";
import { TypeRegistry } from "../descriptors/type-registry.ts";
import { toDeterministicBinary } from "../deterministic-binary.ts";
import { messageNameOf, typeUrlOf } from "../type-url.ts";
import { inDeclarationOrder } from "./declaration-order.ts";
import { typedFiles } from "./gen/typed-files.ts";
import { JsonEncoder } from "./json-encoder.ts";

export { typeUrlOf } from "../type-url.ts";

/** Every message that has generated code, by full name. */
export const envoyRegistry: Registry = new TypeRegistry(typedFiles);

/** An Any of a message. Equal content gives equal bytes, also for maps. */
export function packEnvoy<Desc extends DescMessage>(schema: Desc, message: MessageShape<Desc>): Any {
  return {
    $typeName: "google.protobuf.Any",
    typeUrl: typeUrlOf(schema.typeName),
    value: toDeterministicBinary(schema, message),
  };
}

export interface UnpackedMessage {
  readonly schema: DescMessage;
  readonly message: Message;
}

/** What is inside of an Any: an error for unknown types and malformed bytes. */
export function unpackEnvoy(
  any: { readonly typeUrl: string; readonly value: Uint8Array },
  registry: Registry = envoyRegistry,
): Result<UnpackedMessage, string> {
  const schema = registry.getMessage(messageNameOf(any.typeUrl));
  if (schema === undefined) return err(`unknown type ${any.typeUrl}`);
  try {
    return ok({ schema, message: fromBinary(schema, any.value) });
  } catch (error) {
    return err(`malformed ${schema.typeName}: ${errorMessage(error)}`);
  }
}

/** Stable bytes of a message: the content addressed by versions. */
export function envoyToBinary<Desc extends DescMessage>(schema: Desc, message: MessageShape<Desc>): Uint8Array {
  return toDeterministicBinary(schema, message);
}

/** Bytes of a message of JSON: equal content gives equal bytes, however it is spelled. The error is that of `envoyFromJson`. */
export function envoyBinaryFromJson(
  schema: DescMessage,
  json: JsonValue,
  registry: Registry = envoyRegistry,
): Result<Uint8Array, string> {
  const encoder = encoderOf(registry);
  const plain = encoder.encode(schema, json);
  if (plain !== undefined) return ok(plain);
  const message = envoyFromJson(schema, json, registry);
  if (!message.ok) return message;
  const spelled = envoyToJson(schema, message.value, registry);
  const bytes = spelled.ok ? encoder.encode(schema, spelled.value) : undefined;
  return ok(bytes ?? toDeterministicBinary(schema, message.value));
}

const encoders = new WeakMap<Registry, JsonEncoder>();

function encoderOf(registry: Registry): JsonEncoder {
  let encoder = encoders.get(registry);
  if (encoder === undefined) {
    encoder = new JsonEncoder(registry);
    encoders.set(registry, encoder);
  }
  return encoder;
}

/** Proto3 JSON in lower camel case, with the contents of every Any; members in the order of their declaration. */
export function envoyToJson<Desc extends DescMessage>(
  schema: Desc,
  message: MessageShape<Desc>,
  registry: Registry = envoyRegistry,
): Result<JsonObject, string> {
  try {
    return ok(inDeclarationOrder(schema, toJson(schema, message, { registry }) as JsonObject, registry));
  } catch (error) {
    return err(errorMessage(error));
  }
}

/** Reads lower camel case and the names of the descriptions alike; unknown fields and types are errors. */
export function envoyFromJson<Desc extends DescMessage>(
  schema: Desc,
  json: JsonValue,
  registry: Registry = envoyRegistry,
): Result<MessageShape<Desc>, string> {
  try {
    return ok(fromJson(schema, json as ProtobufJson, { registry, ignoreUnknownFields: false }));
  } catch (error) {
    return err(errorMessage(error));
  }
}
