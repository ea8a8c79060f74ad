/** `envoy.service.discovery.v3.DeltaDiscoveryRequest`: a subscription, an ACK or a NACK of one type. */
import { StructSchema } from "@bufbuild/protobuf/wkt";
import { err, type JsonObject, ok, type Result } from "@isthmus/std";
import { toDeterministicBinary } from "../deterministic-binary.ts";
import { messageFromJson } from "../json/from-json.ts";
import { EXTENSION_FIELD } from "./delta-response.ts";
import { readNode, type WireNode } from "./discovery-node.ts";
import { readStringEntry } from "./kuma-resource.ts";
import { readStatus, type WireStatus } from "./rpc-status.ts";
import { BYTES, WireError, WireReader } from "./wire-reader.ts";
import { WireWriter } from "./wire-writer.ts";

export type DeltaRequest = {
  /** Undefined when the request has no node, which a Kuma peer does not survive. */
  readonly node: WireNode | undefined;
  readonly typeUrl: string;
  readonly subscribe: readonly string[];
  readonly unsubscribe: readonly string[];
  readonly initialVersions: Readonly<Record<string, string>>;
  /** Empty in a first request. */
  readonly responseNonce: string;
  /** Present in a NACK. */
  readonly errorDetail: WireStatus | undefined;
  readonly heldIds: readonly string[];
};

export type DeltaRequestInput = {
  readonly node?: { readonly id: string; readonly metadata?: JsonObject | undefined } | undefined;
  readonly typeUrl: string;
  readonly subscribe?: readonly string[] | undefined;
  readonly unsubscribe?: readonly string[] | undefined;
  readonly initialVersions?: Readonly<Record<string, string>> | undefined;
  readonly responseNonce?: string | undefined;
  /** Message of a NACK; the code stays 0, as Kuma sends it. */
  readonly errorMessage?: string | undefined;
  readonly heldIds?: readonly string[] | undefined;
};

/** @throws {RangeError} when the metadata is nested deeper than any peer reads. */
export function encodeDeltaRequest(input: DeltaRequestInput): Uint8Array {
  const writer = new WireWriter();
  if (input.node !== undefined) {
    const node = new WireWriter().optionalString(1, input.node.id);
    if (input.node.metadata !== undefined) node.bytes(3, encodeStruct(input.node.metadata));
    writer.bytes(1, node.finish());
  }
  writer
    .optionalString(2, input.typeUrl)
    .strings(3, input.subscribe)
    .strings(4, input.unsubscribe)
    .stringMap(5, input.initialVersions)
    .optionalString(6, input.responseNonce);
  if (input.errorMessage !== undefined) {
    writer.bytes(7, new WireWriter().optionalString(2, input.errorMessage).finish());
  }
  return writer.strings(EXTENSION_FIELD, input.heldIds).finish();
}

export function decodeDeltaRequest(bytes: Uint8Array): Result<DeltaRequest, string> {
  try {
    return ok(readDeltaRequest(new WireReader(bytes)));
  } catch (error) {
    if (error instanceof WireError) return err(`malformed DeltaDiscoveryRequest: ${error.message}`);
    throw error;
  }
}

function readDeltaRequest(reader: WireReader): DeltaRequest {
  let node: WireNode | undefined;
  let typeUrl = "";
  let responseNonce = "";
  let errorDetail: WireStatus | undefined;
  const subscribe: string[] = [];
  const unsubscribe: string[] = [];
  const initialVersions: Record<string, string> = {};
  const heldIds: string[] = [];
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === ((1 << 3) | BYTES)) node = readNode(reader, node);
    else if (tag === ((2 << 3) | BYTES)) typeUrl = reader.string();
    else if (tag === ((3 << 3) | BYTES)) subscribe.push(reader.string());
    else if (tag === ((4 << 3) | BYTES)) unsubscribe.push(reader.string());
    else if (tag === ((5 << 3) | BYTES)) readStringEntry(reader, initialVersions);
    else if (tag === ((6 << 3) | BYTES)) responseNonce = reader.string();
    else if (tag === ((7 << 3) | BYTES)) errorDetail = readStatus(reader, errorDetail);
    else if (tag === ((EXTENSION_FIELD << 3) | BYTES)) heldIds.push(reader.string());
    else reader.skip(tag);
  }
  return { node, typeUrl, subscribe, unsubscribe, initialVersions, responseNonce, errorDetail, heldIds };
}

/** Once per stream and a few hundred bytes, so the generated code serves well. */
function encodeStruct(value: JsonObject): Uint8Array {
  const struct = messageFromJson(StructSchema, value);
  if (!struct.ok) throw new RangeError(`node metadata: ${struct.error}`);
  return toDeterministicBinary(StructSchema, struct.value);
}
