/**
 * Writes protobuf wire format from its end to its beginning: the length of a nested message is known when it is written, without a second pass and
 * without a copy of what is inside.
 */
import { Buffer } from "node:buffer";

const INITIAL_BYTES = 64 * 1024;
/** What a loop writes faster than a call into the runtime. */
const SHORT_CHARACTERS = 48;

export class BackwardWriter {
  #buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  /** Where the first byte is that was written. */
  #start = INITIAL_BYTES;

  /** Bytes written so far. */
  get size(): number {
    return this.#buffer.byteLength - this.#start;
  }

  clear(): void {
    this.#start = this.#buffer.byteLength;
  }

  /** A copy of all that was written since `clear`. */
  copy(): Uint8Array {
    return Uint8Array.prototype.slice.call(this.#buffer, this.#start);
  }

  /** @param value below 2^53, not negative. */
  varint(value: number): void {
    this.#reserve(10);
    if (value < 0x80) {
      this.#start -= 1;
      this.#buffer[this.#start] = value;
      return;
    }
    let size = 1;
    for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) size += 1;
    this.#start -= size;
    let position = this.#start;
    let rest = value;
    for (; rest > 0x7f; rest = Math.floor(rest / 128)) {
      this.#buffer[position] = (rest % 128) | 0x80;
      position += 1;
    }
    this.#buffer[position] = rest;
  }

  double(value: number): void {
    this.#reserve(8);
    this.#start -= 8;
    this.#buffer.writeDoubleLE(value, this.#start);
  }

  float(value: number): void {
    this.#reserve(4);
    this.#start -= 4;
    this.#buffer.writeFloatLE(value, this.#start);
  }

  bytes(value: Uint8Array): void {
    this.#reserve(value.byteLength);
    this.#start -= value.byteLength;
    this.#buffer.set(value, this.#start);
  }

  /** As UTF-8. */
  text(value: string): void {
    if (value.length <= SHORT_CHARACTERS && this.#ascii(value)) return;
    const size = Buffer.byteLength(value);
    this.#reserve(size);
    this.#start -= size;
    this.#buffer.write(value, this.#start, size);
  }

  /** False: it is not, and nothing was written. */
  #ascii(value: string): boolean {
    const { length } = value;
    this.#reserve(length);
    const start = this.#start - length;
    for (let i = 0; i < length; i += 1) {
      const unit = value.charCodeAt(i);
      if (unit > 0x7f) return false;
      this.#buffer[start + i] = unit;
    }
    this.#start = start;
    return true;
  }

  #reserve(count: number): void {
    if (count <= this.#start) return;
    const { size } = this;
    const larger = Buffer.allocUnsafeSlow(Math.max(size + count, this.#buffer.byteLength * 2));
    this.#buffer.copy(larger, larger.byteLength - size, this.#start);
    this.#buffer = larger;
    this.#start = larger.byteLength - size;
  }
}
