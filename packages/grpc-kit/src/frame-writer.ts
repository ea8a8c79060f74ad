/**
 * Writes messages straight to the HTTP/2 stream of a server call. grpc-js copies every message to put five bytes in front
 * and passes it through a stream of its own; and a first response of some megabytes, queued for a hundred zones at once,
 * costs memory that the allocator never gives back. Here parts are asked for some at a time, as the peer reads, so
 * that a stream holds little however large the message is.
 */
import type { ServerHttp2Stream } from "node:http2";
import { type OutgoingMessage, partsOf } from "./message-parts.ts";

/** Compressed flag (never), then the length, 32 bit. Source: grpc PROTOCOL-HTTP2.md, Length-Prefixed-Message. */
const PREFIX_BYTES = 5;
/** Parts are handed over together up to about this size. */
const BATCH_BYTES = 64 * 1024;

export type HttpStream = Pick<ServerHttp2Stream, "write" | "cork" | "uncork" | "destroyed" | "writableEnded">;

interface Waiting {
  readonly message: OutgoingMessage;
  readonly done: () => void;
}

export class FrameWriter {
  readonly #stream: HttpStream;
  readonly #waiting: Waiting[] = [];
  #isWriting = false;

  constructor(stream: HttpStream) {
    this.#stream = stream;
  }

  /** `done` is called when the transport has taken the whole message; never, when the stream ends before. */
  write(message: OutgoingMessage, done: () => void): void {
    this.#waiting.push({ message, done });
    if (!this.#isWriting) this.#next();
  }

  #next(): void {
    const next = this.#waiting.shift();
    this.#isWriting = next !== undefined;
    if (next === undefined) return;
    const { message, done } = next;
    const prefix = Buffer.alloc(PREFIX_BYTES);
    prefix.writeUInt32BE(message.byteLength, 1);
    if (message instanceof Uint8Array) {
      this.#put([prefix, message], done);
      this.#next();
    } else {
      this.#writeParts(prefix, partsOf(message)[Symbol.iterator](), done);
    }
  }

  #writeParts(prefix: Uint8Array | undefined, parts: Iterator<Uint8Array>, done: () => void): void {
    const batch = prefix === undefined ? [] : [prefix];
    let size = 0;
    for (let next = parts.next(); next.done !== true; next = parts.next()) {
      batch.push(next.value);
      size += next.value.byteLength;
      if (size >= BATCH_BYTES) return this.#put(batch, () => this.#writeParts(undefined, parts, done));
    }
    const finish = (): void => {
      done();
      this.#next();
    };
    if (batch.length > 0) this.#put(batch, finish);
    else finish();
  }

  /** Nothing is written to a stream that is ending: the rest of what waits is dropped with it. */
  #put(batch: readonly Uint8Array[], taken: () => void): void {
    const stream = this.#stream;
    if (stream.destroyed || stream.writableEnded) {
      this.#waiting.length = 0;
      return;
    }
    const onTaken = (error: Error | null | undefined): void => {
      if (!error) taken();
    };
    stream.cork();
    for (const part of batch.slice(0, -1)) stream.write(part);
    const last = batch.at(-1);
    if (last !== undefined) stream.write(last, onTaken);
    stream.uncork();
  }
}
