/**
 * The places where grpc-js 1.14.7 offers no option and its private state is used instead. `grpc-js-internals.test.ts` fails
 * when a release moves them.
 */

import type { Http2SecureServer, Http2Server, ServerHttp2Session } from "node:http2";
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

/**
 * Raises the receive windows of a session of the server. At HTTP/2's default of 64 KiB one round trip of 100 ms allows
 * 640 KiB/s, and 4 MB take ten seconds.
 */
export function raiseWindows(session: ServerHttp2Session, windows: Windows): void {
  session.settings({ initialWindowSize: windows.streamBytes });
  session.setLocalWindowSize(windows.connectionBytes);
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
 * The decoder of a call keeps the bytes of the last message until the next one comes: 48 KiB of each proxy on a mesh of a thousand services. Lets go
 * of them unless a message is being read.
 */
export function forgetRead(call: object): void {
  const inner: unknown = Reflect.get(call, "call");
  const decoder: unknown = typeof inner === "object" && inner !== null ? Reflect.get(inner, "decoder") : undefined;
  if (typeof decoder !== "object" || decoder === null || !("readState" in decoder && "readPartialMessage" in decoder)) {
    throw new GrpcInternalsError("this release of @grpc/grpc-js keeps what it reads elsewhere");
  }
  if (decoder.readState !== NO_MESSAGE) return;
  decoder.readPartialMessage = [];
  Reflect.set(decoder, "readCompressFlag", NOTHING);
}

const NO_MESSAGE = 0;
const NOTHING = Buffer.alloc(0);

/**
 * node:http2 refuses a TLS connection that did not negotiate a protocol, even when it has already begun to speak HTTP/2.
 * `shared-port.test.ts` fails when a release of Node keeps what was negotiated elsewhere.
 */
export function claimHttp2(socket: TLSSocket): void {
  Reflect.set(socket, "alpnProtocol", "h2");
}
