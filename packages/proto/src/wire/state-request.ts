/**
 * `envoy.service.discovery.v3.DiscoveryRequest`: subscription, ACK or NACK of one type, state of the world. Every one of them
 * repeats all names that the peer is subscribed to, a thousand on a large mesh and nearly always the same as before: they are read
 * only when they are others than those that the caller knows.
 */
import { Buffer } from "node:buffer";
import { hash } from "node:crypto";
import { err, ok, type Result } from "@isthmus/std";
import { readNode, type WireNode } from "./discovery-node.ts";
import { readStatus, type WireStatus } from "./rpc-status.ts";
import { BYTES, WireError, WireReader } from "./wire-reader.ts";

const NAMES_TAG = (3 << 3) | BYTES;
const NOTHING = new Uint8Array();

export type StateRequest = {
  readonly node: WireNode | undefined;
  /** Of the last response that was accepted; empty in a first request. */
  readonly versionInfo: string;
  readonly typeUrl: string;
  /** Undefined: those that were known for the type. */
  readonly names: readonly string[] | undefined;
  /** The names as they are encoded. */
  readonly region: NamesRegion;
  /** Empty in a first request. */
  readonly responseNonce: string;
  /** Present in a NACK. */
  readonly errorDetail: WireStatus | undefined;
};

/** All names of a request. */
export interface NamesRegion {
  /** Empty where there are other fields between them, which no encoder writes. */
  readonly bytes: Uint8Array;
  /** Equal digests, equal names in equal order. */
  readonly digest: string;
}

/** Names of a digest that another peer asked for. */
export type NamesOfDigest = (digest: string) => readonly string[] | undefined;

/** `known`: what the peer last asked for, by type. The region of the result may be a view into `bytes`. */
export function decodeStateRequest(
  bytes: Uint8Array,
  known: ReadonlyMap<string, NamesRegion>,
  namesOf: NamesOfDigest = () => undefined,
): Result<StateRequest, string> {
  try {
    return ok(readStateRequest(bytes, known, namesOf));
  } catch (error) {
    if (error instanceof WireError) return err(`malformed DiscoveryRequest: ${error.message}`);
    throw error;
  }
}

function readStateRequest(
  bytes: Uint8Array,
  known: ReadonlyMap<string, NamesRegion>,
  namesOf: NamesOfDigest,
): StateRequest {
  const reader = new WireReader(bytes);
  let node: WireNode | undefined;
  let versionInfo = "";
  let typeUrl = "";
  let responseNonce = "";
  let errorDetail: WireStatus | undefined;
  let first = 0;
  let end = 0;
  let start = 0;
  let isInRow = true;
  let repeated: NamesRegion | undefined;
  for (let tag = reader.tag(); tag !== 0; start = reader.position, tag = reader.tag()) {
    if (tag === NAMES_TAG) {
      if (end === 0) {
        first = start;
        repeated = regionAt(bytes, start, known);
      } else {
        isInRow &&= start === end;
        repeated = undefined;
      }
      if (repeated === undefined) reader.skip(tag);
      else reader.advanceTo(start + repeated.bytes.byteLength);
      end = reader.position;
    } else if (tag === ((1 << 3) | BYTES)) versionInfo = reader.string();
    else if (tag === ((2 << 3) | BYTES)) node = readNode(reader, node);
    else if (tag === ((4 << 3) | BYTES)) typeUrl = reader.string();
    else if (tag === ((5 << 3) | BYTES)) responseNonce = reader.string();
    else if (tag === ((6 << 3) | BYTES)) errorDetail = readStatus(reader, errorDetail);
    else reader.skip(tag);
  }
  const encoded = bytes.subarray(first, end);
  const region = repeated ?? { bytes: isInRow ? encoded : NOTHING, digest: hash("sha1", encoded, "base64url") };
  const isSame = known.get(typeUrl)?.digest === region.digest;
  const names = isSame ? undefined : (namesOf(region.digest) ?? readNames(encoded));
  return { node, versionInfo, typeUrl, names, region, responseNonce, errorDetail };
}

/** A known region that the message repeats there: comparing bytes is much less than reading a thousand names. */
function regionAt(
  message: Uint8Array,
  start: number,
  known: ReadonlyMap<string, NamesRegion>,
): NamesRegion | undefined {
  let longest: NamesRegion | undefined;
  for (const region of known.values()) {
    const { byteLength } = region.bytes;
    if (byteLength === 0 || byteLength <= (longest?.bytes.byteLength ?? 0)) continue;
    if (Buffer.compare(message.subarray(start, start + byteLength), region.bytes) === 0) longest = region;
  }
  return longest;
}

function readNames(region: Uint8Array): readonly string[] {
  const names: string[] = [];
  const reader = new WireReader(region);
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === NAMES_TAG) names.push(reader.string());
    else reader.skip(tag);
  }
  return names;
}
