/** Cuts what comes on a stream of HTTP/2 into messages of gRPC. Holds nothing but the beginning of the next one. */
import type { MessageBuffer } from "./message-buffer.ts";
import { GrpcCode, GrpcError } from "./status.ts";

/** Compressed flag, then the length, 32 bit. Source: grpc PROTOCOL-HTTP2.md, Length-Prefixed-Message. */
const PREFIX_BYTES = 5;

export interface ReadMessage {
  readonly isCompressed: boolean;
  /** A copy: a part of what was received would keep all of it alive. */
  readonly bytes: Buffer;
}

export class MessageReader {
  readonly #maxBytes: number;
  readonly #shared: MessageBuffer | undefined;
  readonly #parts: Buffer[] = [];
  #length = 0;
  /** Of the message whose prefix was read. */
  #awaited: { readonly isCompressed: boolean; readonly byteLength: number } | undefined;

  /** @param shared what messages are copied into, each over the one before; absent: each has a buffer of its own. */
  constructor(maxBytes: number, shared?: MessageBuffer) {
    this.#maxBytes = maxBytes;
    this.#shared = shared;
  }

  push(part: Buffer): void {
    this.#parts.push(part);
    this.#length += part.length;
  }

  /**
   * Undefined: it has not come whole yet.
   * @throws {GrpcError} when it is larger than allowed
   */
  next(): ReadMessage | undefined {
    if (this.#awaited === undefined) {
      if (this.#length < PREFIX_BYTES) return undefined;
      const prefix = this.#take(Buffer.allocUnsafe(PREFIX_BYTES));
      const byteLength = prefix.readUInt32BE(1);
      if (byteLength > this.#maxBytes) {
        const details = `Received message larger than max (${byteLength} vs ${this.#maxBytes})`;
        throw new GrpcError(GrpcCode.RESOURCE_EXHAUSTED, details);
      }
      this.#awaited = { isCompressed: prefix[0] === 1, byteLength };
    }
    const { isCompressed, byteLength } = this.#awaited;
    if (this.#length < byteLength) return undefined;
    this.#awaited = undefined;
    return { isCompressed, bytes: this.#take(this.#shared?.take(byteLength) ?? Buffer.allocUnsafe(byteLength)) };
  }

  #take(taken: Buffer): Buffer {
    const { byteLength } = taken;
    let filled = 0;
    let used = 0;
    for (const part of this.#parts) {
      if (filled === byteLength) break;
      const copied = part.copy(taken, filled);
      filled += copied;
      if (copied === part.length) used += 1;
      else this.#parts[used] = part.subarray(copied);
    }
    // Emptied in place, which gives back its room as well: another array would leave an old one behind, whose parts V8 keeps until it next collects everything.
    if (used === this.#parts.length) this.#parts.length = 0;
    else this.#parts.splice(0, used);
    this.#length -= byteLength;
    return taken;
  }
}
