/** An echoing server and connections to it over real sockets, gone when the test has ended. */
import { onTestFinished } from "vitest";
import type { ByteStreamHandlers } from "../byte-stream.ts";
import { GrpcConnection, type GrpcConnectionOptions } from "../client.ts";
import type { ClientStream } from "../client-stream.ts";
import { splitValues } from "../metadata.ts";
import { GrpcServer, type GrpcServerOptions } from "../server.ts";
import type { ServerStream } from "../server-stream.ts";
import { GrpcCode, GrpcError, type GrpcStatus, Metadata } from "../status.ts";

export const ECHO = "/test.Echo/Stream";
export const ASK = "/test.Echo/Ask";
export interface Rig {
  readonly server: GrpcServer;
  readonly streams: ServerStream[];
  /** With what each of them began. */
  readonly metadata: Metadata[];
  readonly statuses: GrpcStatus[];
  readonly errors: unknown[];
}

export async function startServer(
  options: Partial<GrpcServerOptions> = {},
  handle: (stream: ServerStream) => Partial<ByteStreamHandlers> = (stream) => ({
    message: (bytes) => void stream.writer.write(bytes),
  }),
): Promise<Rig> {
  const streams: ServerStream[] = [];
  const opened: Metadata[] = [];
  const statuses: GrpcStatus[] = [];
  const errors: unknown[] = [];
  const server = new GrpcServer({
    name: "kds",
    address: "127.0.0.1",
    port: 0,
    portSetting: "TEST_PORT",
    drainMs: 200,
    onError: (error) => errors.push(error),
    ...options,
  });
  server.bidi(ECHO, (stream, metadata) => {
    streams.push(stream);
    opened.push(metadata);
    stream.accept({ message: () => {}, ...handle(stream), closed: (status) => statuses.push(status) });
  });
  server.unary(ASK, (request, call) => {
    if (request.length === 0) throw new GrpcError(GrpcCode.INVALID_ARGUMENT, "nothing asked");
    if (request[0] === 0xff) throw new Error("broken");
    return Buffer.concat([request, Buffer.from(splitValues(call.metadata, "features").join("+"))]);
  });
  await server.start();
  onTestFinished(() => server.stop());
  return { server, streams, metadata: opened, statuses, errors };
}

export function open(options: GrpcConnectionOptions): GrpcConnection {
  const connection = new GrpcConnection({ closeMs: 200, ...options });
  onTestFinished(() => connection.close());
  return connection;
}

export const plain = (rig: Rig, options: Partial<GrpcConnectionOptions> = {}): GrpcConnection =>
  open({ address: `grpc://127.0.0.1:${rig.server.port}`, ...options });

export interface Call {
  readonly stream: ClientStream;
  readonly received: Buffer[];
  readonly headers: Metadata[];
  readonly closed: Promise<GrpcStatus>;
}

export function call(connection: GrpcConnection, metadata = new Metadata()): Call {
  const received: Buffer[] = [];
  const headers: Metadata[] = [];
  let stream: ClientStream | undefined;
  const closed = new Promise<GrpcStatus>((resolve) => {
    stream = connection.bidi(ECHO, metadata, {
      message: (bytes) => received.push(bytes),
      headers: (value) => headers.push(value),
      closed: resolve,
    });
  });
  if (stream === undefined) throw new Error("no stream");
  return { stream, received, headers, closed };
}
