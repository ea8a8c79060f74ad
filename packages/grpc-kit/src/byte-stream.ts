/** A bidirectional stream of already encoded messages, as both ends see it. */
import type { Metadata } from "@grpc/grpc-js";
import type { BoundedStreamWriter } from "./bounded-stream-writer.ts";
import type { GrpcStatus } from "./status.ts";

export interface ByteStreamHandlers {
  /** One whole message. What it throws ends the stream with INTERNAL. */
  message(bytes: Buffer): void;
  /** The server's headers; never called on a server. */
  headers?(metadata: Metadata): void;
  /** The peer will send no more messages. */
  halfClosed?(): void;
  /** The stream is over, whoever ended it. Called once, nothing follows. */
  closed(status: GrpcStatus): void;
}

export interface ByteStream {
  /** `address:port` of the other end. */
  readonly peer: string;
  readonly writer: BoundedStreamWriter;
  readonly isClosed: boolean;
  /** Stops taking messages; flow control then holds the peer back. At most one message more is taken in advance. */
  pause(): void;
  resume(): void;
}
