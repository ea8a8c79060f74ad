/** gRPC's message framing on a raw HTTP/2 stream: one flag byte, four length bytes, the message. */

const HEADER_BYTES = 5;

export function frame(message: Uint8Array): Buffer {
  const out = Buffer.allocUnsafe(HEADER_BYTES + message.length);
  out[0] = 0;
  out.writeUInt32BE(message.length, 1);
  out.set(message, HEADER_BYTES);
  return out;
}

/** Cuts a byte stream back into messages. Compressed messages are an error: the generator asks for none. */
export class FrameReader {
  readonly #onMessage: (message: Buffer) => void;
  #chunks: Buffer[] = [];
  #size = 0;
  /** Bytes that must be there before the next step can be taken: the header, then header and message. */
  #needed = HEADER_BYTES;

  constructor(onMessage: (message: Buffer) => void) {
    this.#onMessage = onMessage;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    if (this.#size < this.#needed) return;
    let bytes = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks);
    for (;;) {
      this.#needed = HEADER_BYTES;
      if (bytes.length < HEADER_BYTES) break;
      if (bytes[0] !== 0) throw new Error("compressed gRPC message");
      this.#needed = HEADER_BYTES + bytes.readUInt32BE(1);
      if (bytes.length < this.#needed) break;
      const message = bytes.subarray(HEADER_BYTES, this.#needed);
      bytes = bytes.subarray(this.#needed);
      this.#onMessage(message);
    }
    this.#chunks = bytes.length > 0 ? [bytes] : [];
    this.#size = bytes.length;
  }
}
