/** `envoy.service.discovery.v3.DeltaDiscoveryResponse`: resources that changed or are gone, of one type. */
import { err, ok, type Result } from "@isthmus/std";
import { KUMA_RESOURCE_TYPE_URL } from "../type-url.ts";
import { encodeAny, readAny, type WireAny } from "./kuma-resource.ts";
import { BYTES, WireError, WireReader } from "./wire-reader.ts";
import { varintSize, WireWriter } from "./wire-writer.ts";

/** Our own field in both directions; see discovery.proto. */
export const EXTENSION_FIELD = 1000;

export type DeltaResource = {
  /** `<name>.<mesh>`; ends with a dot for global-scoped types. */
  readonly name: string;
  readonly version: string;
  /** Type URL of the envelope; undefined when the resource has no content at all. */
  readonly anyTypeUrl: string | undefined;
  /** Bytes for `decodeKumaResource`: a view into the decoded message, copy what outlives it. */
  readonly kumaResourceBytes: Uint8Array | undefined;
};

export type DeltaResponse = {
  readonly typeUrl: string;
  readonly nonce: string;
  /** Identifier of the sender: `global` or the zone name; empty when absent. */
  readonly controlPlane: string;
  readonly systemVersionInfo: string;
  readonly resources: readonly DeltaResource[];
  readonly removed: readonly string[];
  readonly intents: readonly string[];
};

export type DeltaResponseInput = {
  readonly typeUrl: string;
  readonly nonce: string;
  readonly controlPlane: string;
  /** From `encodeResourceChunk`, in the order to send. */
  readonly chunks: readonly Uint8Array[];
  readonly removed?: readonly string[] | undefined;
  readonly intents?: readonly string[] | undefined;
};

/** One resource as it stands in a response, tag and length included: encoded once, copied into every response. */
export function encodeResourceChunk(resource: {
  readonly name: string;
  readonly version: string;
  readonly kumaResourceBytes: Uint8Array;
}): Uint8Array {
  const any = encodeAny(KUMA_RESOURCE_TYPE_URL, resource.kumaResourceBytes);
  const body = new WireWriter(any.byteLength + resource.name.length + resource.version.length + 32)
    .optionalString(1, resource.version)
    .bytes(2, any)
    .optionalString(3, resource.name)
    .finish();
  return new WireWriter(body.byteLength + 1 + varintSize(body.byteLength)).bytes(2, body).finish();
}

/** Cost: one copy of every chunk. */
export function encodeDeltaResponse(input: DeltaResponseInput): Uint8Array {
  let size = 256;
  for (const chunk of input.chunks) size += chunk.byteLength;
  const writer = new WireWriter(size);
  for (const chunk of input.chunks) writer.raw(chunk);
  writer.optionalString(4, input.typeUrl).optionalString(5, input.nonce).strings(6, input.removed);
  if (input.controlPlane !== "") writer.bytes(7, new WireWriter().string(1, input.controlPlane).finish());
  return writer.strings(EXTENSION_FIELD, input.intents).finish();
}

/** Envelopes are not opened: one undecodable resource must not hide the others. */
export function decodeDeltaResponse(bytes: Uint8Array): Result<DeltaResponse, string> {
  try {
    return ok(readDeltaResponse(new WireReader(bytes)));
  } catch (error) {
    if (error instanceof WireError) return err(`malformed DeltaDiscoveryResponse: ${error.message}`);
    throw error;
  }
}

function readDeltaResponse(reader: WireReader): DeltaResponse {
  let typeUrl = "";
  let nonce = "";
  let controlPlane = "";
  let systemVersionInfo = "";
  const resources: DeltaResource[] = [];
  const removed: string[] = [];
  const intents: string[] = [];
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === ((2 << 3) | BYTES)) resources.push(readResource(reader));
    else if (tag === ((4 << 3) | BYTES)) typeUrl = reader.string();
    else if (tag === ((5 << 3) | BYTES)) nonce = reader.string();
    else if (tag === ((6 << 3) | BYTES)) removed.push(reader.string());
    else if (tag === ((7 << 3) | BYTES)) controlPlane = readIdentifier(reader, controlPlane);
    else if (tag === ((1 << 3) | BYTES)) systemVersionInfo = reader.string();
    else if (tag === ((EXTENSION_FIELD << 3) | BYTES)) intents.push(reader.string());
    else reader.skip(tag);
  }
  return { typeUrl, nonce, controlPlane, systemVersionInfo, resources, removed, intents };
}

function readResource(reader: WireReader): DeltaResource {
  let name = "";
  let version = "";
  let any: WireAny | undefined;
  const outer = reader.enter();
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === ((1 << 3) | BYTES)) version = reader.string();
    else if (tag === ((2 << 3) | BYTES)) any = readAny(reader, any);
    else if (tag === ((3 << 3) | BYTES)) name = reader.string();
    else reader.skip(tag);
  }
  reader.leave(outer);
  return { name, version, anyTypeUrl: any?.typeUrl, kumaResourceBytes: any?.value };
}

function readIdentifier(reader: WireReader, before: string): string {
  let identifier = before;
  const outer = reader.enter();
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === ((1 << 3) | BYTES)) identifier = reader.string();
    else reader.skip(tag);
  }
  reader.leave(outer);
  return identifier;
}
