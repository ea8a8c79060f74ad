/** `envoy.config.core.v3.Node` as far as a control plane looks at it: Envoy lists hundreds of extensions, which are skipped. */
import { StructSchema } from "@bufbuild/protobuf/wkt";
import type { JsonObject } from "@isthmus/std";
import { messageToJson } from "../json/to-json.ts";
import { decodeSpec } from "../spec-codec.ts";
import { BYTES, WireError, type WireReader } from "./wire-reader.ts";

/** `metadata` is sent with the first request of a stream only. */
export type WireNode = { readonly id: string; readonly metadata: JsonObject | undefined };

export function readNode(reader: WireReader, before: WireNode | undefined): WireNode {
  let id = before?.id ?? "";
  let metadata = before?.metadata;
  const outer = reader.enter();
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === ((1 << 3) | BYTES)) id = reader.string();
    else if (tag === ((3 << 3) | BYTES)) metadata = { ...metadata, ...decodeStruct(reader.bytes()) };
    else reader.skip(tag);
  }
  reader.leave(outer);
  return { id, metadata };
}

function decodeStruct(bytes: Uint8Array): JsonObject {
  const struct = decodeSpec(StructSchema, bytes);
  const json = struct.ok ? messageToJson(StructSchema, struct.value) : struct;
  if (!json.ok) throw new WireError(`node metadata: ${json.error}`);
  return json.value;
}
