/**
 * A gRPC server of already encoded messages: one listener, plaintext or TLS, with the limits, windows and keepalive that a
 * control plane needs. Handlers get whole messages as Buffers and write Buffers; nothing is decoded here.
 */

import type { IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import {
  type Metadata,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type sendUnaryData,
  type UntypedHandleCall,
} from "@grpc/grpc-js";
import { type Clock, errorMessage, type Service, systemClock } from "@isthmus/std";
import { type CallObserver, CallProbe, type ObservedCall } from "./call-probe.ts";
import { forgetProtocols, http2ServersOf, raiseWindows, takeStreams } from "./grpc-js-internals.ts";
import { DEFAULT_HIGH_WATER_BYTES, DEFAULT_MAX_MESSAGE_BYTES } from "./limits.ts";
import { Listener } from "./listener.ts";
import { MessageBuffer } from "./message-buffer.ts";
import { type PeerCertificate, peerCertificateOf } from "./peer-certificate.ts";
import { metadataOfCall, readTimeout } from "./request-headers.ts";
import { DEFAULT_HANDSHAKE_TIMEOUT_MS, type ServerTls, TlsServerCredentials } from "./server-credentials.ts";
import { ServerStream, type StreamMethod } from "./server-stream.ts";
import { GrpcCode, GrpcError, sendableStatus } from "./status.ts";

const DEFAULT_STREAM_WINDOW_BYTES = 4 * 1024 * 1024;
const DEFAULT_CONNECTION_WINDOW_BYTES = 8 * 1024 * 1024;
const DEFAULT_KEEPALIVE_MS = 15_000;
const DEFAULT_MAX_STREAMS_PER_CONNECTION = 1_000;
const DEFAULT_DRAIN_MS = 2_000;
const CONTENT_TYPE = "application/grpc";

export interface GrpcServerOptions extends InjectedGrpcServerOptions {
  readonly address: string;
  /** 0 takes a free one, see `port`. */
  readonly port: number;
  /** Name of the setting that chose the port, for the message when it is busy. */
  readonly portSetting: string;
  /** Absent: plaintext. */
  readonly tls?: ServerTls;
}

/** Of a server that gets its connections from somebody else, see `SharedPort`. */
export interface InjectedGrpcServerOptions {
  /** For messages and logs: `kds`. */
  readonly name: string;
  readonly maxMessageBytes?: number;
  /** Handlers of streams keep nothing of the bytes of a message once they return: all messages are read into one buffer. */
  readonly sharesMessageBuffer?: boolean;
  readonly streamWindowBytes?: number;
  readonly connectionWindowBytes?: number;
  /** A silent connection is pinged after this time and dropped after the same time without an answer. */
  readonly keepaliveMs?: number;
  readonly maxStreamsPerConnection?: number;
  /** Bytes on their way to one stream at which its writer is blocked. */
  readonly highWaterBytes?: number;
  /** How long `stop` waits for connections to end by themselves. */
  readonly drainMs?: number;
  readonly clock?: Clock;
  /** Something thrown by a handler; the call it belonged to has been ended. */
  readonly onError?: (error: unknown, path: string) => void;
  /** For metrics. */
  readonly observeCalls?: CallObserver;
}

export interface UnaryCall {
  readonly metadata: Metadata;
  readonly peer: string;
  /** As that of the streams; 0 when the connection is gone. */
  readonly connectionId: number;
  readonly peerCertificate: PeerCertificate | undefined;
}

interface Connection {
  readonly id: number;
  /** As grpc-js names it. */
  readonly peer: string;
  readonly certificate: PeerCertificate | undefined;
}

/** `metadata`: what the call began with. */
export type StreamHandler = (stream: ServerStream, metadata: Metadata) => void;

interface StreamRegistration {
  readonly method: StreamMethod;
  readonly call: ObservedCall;
  readonly handler: StreamHandler;
}

export type UnaryHandler = (request: Buffer, call: UnaryCall) => Promise<Uint8Array> | Uint8Array;

export class GrpcServer implements Service {
  readonly name: string;
  readonly #options: InjectedGrpcServerOptions & Partial<GrpcServerOptions>;
  readonly #clock: Clock;
  readonly #server: Server;
  readonly #messageBuffer: MessageBuffer | undefined;
  readonly #streams = new Map<string, StreamRegistration>();
  readonly #sessions = new Map<ServerHttp2Session, Connection>();
  /** Includes connections that never got as far as a session. */
  readonly #sockets = new Set<Socket>();
  #credentials: TlsServerCredentials | undefined;
  #nextConnectionId = 1;
  #listener: Listener | undefined;
  #isServing = false;
  #stopping: Promise<void> | undefined;
  /** When it stops and no session is left. */
  #onIdle: (() => void) | undefined;

  constructor(options: GrpcServerOptions | InjectedGrpcServerOptions) {
    this.name = options.name;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#messageBuffer = options.sharesMessageBuffer === true ? new MessageBuffer() : undefined;
    const maxMessageBytes = options.maxMessageBytes ?? DEFAULT_MAX_MESSAGE_BYTES;
    const keepaliveMs = options.keepaliveMs ?? DEFAULT_KEEPALIVE_MS;
    this.#server = new Server({
      "grpc.max_receive_message_length": maxMessageBytes,
      "grpc.max_send_message_length": maxMessageBytes,
      "grpc.keepalive_time_ms": keepaliveMs,
      "grpc.keepalive_timeout_ms": keepaliveMs,
      "grpc.max_concurrent_streams": options.maxStreamsPerConnection ?? DEFAULT_MAX_STREAMS_PER_CONNECTION,
      // Per-call bookkeeping for a debug service that nobody asks.
      "grpc.enable_channelz": 0,
    });
  }

  /** The port listened on, once started. */
  get port(): number {
    if (this.#listener === undefined) throw new Error(`${this.name} is not listening`);
    return this.#listener.port;
  }

  get connections(): number {
    return this.#sessions.size;
  }

  /** Registers a bidirectional method by its full path, `/package.Service/Method`. Before `start`. */
  bidi(path: string, handler: StreamHandler): void {
    const { highWaterBytes = DEFAULT_HIGH_WATER_BYTES, maxMessageBytes = DEFAULT_MAX_MESSAGE_BYTES } = this.#options;
    const onError = (error: unknown): void => this.#options.onError?.(error, path);
    this.#streams.set(path, {
      method: {
        path,
        highWaterBytes,
        maxMessageBytes,
        messageBuffer: this.#messageBuffer,
        clock: this.#clock,
        onError,
      },
      call: { path, isStream: true },
      handler,
    });
  }

  /** Registers a unary method. Throw a `GrpcError` to answer with a status of your own. */
  unary(path: string, handler: UnaryHandler): void {
    this.#register(path, (call: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>) => {
      void this.#answer(path, handler, call, done);
    });
  }

  /** Rejects with a `ListenError` that names port and setting. */
  async start(): Promise<void> {
    const { address, port, portSetting, tls } = this.#options;
    if (address === undefined || port === undefined || portSetting === undefined) {
      throw new Error(`${this.name} has no listener of its own`);
    }
    this.#credentials = tls === undefined ? undefined : new TlsServerCredentials(tls);
    const injector = this.#server.createConnectionInjector(this.#credentials ?? ServerCredentials.createInsecure());
    const listener = new Listener({
      name: this.name,
      address,
      port,
      portSetting,
      take: (socket) => injector.injectConnection(socket),
      silenceMs: tls?.handshakeTimeoutMs ?? DEFAULT_HANDSHAKE_TIMEOUT_MS,
      clock: this.#clock,
    });
    await listener.start();
    this.#listener = listener;
    this.#isServing = true;
    this.#watchConnections();
  }

  /**
   * Instead of `start`, for a server without a listener: takes connections that are known to speak HTTP/2, TLS already
   * ended. `stop` as usual.
   */
  takeConnections(): (socket: Duplex) => void {
    const injector = this.#server.createConnectionInjector(ServerCredentials.createInsecure());
    this.#isServing = true;
    this.#watchConnections();
    return (socket) => injector.injectConnection(socket);
  }

  #watchConnections(): void {
    for (const http2Server of http2ServersOf(this.#server)) {
      http2Server.on("connection", (socket: Socket) => {
        this.#sockets.add(socket);
        socket.once("close", () => this.#sockets.delete(socket));
      });
      http2Server.on("session", (session) => this.#opened(session));
      takeStreams(http2Server, (stream, headers) => this.#openedStream(stream, headers));
    }
  }

  /** Exchanges certificate and key; connections made from now on see them. */
  updateTls(tls: ServerTls): void {
    if (this.#credentials === undefined) throw new Error(`${this.name} does not use TLS`);
    this.#credentials.update(tls);
  }

  /**
   * Stops listening, lets open calls end for `drainMs`, then cuts what is left. End the streams before: they do not end by
   * themselves.
   */
  stop(): Promise<void> {
    this.#stopping ??= this.#drainThenForce();
    return this.#stopping;
  }

  async #drainThenForce(): Promise<void> {
    if (!this.#isServing) return;
    const timer = this.#clock.setTimeout(() => {
      for (const socket of this.#sockets) socket.destroy();
    }, this.#options.drainMs ?? DEFAULT_DRAIN_MS);
    const closed = this.#listener?.close();
    // Not waited for: it never calls back when it meets a connection that is just being destroyed.
    this.#server.tryShutdown(() => {});
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve;
      this.#noteIdle();
    });
    await closed;
    timer.cancel();
    this.#isServing = false;
    this.#listener = undefined;
  }

  #noteIdle(): void {
    if (this.#sessions.size === 0) this.#onIdle?.();
  }

  #opened(session: ServerHttp2Session): void {
    const { streamWindowBytes, connectionWindowBytes } = this.#options;
    const { remoteAddress = "", remotePort = 0 } = session.socket;
    this.#sessions.set(session, {
      id: this.#nextConnectionId,
      peer: `${remoteAddress}:${remotePort}`,
      certificate: peerCertificateOf(session),
    });
    this.#nextConnectionId += 1;
    session.once("close", () => {
      this.#sessions.delete(session);
      this.#noteIdle();
    });
    forgetProtocols(session);
    raiseWindows(session, {
      streamBytes: streamWindowBytes ?? DEFAULT_STREAM_WINDOW_BYTES,
      connectionBytes: connectionWindowBytes ?? DEFAULT_CONNECTION_WINDOW_BYTES,
    });
  }

  /** A call of a bidirectional method; false: of another one. */
  #openedStream(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): boolean {
    const registered = this.#streams.get(headers[":path"] ?? "");
    if (registered === undefined || headers["content-type"]?.startsWith(CONTENT_TYPE) !== true) return false;
    const { method, call, handler } = registered;
    const connection = stream.session && this.#sessions.get(stream.session as ServerHttp2Session);
    const serverStream = new ServerStream({
      method,
      http2Stream: stream,
      encoding: String(headers["grpc-encoding"] ?? "identity"),
      peer: connection?.peer ?? "unknown",
      connectionId: connection?.id ?? 0,
      peerCertificate: connection?.certificate,
      probe: new CallProbe(this.#options.observeCalls, call, this.#clock),
    });
    const timeout = readTimeout(headers["grpc-timeout"]);
    if (!timeout.ok) {
      serverStream.end({ code: GrpcCode.INTERNAL, details: timeout.error });
      return true;
    }
    if (timeout.value !== undefined) serverStream.endAfter(timeout.value);
    try {
      handler(serverStream, metadataOfCall(headers));
    } catch (error) {
      method.onError(error);
      serverStream.end({ code: GrpcCode.INTERNAL, details: "stream failed" });
    }
    return true;
  }

  #register(path: string, handler: UntypedHandleCall): void {
    const method = {
      path,
      requestStream: false,
      responseStream: false,
      requestSerialize: identity,
      requestDeserialize: identity,
      responseSerialize: identity,
      responseDeserialize: identity,
    };
    this.#server.addService({ [path]: method }, { [path]: handler });
  }

  async #answer(
    path: string,
    handler: UnaryHandler,
    call: ServerUnaryCall<Buffer, Buffer>,
    done: sendUnaryData<Buffer>,
  ): Promise<void> {
    const probe = new CallProbe(this.#options.observeCalls, { path, isStream: false }, this.#clock);
    probe.received();
    try {
      const answer = await handler(call.request, this.#unaryCall(call));
      done(null, Buffer.from(answer.buffer, answer.byteOffset, answer.byteLength));
      probe.sent();
      probe.ended(GrpcCode.OK);
    } catch (error) {
      if (!(error instanceof GrpcError)) this.#options.onError?.(error, path);
      const status = error instanceof GrpcError ? error : { code: GrpcCode.INTERNAL, details: errorMessage(error) };
      done(sendableStatus(status));
      probe.ended(status.code);
    }
  }

  /** grpc-js reads the message first and then no longer says on which session it came; no two have one peer. */
  #unaryCall(call: ServerUnaryCall<Buffer, Buffer>): UnaryCall {
    const peer = call.getPeer();
    const connection = [...this.#sessions.values()].find((each) => each.peer === peer);
    return {
      metadata: call.metadata,
      peer,
      connectionId: connection?.id ?? 0,
      peerCertificate: connection?.certificate,
    };
  }
}

function identity(bytes: Buffer): Buffer {
  return bytes;
}
