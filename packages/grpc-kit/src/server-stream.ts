/**
 * The server's end of a bidirectional call, on the HTTP/2 stream itself: grpc-js would add some thirty objects and closures of its own, 4 KiB of each open
 * call, and copy each message once more. Ends at once and for sure: a status waits behind what was written before, and a peer that does not read would hold it
 * back for ever, so after a grace period the HTTP/2 stream is reset.
 */
import { constants, type ServerHttp2Stream } from "node:http2";
import type { Clock, TimerHandle } from "@isthmus/std";
import { BoundedStreamWriter } from "./bounded-stream-writer.ts";
import type { ByteStream, ByteStreamHandlers } from "./byte-stream.ts";
import type { CallProbe } from "./call-probe.ts";
import { decompress } from "./decompress.ts";
import { FrameWriter } from "./frame-writer.ts";
import type { MessageBuffer } from "./message-buffer.ts";
import type { OutgoingMessage } from "./message-parts.ts";
import { MessageReader, type ReadMessage } from "./message-reader.ts";
import type { PeerCertificate } from "./peer-certificate.ts";
import { ReadGarbage } from "./read-garbage.ts";
import { GrpcCode, GrpcError, type GrpcStatus, Metadata, sendableStatus } from "./status.ts";

/** How long a status may wait behind unread data. */
const END_GRACE_MS = 1_000;
const FAILED: GrpcStatus = { code: GrpcCode.INTERNAL, details: "stream failed" };
const NO_HEADERS = new Metadata();
/** Of all streams of the program. */
const READ_GARBAGE = new ReadGarbage();
const RESPONSE_HEADERS = { ":status": 200, "content-type": "application/grpc+proto" };
const ENCODINGS = { "grpc-accept-encoding": "identity,deflate,gzip", "grpc-encoding": "identity" };

/** What all streams of a method have in common. */
export interface StreamMethod {
  readonly path: string;
  readonly maxMessageBytes: number;
  /** Where handlers keep nothing of a message. */
  readonly messageBuffer: MessageBuffer | undefined;
  readonly highWaterBytes: number;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
}

export interface ServerStreamContext {
  readonly method: StreamMethod;
  readonly http2Stream: ServerHttp2Stream;
  /** `grpc-encoding` of the call. */
  readonly encoding: string;
  readonly peer: string;
  readonly connectionId: number;
  readonly peerCertificate: PeerCertificate | undefined;
  readonly probe: CallProbe;
}

export class ServerStream implements ByteStream {
  readonly peer: string;
  /** Equal for the streams of one connection, never re-used within the process. */
  readonly connectionId: number;
  readonly peerCertificate: PeerCertificate | undefined;
  readonly writer: BoundedStreamWriter;
  readonly #method: StreamMethod;
  readonly #http2Stream: ServerHttp2Stream;
  readonly #encoding: string;
  readonly #probe: CallProbe;
  readonly #frames: FrameWriter;
  readonly #reader: MessageReader;
  #hasHeaders = false;
  #handlers: ByteStreamHandlers | undefined;
  #status: GrpcStatus | undefined;
  #deadline: TimerHandle | undefined;
  #isPaused = false;
  /** A message is with its handler or is being decompressed: the next one waits. */
  #isBusy = false;
  /** It has, and the handler has not been told. */
  #peerHasEnded = false;

