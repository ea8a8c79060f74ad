/** ADS messages between bytes and what sessions speak of, for both variants. */
import { type OutgoingMessage, PART_BYTES } from "@isthmus/grpc-kit";
import { decodeDeltaRequest, decodeStateRequest, type NamesRegion, type WireNode, WireWriter } from "@isthmus/proto";
import { ok, type Result } from "@isthmus/std";
import { differenceBytes } from "../content/difference-bytes.ts";
import type { AdsRequest, AdsSend, AdsVariant } from "../session/ads-state.ts";

export interface ReceivedAdsRequest {
  readonly request: AdsRequest;
  /** Envoy sends it with the first request of a stream only. */
  readonly node: WireNode | undefined;
}

/** Reads the requests of one stream; remembers which names each type was last asked for. */
export class AdsRequestReader {
  readonly #variant: AdsVariant;
  readonly #regions = new Map<string, NamesRegion>();

  constructor(variant: AdsVariant) {
    this.#variant = variant;
  }

  read(bytes: Uint8Array): Result<ReceivedAdsRequest, string> {
    return this.#variant === "state" ? this.#readState(bytes) : readDelta(bytes);
  }

  #readState(bytes: Uint8Array): Result<ReceivedAdsRequest, string> {
    const read = decodeStateRequest(bytes, this.#regions, (digest) => REGIONS.get(digest)?.deref()?.names);
    if (!read.ok) return read;
    const { typeUrl, names, region, responseNonce, errorDetail, node } = read.value;
    // A session ends when it is asked for too many types, and this with it.
    if (names !== undefined) this.#regions.set(typeUrl, sharedRegion(region, names));
    return ok({
      node,
      request: { typeUrl, nonce: responseNonce, error: errorDetail?.message, interest: { variant: "state", names } },
    });
  }
}

interface SharedRegion extends NamesRegion {
  readonly names: readonly string[];
}

/** Proxies of a mesh ask for the same thousand names: they are kept once for all that do. */
const REGIONS = new Map<string, WeakRef<SharedRegion>>();
const forgotten = new FinalizationRegistry<string>((digest) => {
  if (REGIONS.get(digest)?.deref() === undefined) REGIONS.delete(digest);
});

function sharedRegion({ bytes, digest }: NamesRegion, names: readonly string[]): SharedRegion {
  const known = REGIONS.get(digest)?.deref();
  if (known !== undefined) return known;
  const region = { bytes: Uint8Array.from(bytes), digest, names };
  REGIONS.set(digest, new WeakRef(region));
  forgotten.register(region, digest);
  return region;
}

function readDelta(bytes: Uint8Array): Result<ReceivedAdsRequest, string> {
  const read = decodeDeltaRequest(bytes);
  if (!read.ok) return read;
  const { typeUrl, subscribe, unsubscribe, initialVersions, responseNonce, errorDetail, node } = read.value;
  return ok({
    node,
    request: {
      typeUrl,
      nonce: responseNonce,
      error: errorDetail?.message,
      interest: { variant: "delta", subscribe, unsubscribe, initialVersions },
    },
  });
}

/** Cost: a copy of every frame, made as the transport takes it; none of what many proxies are told. */
export function adsResponse(send: AdsSend, variant: AdsVariant, controlPlane: string): OutgoingMessage {
  const head = variant === "state" ? stateHead(send, controlPlane) : deltaHead(send, controlPlane);
  const { content } = send;
  if (content.form === "whole") {
    return message(head, content.resources.stateBytes, () => content.resources.stateParts());
  }
  const { size, parts } = differenceBytes(content.upserts, variant);
  return message(head, size, parts);
}

function message(head: Uint8Array, size: number, parts: () => Iterable<Uint8Array>): OutgoingMessage {
  const byteLength = head.byteLength + size;
  if (byteLength <= PART_BYTES) return Buffer.concat([head, ...parts()], byteLength);
  return {
    byteLength,
    *parts() {
      yield head;
      yield* parts();
    },
  };
}

export function resourceCount({ content }: AdsSend): number {
  return content.form === "whole" ? content.resources.size : content.upserts.length;
}

/** `DiscoveryResponse` without its resources; protobuf leaves the order of fields to the writer. */
function stateHead({ version, typeUrl, nonce }: AdsSend, controlPlane: string): Uint8Array {
  return new WireWriter()
    .string(1, version)
    .string(4, typeUrl)
    .string(5, nonce)
    .bytes(6, new WireWriter().optionalString(1, controlPlane).finish())
    .finish();
}

function deltaHead({ version, typeUrl, nonce, content }: AdsSend, controlPlane: string): Uint8Array {
  return new WireWriter()
    .string(1, version)
    .string(4, typeUrl)
    .string(5, nonce)
    .strings(6, content.form === "part" ? content.removals : [])
    .bytes(7, new WireWriter().optionalString(1, controlPlane).finish())
    .finish();
}
