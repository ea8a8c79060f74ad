/**
 * Writing to a gRPC stream with back-pressure in bytes. `write()` of grpc-js returns false after 16 *messages*, whether
 * these hold 19 bytes or 10 MiB, and it never refuses one: a peer that stops reading lets memory grow without limit.
 * Here a message counts from `write` until the transport has taken it, which HTTP/2 flow control delays for as long as the
 * peer does not read. The writer itself holds no queue: the caller asks `isBlocked` and produces nothing until `drained`.
 */

import type { OutgoingMessage } from "./message-parts.ts";

/** What takes the messages; `done` when it has. */
export interface WritableMessages {
  write(message: OutgoingMessage, done: () => void): void;
}

export interface BoundedStreamWriterOptions {
  /** At this many bytes on their way the writer is blocked; one message may exceed it. */
  readonly highWaterBytes: number;
  /** Where `drained` is reported after a block; half of the high-water mark when left out. */
  readonly lowWaterBytes?: number;
}

export class BoundedStreamWriter {
  readonly #stream: WritableMessages;
  readonly #highWaterBytes: number;
  readonly #lowWaterBytes: number;
  #drainListeners: readonly (() => void)[] = [];
  #pendingBytes = 0;
  #isBlocked = false;
  #isClosed = false;

  constructor(stream: WritableMessages, options: BoundedStreamWriterOptions) {
    this.#stream = stream;
    this.#highWaterBytes = options.highWaterBytes;
    this.#lowWaterBytes = options.lowWaterBytes ?? Math.floor(options.highWaterBytes / 2);
  }

  /** Bytes written and not yet taken by the transport. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  get isBlocked(): boolean {
    return this.#isBlocked;
  }

  /** False: do not write again until `drained`. After `close` messages are dropped. */
  write(message: OutgoingMessage): boolean {
    if (this.#isClosed) return false;
    const { byteLength } = message;
    this.#pendingBytes += byteLength;
    if (this.#pendingBytes >= this.#highWaterBytes) this.#isBlocked = true;
    this.#stream.write(message, () => this.#taken(byteLength));
    return !this.#isBlocked;
  }

  /** Called after each block, once the bytes on their way are few again. */
  onDrained(listener: () => void): void {
    // Of its exact size: one that grows makes room for seventeen.
    this.#drainListeners = [...this.#drainListeners, listener];
  }

  /** The stream has ended: nothing is written and nothing reported any more. */
  close(): void {
    this.#isClosed = true;
    this.#isBlocked = false;
    this.#pendingBytes = 0;
  }

  #taken(bytes: number): void {
    if (this.#isClosed) return;
    this.#pendingBytes -= bytes;
    if (!this.#isBlocked || this.#pendingBytes > this.#lowWaterBytes) return;
    this.#isBlocked = false;
    for (const listener of this.#drainListeners) listener();
  }
}
