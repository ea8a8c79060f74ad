/**
 * Writes messages straight to the HTTP/2 stream of a server call. grpc-js copies every message to put five bytes in front
 * and passes it through a stream of its own; and a first response of some megabytes, queued for a hundred zones at once,
 * costs memory that the allocator never gives back. Here parts are asked for some at a time, as the peer reads, so
 * that a stream holds little however large the message is.
 */
import type { ServerHttp2Stream } from "node:http2";
import { type OutgoingMessage, partsOf } from "./message-parts.ts";
import { WriteTurns } from "./write-turns.ts";

/** Compressed flag (never), then the length, 32 bit. Source: grpc PROTOCOL-HTTP2.md, Length-Prefixed-Message. */
const PREFIX_BYTES = 5;
/**
 * What is handed over at a time: one frame of HTTP/2, with its nine bytes and what the session adds of its own, fills one record of TLS, which fits encrypted
 * into one of the 16 KiB buffers that Node keeps for each connection, for its lifetime. A byte more takes a second one.
 */
const PIECE_BYTES = 16 * 1024 - 128;
/** Messages up to this size wait for nobody. */
const SMALL_BYTES = 4 * PIECE_BYTES;

export type HttpStream = Pick<ServerHttp2Stream, "write" | "cork" | "uncork" | "destroyed" | "writableEnded">;

const SHARED_TURNS = new WriteTurns();
const atOnce = (write: () => void): void => write();

interface Waiting {
  readonly message: OutgoingMessage;
  readonly done: () => void;
}

export class FrameWriter {
  readonly #stream: HttpStream;
  readonly #turns: WriteTurns;
  readonly #waiting: Waiting[] = [];
  #isWriting = false;

  /** @param turns of large messages; all streams of a program share them. */
  constructor(stream: HttpStream, turns = SHARED_TURNS) {
    this.#stream = stream;
    this.#turns = turns;
  }

  /** `done` is called when the transport has taken the whole message; never, when the stream ends before. */
  write(message: OutgoingMessage, done: () => void): void {
    if (this.#isWriting) this.#waiting.push({ message, done });
    else this.#begin({ message, done });
  }

  #next(): void {
    const next = this.#waiting.shift();
    this.#isWriting = next !== undefined;
    if (next !== undefined) this.#begin(next);
  }

  #begin({ message, done }: Waiting): void {
    this.#isWriting = true;
    const prefix = Buffer.alloc(PREFIX_BYTES);
    prefix.writeUInt32BE(message.byteLength, 1);
    if (message instanceof Uint8Array) {
      // To copy a small one costs less than to write two parts.
      this.#put(message.byteLength < PIECE_BYTES ? [Buffer.concat([prefix, message])] : [prefix, message], done);
      this.#next();
    } else {
      const wait = message.byteLength <= SMALL_BYTES ? atOnce : this.#turns.begin();
      // Nothing is asked for before its turn: a thousand parts of messages that wait would be held.
      wait(() => this.#writePieces(piecesOf(prefix, partsOf(message)), wait, done));
    }
  }

  #writePieces(pieces: Iterator<readonly Uint8Array[]>, wait: typeof atOnce, done: () => void): void {
    const { value, done: isOver } = pieces.next();
    if (isOver !== true) return this.#put(value, () => wait(() => this.#writePieces(pieces, wait, done)));
    done();
    this.#next();
  }

  /** Nothing is written to a stream that is ending: the rest of what waits is dropped with it. */
  #put(piece: readonly Uint8Array[], taken: () => void): void {
    const stream = this.#stream;
    if (stream.destroyed || stream.writableEnded) {
      this.#waiting.length = 0;
      return;
    }
    const onTaken = (error: Error | null | undefined): void => {
      if (!error) taken();
    };
    if (piece.length > 1) stream.cork();
    for (const [i, part] of piece.entries()) {
      if (i === piece.length - 1) stream.write(part, onTaken);
      else stream.write(part);
    }
    if (piece.length > 1) stream.uncork();
  }
}

/** The same bytes cut anew; nothing is copied. */
function* piecesOf(prefix: Uint8Array, parts: Iterable<Uint8Array>): Generator<readonly Uint8Array[], void, undefined> {
  let piece = [prefix];
  let room = PIECE_BYTES - prefix.byteLength;
  for (const part of parts) {
    let start = 0;
    while (part.byteLength - start >= room) {
      piece.push(part.subarray(start, start + room));
      yield piece;
      start += room;
      piece = [];
      room = PIECE_BYTES;
    }
    if (start === part.byteLength) continue;
    piece.push(part.subarray(start));
    room -= part.byteLength - start;
  }
  if (piece.length > 0) yield piece;
}
