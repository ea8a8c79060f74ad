/**
 * One resource as bytes, encoded once for all proxies that need the same. Both protocol variants carry the same Any, and its
 * frame in a state-of-the-world response is, byte for byte, the last field of its frame in a delta response, so one
 * buffer serves both.
 */
import { hash } from "node:crypto";
import { varintSize, WireWriter } from "@isthmus/proto";
import type { TypeUrl } from "../type-urls.ts";

/** 132 bits: no two contents of a deployment ever share a version. */
const VERSION_CHARACTERS = 22;

export class EncodedResource {
  readonly typeUrl: TypeUrl;
  readonly name: string;
  /** Hash of type and content: the same on every control plane and after every restart. */
  readonly version: string;
  /** Only name and version are known: what a peer says it has. */
  readonly isForeign: boolean;
  readonly #frame: Uint8Array;
  readonly #anyFrameStart: number;
  readonly #bodyStart: number;

  /** Use `ResourcePool.resource`, which shares equal ones. */
  constructor(typeUrl: TypeUrl, name: string, version: string, body: Uint8Array, isForeign = false) {
    this.isForeign = isForeign;
    this.typeUrl = typeUrl;
    this.name = name;
    this.version = version;
    const any = new WireWriter(body.byteLength + typeUrl.length + 16).string(1, typeUrl).bytes(2, body).finish();
    const anyFrameSize = 1 + varintSize(any.byteLength) + any.byteLength;
    const head = new WireWriter().string(1, version).string(3, name).finish();
    const size = head.byteLength + anyFrameSize;
    const frameSize = 1 + varintSize(size) + size;
    // A copy of its own size: a small one would otherwise hold a slab that it shares with much that is gone.
    this.#frame = new WireWriter(frameSize)
      .varint(RESOURCES_TAG)
      .varint(size)
      .raw(head)
      .bytes(RESOURCE_ANY_FIELD, any)
      .finish()
      .slice();
    this.#anyFrameStart = frameSize - anyFrameSize;
    this.#bodyStart = frameSize - body.byteLength;
  }

  /** The message inside of the Any. */
  get body(): Uint8Array {
    return this.#frame.subarray(this.#bodyStart);
  }

  /** As it stands in a DiscoveryResponse, tag and length included. */
  get stateFrame(): Uint8Array {
    return this.#frame.subarray(this.#anyFrameStart);
  }

  /** As it stands in a DeltaDiscoveryResponse, tag and length included. */
  get deltaFrame(): Uint8Array {
    return this.#frame;
  }

  get stateBytes(): number {
    return this.#frame.byteLength - this.#anyFrameStart;
  }

  get deltaBytes(): number {
    return this.#frame.byteLength;
  }
}

/** `resources` is field 2 of both responses, and the Any is field 2 of `Resource`: the reason why one buffer serves both. */
const RESOURCES_TAG = (2 << 3) | 2;
const RESOURCE_ANY_FIELD = 2;

export function versionOf(typeUrl: TypeUrl, body: Uint8Array): string {
  return hash("sha256", Buffer.concat([Buffer.from(`${typeUrl}\0`), body]), "base64url").slice(0, VERSION_CHARACTERS);
}
