/** Writes protobuf wire format into one growing buffer; nested messages are encoded first and copied in. */
import { Buffer } from "node:buffer";

const INITIAL_BYTES = 256;

export class WireWriter {
  #buffer: Buffer;
  #size = 0;

  constructor(expectedBytes = INITIAL_BYTES) {
    this.#buffer = Buffer.allocUnsafe(expectedBytes);
  }

  /** The written bytes; the writer must not be used afterwards. */
  finish(): Uint8Array {
    return new Uint8Array(this.#buffer.buffer, this.#buffer.byteOffset, this.#size);
  }

  varint(value: number): this {
    this.#reserve(10);
    let rest = value;
    while (rest > 0x7f) {
      this.#buffer[this.#size] = (rest % 128) | 0x80;
      this.#size += 1;
      rest = Math.floor(rest / 128);
    }
    this.#buffer[this.#size] = rest;
    this.#size += 1;
    return this;
  }

  raw(bytes: Uint8Array): this {
    this.#reserve(bytes.byteLength);
    this.#buffer.set(bytes, this.#size);
    this.#size += bytes.byteLength;
    return this;
  }

  /** A length-delimited field, also when it is empty. */
  bytes(field: number, value: Uint8Array): this {
    return this.varint(field * 8 + 2)
      .varint(value.byteLength)
      .raw(value);
  }

  /** A string field, also when it is empty. */
  string(field: number, value: string): this {
    const length = Buffer.byteLength(value);
    this.varint(field * 8 + 2).varint(length);
    this.#reserve(length);
    this.#buffer.write(value, this.#size);
    this.#size += length;
    return this;
  }

  /** proto3 singular string: absent when empty. */
  optionalString(field: number, value: string | undefined): this {
    return value === undefined || value === "" ? this : this.string(field, value);
  }

  strings(field: number, values: Iterable<string> | undefined): this {
    for (const value of values ?? []) this.string(field, value);
    return this;
  }

  /** map<string, string> with entries sorted by the UTF-8 bytes of the key, as Go's deterministic marshaller does. */
  stringMap(field: number, entries: Readonly<Record<string, string>> | undefined): this {
    if (entries === undefined) return this;
    for (const key of Object.keys(entries).sort(compareUtf8)) {
      const value = entries[key] ?? "";
      const keyLength = Buffer.byteLength(key);
      const valueLength = Buffer.byteLength(value);
      this.varint(field * 8 + 2)
        .varint(2 + varintSize(keyLength) + keyLength + varintSize(valueLength) + valueLength)
        .string(1, key)
        .string(2, value);
    }
    return this;
  }

  #reserve(count: number): void {
    const needed = this.#size + count;
    if (needed <= this.#buffer.byteLength) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#buffer.byteLength * 2));
    this.#buffer.copy(grown, 0, 0, this.#size);
    this.#buffer = grown;
  }
}

export function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 128)) size += 1;
  return size;
}

/** Order of UTF-8 bytes, which differs from JavaScript's order only when surrogate pairs are involved. */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i += 1) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    const isHighX = x >= 0xd800 && x <= 0xdfff;
    const isHighY = y >= 0xd800 && y <= 0xdfff;
    if (isHighX !== isHighY) return isHighX ? 1 : -1;
    return x - y;
  }
  return a.length - b.length;
}
