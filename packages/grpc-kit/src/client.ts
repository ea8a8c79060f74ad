/**
 * One gRPC connection of already encoded messages. It does not come back after a loss: every call then fails, and the
 * owner closes it and opens another. `close` resolves when the socket is really gone, because a control plane that saw two
 * connections of one peer overlap may clear the state of both (kuma v2.14.3: pkg/util/xds/v3, measured).
 */
import { Client, compressionAlgorithms, connectivityState, Metadata } from "@grpc/grpc-js";
import { type Clock, systemClock } from "@isthmus/std";
import type { ByteStreamHandlers } from "./byte-stream.ts";
import { type CallObserver, CallProbe } from "./call-probe.ts";
import { type ClientTls, TrackingCredentials } from "./client-credentials.ts";
import { ClientStream } from "./client-stream.ts";
import { DEFAULT_HIGH_WATER_BYTES, DEFAULT_MAX_MESSAGE_BYTES } from "./limits.ts";
import { GrpcCode, GrpcError } from "./status.ts";

/** A Kuma global drops connections that ping more often than every 15 s (kuma v2.14.3: pkg/kds/mux/server.go). */
export const MIN_KEEPALIVE_MS = 20_000;
const DEFAULT_KEEPALIVE_TIMEOUT_MS = 15_000;
const DEFAULT_WINDOW_BYTES = 8 * 1024 * 1024;
const DEFAULT_CLOSE_MS = 1_000;
/** Longer than any connection of ours lives without being replaced: grpc-js is not to reconnect on its own. */
const NEVER_MS = 2 ** 29;

export interface GrpcAddress {
  readonly host: string;
  readonly port: number;
  readonly isSecure: boolean;
}

export class GrpcAddressError extends Error {
  readonly code = "GRPC_ADDRESS";
}

/** `grpc://host:port` is plaintext, `grpcs://host:port` is TLS; everything else throws a `GrpcAddressError`. */
export function parseGrpcAddress(text: string): GrpcAddress {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== "grpc:" && url.protocol !== "grpcs:")) {
    throw new GrpcAddressError(`${JSON.stringify(text)} is not an address: use grpc://host:port or grpcs://host:port`);
  }
  if (url.hostname === "" || url.port === "") {
    throw new GrpcAddressError(`${JSON.stringify(text)} needs a host and a port, as in ${url.protocol}//global:5685`);
  }
  return {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: Number(url.port),
    isSecure: url.protocol === "grpcs:",
  };
}

export interface GrpcConnectionOptions {
  /** See `parseGrpcAddress`. */
  readonly address: string;
  /** Only with `grpcs`. Absent: the system's roots. */
  readonly tls?: ClientTls;
  /** Compress requests, as Kuma's zones do; costs a hop through the thread pool per message. */
  readonly gzip?: boolean;
  /** Comes before grpc-js's own product in the header. */
  readonly userAgent?: string;
  readonly maxMessageBytes?: number;
  /** Receive window of the connection and of each stream. */
  readonly windowBytes?: number;
  /** At least `MIN_KEEPALIVE_MS`, which is the default. */
  readonly keepaliveMs?: number;
  /** Bytes on their way on one stream at which its writer is blocked. */
  readonly highWaterBytes?: number;
  /** How long `close` waits before it cuts the socket. */
  readonly closeMs?: number;
  readonly clock?: Clock;
  /** For metrics. */
  readonly observeCalls?: CallObserver;
}

export class GrpcConnection {
  readonly address: GrpcAddress;
  readonly #client: Client;
  readonly #credentials: TrackingCredentials;
  readonly #streams = new Set<ClientStream>();
  readonly #highWaterBytes: number;
  readonly #closeMs: number;
  readonly #clock: Clock;
  readonly #observer: CallObserver | undefined;
  #closing: Promise<void> | undefined;

