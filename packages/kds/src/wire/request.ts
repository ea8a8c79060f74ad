/** DeltaDiscoveryRequest between bytes and what the sessions speak of. */
import { decodeDeltaRequest, encodeDeltaRequest } from "@isthmus/proto";
import { type JsonObject, ok, type Result } from "@isthmus/std";
import type { SenderRequest } from "../session/sender-state.ts";
import { type PeerInfo, readPeerInfo } from "./node.ts";

export interface ReceivedRequest {
  readonly request: SenderRequest;
  /** Undefined when the request has no node; the stream's peer is known by its headers all the same. */
  readonly nodeId: string | undefined;
  /** From requests that carry node metadata. */
  readonly peer: PeerInfo | undefined;
}

/** `tellsHolds`: the peer announced `holds`, so a request without held ids says that nothing is held. */
export function readRequest(bytes: Uint8Array, tellsHolds: boolean): Result<ReceivedRequest, string> {
  const decoded = decodeDeltaRequest(bytes);
  if (!decoded.ok) return decoded;
  const { node, typeUrl, subscribe, unsubscribe, initialVersions, responseNonce, errorDetail, heldIds } = decoded.value;
  const peer = node?.metadata === undefined ? undefined : readPeerInfo(node.metadata);
  return ok({
    nodeId: node?.id,
    peer,
    request: {
      type: typeUrl,
      nonce: responseNonce,
      subscribe,
      unsubscribe,
      initialVersions: new Map(Object.entries(initialVersions)),
      error: errorDetail?.message,
      features: peer?.features,
      held: tellsHolds ? heldIds : undefined,
    },
  });
}

/** First request of a type: everything, with the full node. Never with `initial_resource_versions`. */
export function encodeSubscribe(zone: string, metadata: JsonObject, type: string): Uint8Array {
  return encodeDeltaRequest({ node: { id: zone, metadata }, typeUrl: type, subscribe: ["*"] });
}

export function encodeAck(
  zone: string,
  ack: { readonly type: string; readonly nonce: string; readonly held: readonly string[] | undefined },
): Uint8Array {
  return encodeDeltaRequest({ node: { id: zone }, typeUrl: ack.type, responseNonce: ack.nonce, heldIds: ack.held });
}

/** Kuma repeats the wildcard in NACKs and leaves the code 0. */
export function encodeNack(
  zone: string,
  nack: {
    readonly type: string;
    readonly nonce: string;
    readonly message: string;
    readonly held: readonly string[] | undefined;
  },
): Uint8Array {
  return encodeDeltaRequest({
    node: { id: zone },
    typeUrl: nack.type,
    subscribe: ["*"],
    responseNonce: nack.nonce,
    errorMessage: nack.message,
    heldIds: nack.held,
  });
}
