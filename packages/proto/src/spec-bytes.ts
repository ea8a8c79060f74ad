/** Protobuf specs between message objects and the bytes of an Any. */
import { type DescMessage, fromBinary, type Message, type MessageShape } from "@bufbuild/protobuf";
import { err, errorMessage, ok, type Result } from "@isthmus/std";
import { toDeterministicBinary } from "./deterministic-binary.ts";
import { messageByName } from "./registry.ts";
import { typeUrlOf } from "./type-url.ts";
import type { WireAny } from "./wire/kuma-resource.ts";

/** The Any of a spec. The caller names a message of the registry; another name is a programming error. */
export function packSpec(fullName: string, message: Message): WireAny {
  return { typeUrl: typeUrlOf(fullName), value: toDeterministicBinary(descriptorOf(fullName), message) };
}

/** Malformed bytes are an error value. Unknown fields stay with the message, see `hasUnknownFields`. */
export function decodeSpec<Desc extends DescMessage>(
  schema: Desc,
  bytes: Uint8Array,
): Result<MessageShape<Desc>, string> {
  try {
    return ok(fromBinary(schema, bytes));
  } catch (error) {
    return err(`malformed ${schema.typeName}: ${errorMessage(error)}`);
  }
}

/** @throws {Error} when the registry does not know the name. */
export function descriptorOf(fullName: string): DescMessage {
  const descriptor = messageByName(fullName);
  if (descriptor === undefined) throw new Error(`unknown protobuf message ${fullName}`);
  return descriptor;
}
