/**
 * The places where grpc-js 1.14.7 offers no option and its private state is used instead. `grpc-js-internals.test.ts` fails
 * when a release moves them.
 */

import type {
  Http2SecureServer,
  Http2Server,
  IncomingHttpHeaders,
  ServerHttp2Session,
  ServerHttp2Stream,
} from "node:http2";
import type { TLSSocket } from "node:tls";
import { logVerbosity, type Server, setLogVerbosity } from "@grpc/grpc-js";

// What grpc-js would print to stderr reaches the caller as an error or as a status.
setLogVerbosity(logVerbosity.NONE);

export class GrpcInternalsError extends Error {
  readonly code = "GRPC_INTERNALS";
}

/** The HTTP/2 servers of a bound server. */
export function http2ServersOf(server: Server): readonly (Http2Server | Http2SecureServer)[] {
  const servers: unknown = Reflect.get(server, "http2Servers");
  if (!(servers instanceof Map) || servers.size === 0) {
    throw new GrpcInternalsError(
      "this release of @grpc/grpc-js keeps its http2 servers elsewhere: windows cannot be set",
    );
  }
  return [...servers.keys()];
}

/** Calls that `take` says yes to are not given to grpc-js. */
export function takeStreams(
  server: Http2Server | Http2SecureServer,
  take: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => boolean,
): void {
  const others = server.listeners("stream");
  if (others.length === 0) {
    throw new GrpcInternalsError("this release of @grpc/grpc-js takes its calls elsewhere: they cannot be shared");
  }
  server.removeAllListeners("stream");
  server.on("stream", (stream, headers, ...more) => {
    if (take(stream, headers)) return;
    for (const other of others) Reflect.apply(other, server, [stream, headers, ...more]);
  });
}

/**
 * Raises the receive windows of a session of the server. At HTTP/2's default of 64 KiB one round trip of 100 ms allows
 * 640 KiB/s, and 4 MB take ten seconds.
 */
export function raiseWindows(session: ServerHttp2Session, windows: Windows): void {
  session.settings({ initialWindowSize: windows.streamBytes });
  session.setLocalWindowSize(windows.connectionBytes);
}

/**
 * For each TLS connection Node copies the names of the protocols, three bytes, into a block of 8 KiB, which lives as long as the connection however much else
 * in it is long gone. They are not read again once the connection stands.
 */
export function forgetProtocols(session: ServerHttp2Session): void {
  const options: unknown = Reflect.get(session.socket, "_tlsOptions");
  if (typeof options === "object" && options !== null) Reflect.set(options, "ALPNProtocols", undefined);
}

export interface Windows {
  readonly streamBytes: number;
  readonly connectionBytes: number;
}

/** A message-mode stream takes up to 16 messages in advance while paused, 160 MiB at the size limit; this makes it one. */
export function limitReadAhead(stream: object): void {
  const state: unknown = Reflect.get(stream, "_readableState");
  if (typeof state !== "object" || state === null || !("highWaterMark" in state)) {
    throw new GrpcInternalsError("streams of this release of Node have no adjustable read-ahead");
  }
  state.highWaterMark = 1;
}

/**
 * node:http2 refuses a TLS connection that did not negotiate a protocol, even when it has already begun to speak HTTP/2.
 * `shared-port.test.ts` fails when a release of Node keeps what was negotiated elsewhere.
 */
export function claimHttp2(socket: TLSSocket): void {
  Reflect.set(socket, "alpnProtocol", "h2");
}
