/**
 * Buckets as they stand in a DiscoveryResponse, in one piece, for those that many proxies are told: a thousand responses of some megabytes are
 * then writes of the same bytes. A bucket that only one proxy has is not kept: it is asked for once.
 */
import { joined } from "./joined.ts";
import type { Bucket } from "./resource-set.ts";

/** Of what is kept; the buckets asked for longest ago go first. */
export const KEPT_BYTES_MAX = 32 * 1024 * 1024;
/** Buckets that were asked for once. Many proxies are told the same at about the same time. */
export const REMEMBERED_MAX = 2_048;

export class SharedBytes {
  readonly #kept = new Map<Bucket, Uint8Array>();
  readonly #askedOnce = new Set<Bucket>();
  #keptBytes = 0;

  /** For a gauge. */
  get size(): number {
    return this.#keptBytes;
  }

  /** In one part, or in some of which each is made when it is asked for. */
  parts(bucket: Bucket): Iterable<Uint8Array> {
    const kept = this.#kept.get(bucket);
    if (kept !== undefined) {
      this.#kept.delete(bucket);
      this.#kept.set(bucket, kept);
      return [kept];
    }
    const frames = bucket.resources.map(({ stateFrame }) => stateFrame);
    if (!this.#askedOnce.delete(bucket)) {
      this.#remember(bucket);
      return joined(frames);
    }
    const bytes = Buffer.concat(frames, bucket.stateBytes);
    this.#keep(bucket, bytes);
    return [bytes];
  }

  #keep(bucket: Bucket, bytes: Uint8Array): void {
    this.#kept.set(bucket, bytes);
    this.#keptBytes += bytes.byteLength;
    for (const [oldest, { byteLength }] of this.#kept) {
      if (this.#keptBytes <= KEPT_BYTES_MAX) return;
      this.#kept.delete(oldest);
      this.#keptBytes -= byteLength;
    }
  }

  #remember(bucket: Bucket): void {
    this.#askedOnce.add(bucket);
    if (this.#askedOnce.size <= REMEMBERED_MAX) return;
    const [oldest] = this.#askedOnce;
    if (oldest !== undefined) this.#askedOnce.delete(oldest);
  }
}
