/** One end of an open sync stream, alike on server and client. */
import type { BoundedStreamWriter, ClientStream, GrpcStatus, ServerStream } from "@isthmus/grpc-kit";

export interface StreamPort {
  readonly writer: BoundedStreamWriter;
  readonly isClosed: boolean;
  pause(): void;
  resume(): void;
  /** On a client the server sees a reset stream, the status stays here. */
  end(status: GrpcStatus): void;
}

export function clientPort(stream: ClientStream): StreamPort {
  return {
    writer: stream.writer,
    get isClosed() {
      return stream.isClosed;
    },
    pause: () => stream.pause(),
    resume: () => stream.resume(),
    end: (status) => stream.cancel(status),
  };
}

export function serverPort(stream: ServerStream): StreamPort {
  return stream;
}
