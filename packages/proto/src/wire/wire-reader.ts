/**
 * Reads protobuf wire format without descriptors. Stricter than the generated decoder where the peer may be hostile: a
 * length never leaves the enclosing message, strings are valid UTF-8, groups are bounded. Throws `WireError` only;
 * the decoders of this folder turn it into a value.
 */
import { Buffer } from "node:buffer";

export const VARINT = 0;
export const FIXED64 = 1;
export const BYTES = 2;
const START_GROUP = 3;
const END_GROUP = 4;
export const FIXED32 = 5;

/** Nested groups of unknown fields; nobody sends one. */
const GROUP_MAX_DEPTH = 32;

export class WireError extends Error {
  readonly code = "MALFORMED_PROTOBUF";
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export class WireReader {
  readonly #source: Uint8Array;
  readonly #bytes: Buffer;
  #position: number;
  #end: number;

  constructor(bytes: Uint8Array) {
    this.#source = bytes;
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#position = 0;
    this.#end = bytes.byteLength;
  }

  /** Next tag as `number << 3 | wire type`; 0 at the end of the message. */
  tag(): number {
    if (this.#position >= this.#end) return 0;
    const tag = this.varint();
    const wireType = tag & 7;
    if (tag > 0xffff_ffff || tag >>> 3 === 0 || wireType > FIXED32) throw new WireError(`invalid tag ${tag}`);
    return tag >>> 0;
  }

  /** Of the next byte, from the start of the message. */
  get position(): number {
    return this.#position;
  }

  /** To a position after the next byte, where a field begins, as the caller knows. */
  advanceTo(position: number): void {
    if (position < this.#position || position > this.#end) throw new WireError("truncated message");
    this.#position = position;
  }

  atEnd(): boolean {
    return this.#position >= this.#end;
  }

  /** Unsigned varint of up to 53 exact bits; bits above are dropped (no field that we read uses them). */
  varint(): number {
    let value = 0;
    let factor = 1;
    for (let i = 0; i < 10; i += 1) {
      if (this.#position >= this.#end) throw new WireError("truncated varint");
      const byte = this.#bytes[this.#position] ?? 0;
      this.#position += 1;
      if (i < 7) value += (byte & 0x7f) * factor;
      else if (i === 7) value += (byte & 0x0f) * factor;
      if (byte < 0x80) return value;
      factor *= 128;
    }
    throw new WireError("varint longer than 10 bytes");
  }

  /** A view into the given bytes, not a copy. */
  bytes(): Uint8Array {
    const length = this.#length();
    const start = this.#position;
    this.#position += length;
    return new Uint8Array(this.#source.buffer, this.#source.byteOffset + start, length);
  }

  string(): string {
    const length = this.#length();
    const start = this.#position;
    const end = start + length;
    this.#position = end;
    const bytes = this.#bytes;
    for (let i = start; i < end; i += 1) {
      if ((bytes[i] ?? 0) > 0x7f) return this.#unicode(start, end);
    }
    return bytes.toString("latin1", start, end);
  }

  /** Reads the next length and narrows this reader to it; give the result to `leave`. */
  enter(): number {
    const length = this.#length();
    const outer = this.#end;
    this.#end = this.#position + length;
    return outer;
  }

  leave(outer: number): void {
    this.#position = this.#end;
    this.#end = outer;
  }

  /** Skips the value of a field that the caller does not know. */
  skip(tag: number, depth = 0): void {
    switch (tag & 7) {
      case VARINT:
        this.varint();
        return;
      case FIXED64:
        this.#advance(8);
        return;
      case BYTES:
        this.#advance(this.#length());
        return;
      case FIXED32:
        this.#advance(4);
        return;
      case START_GROUP:
        if (depth >= GROUP_MAX_DEPTH) throw new WireError("groups nested too deep");
        for (;;) {
          const inner = this.tag();
          if (inner === 0) throw new WireError("unterminated group");
          if ((inner & 7) === END_GROUP) {
            if (inner >>> 3 !== tag >>> 3) throw new WireError("mismatching end of group");
            return;
          }
          this.skip(inner, depth + 1);
        }
      default:
        throw new WireError("end of group without start");
    }
  }

  #unicode(start: number, end: number): string {
    try {
      return utf8.decode(this.#source.subarray(start, end));
    } catch (cause) {
      throw new WireError("string is not valid UTF-8", { cause });
    }
  }

  #length(): number {
    const length = this.varint();
    if (length > this.#end - this.#position) throw new WireError("length exceeds the message");
    return length;
  }

  #advance(count: number): void {
    if (count > this.#end - this.#position) throw new WireError("truncated field");
    this.#position += count;
  }
}
