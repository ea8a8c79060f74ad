/**
 * One buffer for all messages of a server whose handlers keep nothing of them. A thousand proxies that acknowledge at about the same time send 35 KiB each: made
 * anew for each, that is garbage of many megabytes at once, and the allocator keeps such a peak.
 */

/** Larger ones are made anew. */
export const SHARED_BYTES_MAX = 256 * 1024;

export class MessageBuffer {
  #bytes = Buffer.alloc(0);

  /** Valid until the next message is taken. */
  take(byteLength: number): Buffer {
    if (byteLength > SHARED_BYTES_MAX) return Buffer.allocUnsafe(byteLength);
    if (byteLength > this.#bytes.byteLength)
      this.#bytes = Buffer.allocUnsafeSlow(Math.min(2 * byteLength, SHARED_BYTES_MAX));
    return this.#bytes.subarray(0, byteLength);
  }
}