  /** Connects at once, in the background. Throws a `GrpcAddressError` for an unusable address. */
  constructor(options: GrpcConnectionOptions) {
    this.address = parseGrpcAddress(options.address);
    const { host, port, isSecure } = this.address;
    this.#highWaterBytes = options.highWaterBytes ?? DEFAULT_HIGH_WATER_BYTES;
    this.#closeMs = options.closeMs ?? DEFAULT_CLOSE_MS;
    this.#clock = options.clock ?? systemClock;
    this.#observer = options.observeCalls;
    this.#credentials = new TrackingCredentials({ host, port, ...(isSecure ? { tls: options.tls ?? {} } : {}) });
    const maxMessageBytes = options.maxMessageBytes ?? DEFAULT_MAX_MESSAGE_BYTES;
    const target = host.includes(":") ? `ipv6:[${host}]:${port}` : `dns:${host}:${port}`;
    this.#client = new Client(target, this.#credentials, {
      "grpc.max_receive_message_length": maxMessageBytes,
      "grpc.max_send_message_length": maxMessageBytes,
      "grpc.keepalive_time_ms": Math.max(MIN_KEEPALIVE_MS, options.keepaliveMs ?? MIN_KEEPALIVE_MS),
      "grpc.keepalive_timeout_ms": DEFAULT_KEEPALIVE_TIMEOUT_MS,
      "grpc.keepalive_permit_without_calls": 1,
      "grpc-node.flow_control_window": options.windowBytes ?? DEFAULT_WINDOW_BYTES,
      // A connection of its own, for which the end of the client is the end of the socket.
      "grpc.use_local_subchannel_pool": 1,
      // For retries grpc-js keeps up to 1 MiB of each call and reports it as written: no copies, and real back-pressure.
      "grpc.enable_retries": 0,
      "grpc.per_rpc_retry_buffer_size": 0,
      "grpc.service_config_disable_resolution": 1,
      "grpc.enable_http_proxy": 0,
      "grpc.enable_channelz": 0,
      "grpc.initial_reconnect_backoff_ms": NEVER_MS,
      "grpc.max_reconnect_backoff_ms": NEVER_MS,
      ...(options.userAgent === undefined ? {} : { "grpc.primary_user_agent": options.userAgent }),
      ...(options.gzip === true ? { "grpc.default_compression_algorithm": compressionAlgorithms.gzip } : {}),
    });
  }

  /**
   * True when the connection stands, false when it cannot be made or was closed. The reason is in the status of every
   * call. Without `timeoutMs` it waits as long as the system's TCP does.
   */
  async ready(timeoutMs = NEVER_MS): Promise<boolean> {
    const channel = this.#client.getChannel();
    // Deadlines of grpc-js are points of the system's clock, whatever clock the owner uses.
    const deadline = systemClock.now() + timeoutMs;
    for (;;) {
      if (this.#closing !== undefined) return false;
      const state = channel.getConnectivityState(true);
      if (state === connectivityState.READY) return true;
      if (state === connectivityState.TRANSIENT_FAILURE || state === connectivityState.SHUTDOWN) return false;
      const isLate = await new Promise<boolean>((resolve) => {
        channel.watchConnectivityState(state, deadline, (error) => resolve(error !== undefined));
      });
      if (isLate) return false;
    }
  }

  /** Opens a bidirectional call. `handlers.closed` is always called, also when there is no connection. */
  bidi(path: string, metadata: Metadata, handlers: ByteStreamHandlers): ClientStream {
    const call = this.#client.makeBidiStreamRequest(path, identity, identity, metadata);
    const observed: ByteStreamHandlers = {
      ...handlers,
      closed: (status) => {
        this.#streams.delete(stream);
        handlers.closed(status);
      },
    };
    const probe = new CallProbe(this.#observer, { path, isStream: true }, this.#clock);
    const stream: ClientStream = new ClientStream(path, call, this.#highWaterBytes, observed, probe);
    this.#streams.add(stream);
    return stream;
  }

  /** Rejects with a `GrpcError`. Without `timeoutMs` it waits for the answer as long as the connection stands. */
  unary(path: string, request: Uint8Array, metadata: Metadata, timeoutMs?: number): Promise<Buffer> {
    const options = timeoutMs === undefined ? {} : { deadline: systemClock.now() + timeoutMs };
    const probe = new CallProbe(this.#observer, { path, isStream: false }, this.#clock);
    probe.sent();
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        path,
        identity,
        identity,
        Buffer.from(request.buffer, request.byteOffset, request.byteLength),
        metadata,
        options,
        (error, answer) => {
          if (answer !== undefined) probe.received();
          probe.ended(error?.code ?? GrpcCode.OK);
          if (error === null && answer !== undefined) resolve(answer);
          else reject(new GrpcError(error?.code ?? GrpcCode.UNKNOWN, error?.details ?? "no answer", { cause: error }));
        },
      );
    });
  }

  /** Ends all calls and resolves when the connection is closed, at the latest after `closeMs`, when it is cut. */
  close(): Promise<void> {
    this.#closing ??= this.#closeNow();
    return this.#closing;
  }

  async #closeNow(): Promise<void> {
    for (const stream of this.#streams) stream.cancel();
    const closed = this.#credentials.closed();
    this.#client.close();
    const timer = this.#clock.setTimeout(() => this.#credentials.force(), this.#closeMs);
    await closed;
    timer.cancel();
  }
}

function identity(bytes: Buffer): Buffer {
  return bytes;
}
