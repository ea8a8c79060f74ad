/** Lists of names as they stand in DiscoveryRequests: a thousand proxies of one mesh repeat the same one with each acknowledgement. */
import { hash } from "node:crypto";
import { BYTES } from "@isthmus/proto";

const NAMES_TAG = (3 << 3) | BYTES;
const INITIAL_BYTES = 64 * 1024;

export const NO_NAMES = Buffer.alloc(0);
const known = new Map<string, Buffer>();

export class SubscribedNames {
  #bytes = NO_NAMES;
  #size = 0;

  /** Forgets what was collected. */
  clear(): void {
    this.#bytes = NO_NAMES;
    this.#size = 0;
  }

  add(source: Buffer, start: number, end: number): void {
    const length = end - start;
    if (this.#size + length + 3 > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(INITIAL_BYTES, this.#bytes.length * 2));
      this.#bytes.copy(larger, 0, 0, this.#size);
      this.#bytes = larger;
    }
    this.#bytes[this.#size] = NAMES_TAG;
    this.#size += 1;
    if (length > 0x7f) {
      this.#bytes[this.#size] = (length & 0x7f) | 0x80;
      this.#size += 1;
    }
    this.#bytes[this.#size] = length > 0x7f ? length >> 7 : length;
    this.#size += 1;
    source.copy(this.#bytes, this.#size, start, end);
    this.#size += length;
  }

  /** As they are encoded; the same object for the same names. */
  finish(): Buffer {
    const names = this.#bytes.subarray(0, this.#size);
    this.clear();
    if (names.length === 0) return NO_NAMES;
    const key = hash("sha1", names, "base64");
    const shared = known.get(key) ?? Buffer.from(names);
    known.set(key, shared);
    return shared;
  }
}
