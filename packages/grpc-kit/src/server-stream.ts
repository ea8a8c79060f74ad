/**
 * The server's end of a bidirectional call. Ends at once and for sure: a status waits behind what was written before, and
 * a peer that does not read would hold it back for ever, so after a grace period the HTTP/2 stream is reset.
 */

import { constants, type ServerHttp2Stream } from "node:http2";
import { Metadata, type ServerDuplexStream } from "@grpc/grpc-js";
import type { Clock } from "@isthmus/std";
import { BoundedStreamWriter } from "./bounded-stream-writer.ts";
import type { ByteStream, ByteStreamHandlers } from "./byte-stream.ts";
import type { CallProbe } from "./call-probe.ts";
import { FrameWriter } from "./frame-writer.ts";
import { forgetRead, limitReadAhead } from "./grpc-js-internals.ts";
import type { PeerCertificate } from "./peer-certificate.ts";
import { GrpcCode, type GrpcStatus, sendableStatus } from "./status.ts";

/** How long a status may wait behind unread data. */
const END_GRACE_MS = 1_000;
const NO_HEADERS = new Metadata();

export interface ServerStreamContext {
  readonly call: ServerDuplexStream<Buffer, Buffer>;
  readonly http2Stream: ServerHttp2Stream;
  readonly connectionId: number;
  readonly peerCertificate: PeerCertificate | undefined;
  readonly highWaterBytes: number;
  readonly clock: Clock;
  readonly probe: CallProbe;
  readonly onError: (error: unknown) => void;
}

export class ServerStream implements ByteStream {
  readonly path: string;
  readonly metadata: Metadata;
  readonly peer: string;
  /** Equal for the streams of one connection, never re-used within the process. */
  readonly connectionId: number;
  readonly peerCertificate: PeerCertificate | undefined;
  readonly writer: BoundedStreamWriter;
  readonly #context: ServerStreamContext;
  #hasHeaders = false;
  #handlers: ByteStreamHandlers | undefined;
  #status: GrpcStatus | undefined;

  constructor(context: ServerStreamContext) {
    const { call } = context;
    this.#context = context;
    this.path = call.getPath();
    this.metadata = call.metadata;
    this.peer = call.getPeer();
    this.connectionId = context.connectionId;
    this.peerCertificate = context.peerCertificate;
    const frames = new FrameWriter(context.http2Stream);
    this.writer = new BoundedStreamWriter(
      {
        write: (message, done) => {
          this.sendHeaders(NO_HEADERS);
          context.probe.sent();
          frames.write(message, done);
        },
      },
      { highWaterBytes: context.highWaterBytes },
    );
    limitReadAhead(call);
    call.on("cancelled", () => this.#cancelled());
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
    const { call, probe } = this.#context;
    call.on("data", (message: Buffer) => {
      forgetRead(call);
      probe.received();
      this.#guard(() => handlers.message(message));
    });
    call.on("end", () => this.#guard(() => handlers.halfClosed?.()));
  }

  /** Sends response headers now instead of with the first message. The first ones count. */
  sendHeaders(metadata: Metadata): void {
    if (this.#status !== undefined || this.#hasHeaders) return;
    this.#hasHeaders = true;
    this.#context.call.sendMetadata(metadata);
  }

  pause(): void {
    this.#context.call.pause();
  }

  resume(): void {
    this.#context.call.resume();
  }

  /** Ends the call with a status. Idempotent: the first status counts. */
  end(status: GrpcStatus): void {
    if (this.#status !== undefined) return;
    const { call } = this.#context;
    const sent = sendableStatus(status);
    this.#resetAfterGrace();
    if (sent.code === GrpcCode.OK) call.end();
    else call.emit("error", { ...sent, name: "GrpcError", message: sent.details });
    this.#close(status);
  }

  /** The peer went away, or grpc-js itself ends the call: an oversize or undecodable message. Then its status counts. */
  #cancelled(): void {
    const { http2Stream } = this.#context;
    const close = (): void =>
      this.#close(statusSentOn(http2Stream) ?? { code: GrpcCode.CANCELLED, details: "the peer went away" });
    if (http2Stream.closed) return close();
    this.writer.close();
    // Its status may still wait behind unread data.
    http2Stream.once("close", close);
    this.#resetAfterGrace();
  }

  #resetAfterGrace(): void {
    const { http2Stream, clock } = this.#context;
    const timer = clock.setTimeout(() => http2Stream.close(constants.NGHTTP2_CANCEL), END_GRACE_MS);
    http2Stream.once("close", () => timer.cancel());
  }

  #guard(fn: () => void): void {
    if (this.#status !== undefined) return;
    try {
      fn();
    } catch (error) {
      this.#context.onError(error);
      this.end({ code: GrpcCode.INTERNAL, details: "stream failed" });
    }
  }

  #close(status: GrpcStatus): void {
    if (this.#status !== undefined) return;
    this.#status = status;
    this.#context.probe.ended(status.code);
    this.writer.close();
    try {
      this.#handlers?.closed(status);
    } catch (error) {
      this.#context.onError(error);
    }
  }
}

function statusSentOn({ sentTrailers, sentHeaders }: ServerHttp2Stream): GrpcStatus | undefined {
  const sent = sentTrailers?.["grpc-status"] === undefined ? sentHeaders : sentTrailers;
  const code = sent?.["grpc-status"];
  if (code === undefined) return undefined;
  return { code: Number(code), details: decodeURI(String(sent?.["grpc-message"] ?? "")) };
}
