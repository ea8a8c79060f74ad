/**
 * Buckets as they stand in a DiscoveryResponse, in one piece, for those that many proxies are told: a thousand responses of some megabytes are
 * then writes of the same bytes. A bucket that only one proxy has is not kept: it is asked for once.
 */
import { joined } from "@isthmus/grpc-kit";
import type { Bucket } from "./resource-set.ts";

/** Of what is kept; the buckets asked for longest ago go first. */
export const KEPT_BYTES_MAX = 32 * 1024 * 1024;

export class SharedBytes {
  /** Gone with their buckets: what no proxy needs any more is not kept for its bytes. */
  readonly #bytes = new WeakMap<Bucket, Uint8Array>();
  readonly #askedOnce = new WeakSet<Bucket>();
  /** By version of the bucket, asked for longest ago first. */
  readonly #kept = new Map<string, { readonly bucket: WeakRef<Bucket>; readonly byteLength: number }>();
  #keptBytes = 0;

  /** Of buckets that are gone, too, until those asked for earlier have been dropped: for a gauge. */
  get size(): number {
    return this.#keptBytes;
  }

  /** In one part, or in some of which each is made when it is asked for. */
  parts(bucket: Bucket): Iterable<Uint8Array> {
    const known = this.#bytes.get(bucket);
    if (known !== undefined) {
      this.#touch(bucket.version);
      return [known];
    }
    const frames = bucket.resources.map(({ stateFrame }) => stateFrame);
    if (!this.#askedOnce.has(bucket)) {
      this.#askedOnce.add(bucket);
      return joined(frames);
    }
    const bytes = Buffer.concat(frames, bucket.stateBytes);
    this.#keep(bucket, bytes);
    return [bytes];
  }

  #touch(version: string): void {
    const kept = this.#kept.get(version);
    if (kept === undefined) return;
    this.#kept.delete(version);
    this.#kept.set(version, kept);
  }

  #keep(bucket: Bucket, bytes: Uint8Array): void {
    const { byteLength } = bytes;
    // Of one that was the same, and is gone.
    this.#drop(bucket.version);
    this.#bytes.set(bucket, bytes);
    this.#kept.set(bucket.version, { bucket: new WeakRef(bucket), byteLength });
    this.#keptBytes += byteLength;
    for (const version of this.#kept.keys()) {
      if (this.#keptBytes <= KEPT_BYTES_MAX) return;
      this.#drop(version);
    }
  }

  #drop(version: string): void {
    const kept = this.#kept.get(version);
    if (kept === undefined) return;
    this.#kept.delete(version);
    this.#keptBytes -= kept.byteLength;
    const bucket = kept.bucket.deref();
    if (bucket !== undefined) this.#bytes.delete(bucket);
  }
}
