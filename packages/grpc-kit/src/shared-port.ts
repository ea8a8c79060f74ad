/**
 * One TLS port for gRPC and for HTTP/1.1. Who announces a protocol (ALPN) gets it. Many do not: Go's client with a TLS
 * configuration of its own speaks HTTP/1.1 and says nothing, and some gRPC clients begin HTTP/2 without asking. These are told apart
 * by their first bytes, since every HTTP/2 connection begins with the same preface.
 */
import { createServer, type Server as HttpServer, type RequestListener } from "node:http";
import type { Socket } from "node:net";
import { createServer as createTlsServer, type TLSSocket, type Server as TlsServer } from "node:tls";
import { type Clock, type Service, systemClock } from "@isthmus/std";
import { claimHttp2 } from "./grpc-js-internals.ts";
import { Listener } from "./listener.ts";
import type { GrpcServer } from "./server.ts";
import {
  constructorOptions,
  DEFAULT_HANDSHAKE_TIMEOUT_MS,
  type ServerTls,
  secureContextOptions,
} from "./server-credentials.ts";

const HTTP2 = "h2";
const HTTP1 = "http/1.1";
/** Beginning of the HTTP/2 connection preface, which no HTTP/1.1 method begins with. Source: RFC 9113, 3.4. */
const PREFACE = "PRI ";

export interface SharedPortOptions {
  /** For messages and logs: `dp-server`. */
  readonly name: string;
  readonly address: string;
  /** 0 takes a free one, see `port`. */
  readonly port: number;
  readonly portSetting: string;
  readonly tls: ServerTls;
  /** Made without a listener; started and stopped with this port. */
  readonly grpc: GrpcServer;
  readonly http: RequestListener;
  /** A request over HTTP/1.1 that has not come whole by then is dropped. */
  readonly requestTimeoutMs?: number;
  readonly clock?: Clock;
}

const DEFAULT_REQUEST_TIMEOUT_MS = 15_000;

export class SharedPort implements Service {
  readonly name: string;
  readonly #options: SharedPortOptions;
  readonly #clock: Clock;
  /** Includes connections that are still at their handshake. */
  readonly #sockets = new Set<Socket>();
  readonly #http: HttpServer;
  #listener: Listener | undefined;
  #tls: TlsServer | undefined;
  #takeHttp2: ((socket: TLSSocket) => void) | undefined;

  constructor(options: SharedPortOptions) {
    this.name = options.name;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    const requestTimeout = options.requestTimeoutMs ?? DEFAULT_REQUEST_TIMEOUT_MS;
    this.#http = createServer({ requestTimeout, headersTimeout: requestTimeout }, options.http);
  }

  /** The port listened on, once started. */
  get port(): number {
    if (this.#listener === undefined) throw new Error(`${this.name} is not listening`);
    return this.#listener.port;
  }

  /** Rejects with a `ListenError` that names port and setting. */
  async start(): Promise<void> {
    const { tls, grpc } = this.#options;
    this.#takeHttp2 = grpc.takeConnections();
    const tlsServer = createTlsServer({
      ...constructorOptions(tls),
      ...secureContextOptions(tls),
      ALPNProtocols: [HTTP2, HTTP1],
    });
    tlsServer.on("secureConnection", (socket) => this.#accept(socket));
    const listener = new Listener({
      ...this.#options,
      take: (socket) => {
        this.#track(socket);
        tlsServer.emit("connection", socket);
      },
      silenceMs: tls.handshakeTimeoutMs ?? DEFAULT_HANDSHAKE_TIMEOUT_MS,
      clock: this.#clock,
    });
    await listener.start();
    this.#listener = listener;
    this.#tls = tlsServer;
  }

  /** Exchanges certificate and key; connections made from now on see them. */
  updateTls(tls: ServerTls): void {
    this.#tls?.setSecureContext(secureContextOptions(tls));
  }

  /** Stops listening, lets gRPC calls drain (see `GrpcServer.stop`), and cuts what is left. */
  async stop(): Promise<void> {
    const listener = this.#listener;
    this.#listener = undefined;
    const closed = listener?.close();
    this.#http.closeIdleConnections();
    await this.#options.grpc.stop();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #accept(socket: TLSSocket): void {
    if (this.#listener === undefined) return void socket.destroy();
    this.#track(socket);
    // The servers behind have their own listeners; until one of them has the socket, its errors are nobody's.
    socket.on("error", () => socket.destroy());
    if (socket.alpnProtocol === HTTP2) this.#takeHttp2?.(socket);
    else if (socket.alpnProtocol === HTTP1) this.#takeHttp1(socket);
    else this.#sniff(socket);
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
  }

  #sniff(socket: TLSSocket): void {
    const timer = this.#clock.setTimeout(() => socket.destroy(), DEFAULT_HANDSHAKE_TIMEOUT_MS);
    socket.once("close", () => timer.cancel());
    let start = Buffer.alloc(0);
    const onReadable = (): void => {
      const more: unknown = socket.read();
      if (!(more instanceof Buffer)) return;
      start = Buffer.concat([start, more]);
      const seen = start.toString("latin1", 0, PREFACE.length);
      // A preface may come in pieces; wait while it could still be one.
      if (seen.length < PREFACE.length && PREFACE.startsWith(seen)) return;
      timer.cancel();
      socket.off("readable", onReadable);
      socket.unshift(start);
      if (seen !== PREFACE) return this.#takeHttp1(socket);
      claimHttp2(socket);
      this.#takeHttp2?.(socket);
    };
    socket.on("readable", onReadable);
  }

  #takeHttp1(socket: TLSSocket): void {
    this.#http.emit("connection", socket);
  }
}