  constructor(context: ServerStreamContext) {
    const { method, http2Stream } = context;
    this.#method = method;
    this.#http2Stream = http2Stream;
    this.#encoding = context.encoding;
    this.#probe = context.probe;
    this.peer = context.peer;
    this.connectionId = context.connectionId;
    this.peerCertificate = context.peerCertificate;
    this.#frames = new FrameWriter(http2Stream);
    this.#reader = new MessageReader(method.maxMessageBytes, method.messageBuffer);
    this.writer = new BoundedStreamWriter(this, { highWaterBytes: method.highWaterBytes });
    http2Stream.pause();
    // A `close` follows each error.
    http2Stream.on("error", ignore);
    http2Stream.on("close", () => this.#close({ code: GrpcCode.CANCELLED, details: "the peer went away" }));
  }

  get path(): string {
    return this.#method.path;
  }

  get isClosed(): boolean {
    return this.#status !== undefined;
  }

  /** Starts reading; until then the peer's messages wait in flow control. Once per stream. */
  accept(handlers: ByteStreamHandlers): void {
    this.#handlers = handlers;
    if (this.#status !== undefined) {
      handlers.closed(this.#status);
      return;
    }
    this.#http2Stream.on("data", (part: Buffer) => {
      if (this.#status !== undefined) return;
      this.#reader.push(part);
      this.#read();
      READ_GARBAGE.read(part.byteLength);
    });
    this.#http2Stream.on("end", () => {
      this.#peerHasEnded = true;
      this.#read();
    });
    this.#read();
  }

  /** Sends response headers now instead of with the first message. The first ones count. */
  sendHeaders(metadata: Metadata): void {
    const stream = this.#http2Stream;
    if (this.#status !== undefined || this.#hasHeaders || stream.destroyed) return;
    this.#hasHeaders = true;
    stream.respond({ ...RESPONSE_HEADERS, ...ENCODINGS, ...metadata.toHttp2Headers() }, { waitForTrailers: true });
  }

  /** For the writer, which counts what is on its way. */
  write(message: OutgoingMessage, done: () => void): void {
    this.sendHeaders(NO_HEADERS);
    this.#probe.sent();
    this.#frames.write(message, done);
  }

  pause(): void {
    this.#isPaused = true;
    this.#http2Stream.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#read();
  }

  /** Ends the call with DEADLINE_EXCEEDED unless it has ended by then. */
  endAfter(ms: number): void {
    const status = { code: GrpcCode.DEADLINE_EXCEEDED, details: "Deadline exceeded" };
    this.#deadline = this.#method.clock.setTimeout(() => this.end(status), ms);
  }

  /** Ends the call with a status. Idempotent: the first status counts. */
  end(status: GrpcStatus): void {
    if (this.#status !== undefined) return;
    this.#resetAfterGrace();
    this.#sendStatus(sendableStatus(status));
    this.#close(status);
  }

  #sendStatus({ code, details }: GrpcStatus): void {
    const stream = this.#http2Stream;
    if (stream.destroyed) return;
    const trailers = { "grpc-status": code, "grpc-message": encodeURI(details) };
    if (this.#hasHeaders) {
      stream.once("wantTrailers", () => stream.sendTrailers(trailers));
      stream.end();
    } else {
      stream.respond({ ...RESPONSE_HEADERS, ...trailers }, { endStream: true });
    }
    // What still comes is dropped, so that it does not hold up the end.
    stream.resume();
  }

  #resetAfterGrace(): void {
    const stream = this.#http2Stream;
    const timer = this.#method.clock.setTimeout(() => stream.close(constants.NGHTTP2_CANCEL), END_GRACE_MS);
    stream.once("close", () => timer.cancel());
  }

  /** Hands over what is here, one message after the other, and reads on when the handler takes more. */
  #read(): void {
    while (!this.#isPaused && !this.#isBusy && this.#status === undefined) {
      const message = this.#next();
      if (message === undefined) break;
      this.#isBusy = true;
      if (message.isCompressed) {
        void this.#decompress(Buffer.from(message.bytes));
      } else {
        this.#deliver(message.bytes);
        this.#isBusy = false;
      }
    }
    if (this.#status !== undefined) return;
    if (this.#isPaused || this.#isBusy) this.#http2Stream.pause();
    else if (this.#peerHasEnded) this.#tellHalfClosed();
    else this.#http2Stream.resume();
  }

  #next(): ReadMessage | undefined {
    try {
      return this.#reader.next();
    } catch (error) {
      this.#fail(error);
      return undefined;
    }
  }

  async #decompress(bytes: Buffer): Promise<void> {
    try {
      const message = await decompress(bytes, this.#encoding, this.#method.maxMessageBytes);
      if (this.#status === undefined) this.#deliver(message);
    } catch (error) {
      this.#fail(error);
    }
    this.#isBusy = false;
    this.#read();
  }

  #deliver(message: Buffer): void {
    this.#probe.received();
    this.#guard(() => this.#handlers?.message(message));
  }

  #tellHalfClosed(): void {
    this.#peerHasEnded = false;
    this.#guard(() => this.#handlers?.halfClosed?.());
  }

  #guard(fn: () => void): void {
    try {
      fn();
    } catch (error) {
      this.#method.onError(error);
      this.end(FAILED);
    }
  }

  /** What the peer sent cannot be read. */
  #fail(error: unknown): void {
    const isKnown = error instanceof GrpcError;
    if (!isKnown) this.#method.onError(error);
    this.end(isKnown ? { code: error.code, details: error.details } : FAILED);
  }

  #close(status: GrpcStatus): void {
    if (this.#status !== undefined) return;
    this.#status = status;
    this.#deadline?.cancel();
    this.#probe.ended(status.code);
    this.writer.close();
    try {
      this.#handlers?.closed(status);
    } catch (error) {
      this.#method.onError(error);
    }
  }
}

function ignore(): void {}
