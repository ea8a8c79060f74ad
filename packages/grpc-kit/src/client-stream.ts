/** The client's end of a bidirectional call. */
import type { ClientDuplexStream, Metadata, StatusObject } from "@grpc/grpc-js";
import { errorMessage } from "@isthmus/std";
import { BoundedStreamWriter } from "./bounded-stream-writer.ts";
import type { ByteStream, ByteStreamHandlers } from "./byte-stream.ts";
import type { CallProbe } from "./call-probe.ts";
import { limitReadAhead } from "./grpc-js-internals.ts";
import { wholeMessage } from "./message-parts.ts";
import { GrpcCode, type GrpcStatus } from "./status.ts";

export class ClientStream implements ByteStream {
  readonly path: string;
  readonly writer: BoundedStreamWriter;
  readonly #call: ClientDuplexStream<Buffer, Buffer>;
  readonly #handlers: ByteStreamHandlers;
  readonly #probe: CallProbe;
  #status: GrpcStatus | undefined;

  constructor(
    path: string,
    call: ClientDuplexStream<Buffer, Buffer>,
    highWaterBytes: number,
    handlers: ByteStreamHandlers,
    probe: CallProbe,
  ) {
    this.path = path;
    this.#call = call;
    this.#handlers = handlers;
    this.#probe = probe;
    this.writer = new BoundedStreamWriter(
      {
        write: (message, done) => {
          probe.sent();
          call.write(wholeMessage(message), done);
        },
      },
      { highWaterBytes },
    );
    limitReadAhead(call);
    call.on("error", () => {
      // The same is told by `status`.
    });
    call.on("metadata", (metadata: Metadata) => this.#guard(() => handlers.headers?.(metadata)));
    // A call on which nobody reads makes grpc-js drain the socket into memory: read from the start.
    call.on("data", (message: Buffer) => {
      probe.received();
      this.#guard(() => handlers.message(message));
    });
    call.on("status", (status: StatusObject) => this.#close({ code: status.code, details: status.details }));
  }

  get peer(): string {
    return this.#call.getPeer();
  }

  get isClosed(): boolean {
    return this.#status !== undefined;
  }

  pause(): void {
    this.#call.pause();
  }

  resume(): void {
    this.#call.resume();
  }

  /** Tells the server that no more messages will come. */
  halfClose(): void {
    if (this.#status === undefined) this.#call.end();
  }

  /** Ends the call; the server sees a reset stream. `closed` is called with the given status. Idempotent. */
  cancel(status: GrpcStatus = { code: GrpcCode.CANCELLED, details: "cancelled" }): void {
    if (this.#status !== undefined) return;
    this.#call.cancel();
    this.#close(status);
  }

  #guard(fn: () => void): void {
    if (this.#status !== undefined) return;
    try {
      fn();
    } catch (error) {
      this.cancel({ code: GrpcCode.INTERNAL, details: errorMessage(error) });
    }
  }

  #close(status: GrpcStatus): void {
    if (this.#status !== undefined) return;
    this.#status = status;
    this.#probe.ended(status.code);
    this.writer.close();
    // What is left unread would keep the call from ending.
    this.#call.resume();
    this.#handlers.closed(status);
  }
}
