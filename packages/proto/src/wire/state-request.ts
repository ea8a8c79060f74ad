/**
 * `envoy.service.discovery.v3.DiscoveryRequest`: subscription, ACK or NACK of one type, state of the world. Every one of them
 * repeats all names that the peer is subscribed to, a thousand on a large mesh and nearly always the same as before: they are read
 * only when the caller does not know them by their digest.
 */
import { hash } from "node:crypto";
import { err, ok, type Result } from "@isthmus/std";
import { readNode, type WireNode } from "./discovery-node.ts";
import { readStatus, type WireStatus } from "./rpc-status.ts";
import { BYTES, WireError, WireReader } from "./wire-reader.ts";

const NAMES_TAG = (3 << 3) | BYTES;

export type StateRequest = {
  readonly node: WireNode | undefined;
  /** Of the last response that was accepted; empty in a first request. */
  readonly versionInfo: string;
  readonly typeUrl: string;
  /** Undefined: the same names as in the request whose digest was known. */
  readonly names: readonly string[] | undefined;
  /** Of the encoded names; equal digests, equal names in equal order. */
  readonly namesDigest: string;
  /** Empty in a first request. */
  readonly responseNonce: string;
  /** Present in a NACK. */
  readonly errorDetail: WireStatus | undefined;
};

/** @param isKnown whether the caller has the names of this digest, for this type */
export function decodeStateRequest(
  bytes: Uint8Array,
  isKnown: (typeUrl: string, namesDigest: string) => boolean,
): Result<StateRequest, string> {
  try {
    return ok(readStateRequest(bytes, isKnown));
  } catch (error) {
    if (error instanceof WireError) return err(`malformed DiscoveryRequest: ${error.message}`);
    throw error;
  }
}

function readStateRequest(bytes: Uint8Array, isKnown: (typeUrl: string, namesDigest: string) => boolean): StateRequest {
  const reader = new WireReader(bytes);
  let node: WireNode | undefined;
  let versionInfo = "";
  let typeUrl = "";
  let responseNonce = "";
  let errorDetail: WireStatus | undefined;
  let first = 0;
  let end = 0;
  let start = 0;
  for (let tag = reader.tag(); tag !== 0; start = reader.position, tag = reader.tag()) {
    if (tag === NAMES_TAG) {
      if (end === 0) first = start;
      reader.skip(tag);
      end = reader.position;
    } else if (tag === ((1 << 3) | BYTES)) versionInfo = reader.string();
    else if (tag === ((2 << 3) | BYTES)) node = readNode(reader, node);
    else if (tag === ((4 << 3) | BYTES)) typeUrl = reader.string();
    else if (tag === ((5 << 3) | BYTES)) responseNonce = reader.string();
    else if (tag === ((6 << 3) | BYTES)) errorDetail = readStatus(reader, errorDetail);
    else reader.skip(tag);
  }
  // Encoders write the names in a row; other fields between them only make the digest depend on these as well.
  const region = bytes.subarray(first, end);
  const namesDigest = hash("sha1", region, "base64url");
  const names = isKnown(typeUrl, namesDigest) ? undefined : readNames(region);
  return { node, versionInfo, typeUrl, names, namesDigest, responseNonce, errorDetail };
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
