/**
 * One connection of a zone to its global: all six calls, and one end for all of them. Whatever fails, everything is
 * closed, and the owner connects anew: half a connection would look healthy to one side. Source: kuma v2.14.3:
 * pkg/kds/mux/client.go.
 */
import {
  type ByteStreamHandlers,
  type ClientStream,
  describeStatus,
  GrpcCode,
  GrpcConnection,
  GrpcError,
  type GrpcStatus,
  type Metadata,
  statusName,
} from "@isthmus/grpc-kit";
import { errorMessage, type TimerHandle } from "@isthmus/std";
import { AdminResponder, noSuchProxy } from "./admin-responder.ts";
import { GlobalSessions, type GlobalSessionsOptions } from "./global-sessions.ts";
import { DEFAULT_PING_INTERVAL_MS, encodeHealthRequest, readHealthResponse } from "./health-check.ts";
import type { KdsStreamKind } from "./kds-events.ts";
import { ADMIN_STREAMS, type AdminStreamKind, KDS_PATHS, SYNC_STREAMS, type SyncStreamKind } from "./kds-methods.ts";
import { readExtensions, zoneHeaders } from "./peer-headers.ts";
import { PeerIdentity } from "./peer-identity.ts";
import type { PeerStatus } from "./peer-status.ts";
import { clientPort } from "./stream-port.ts";

/** A ping that takes longer is a failed one. */
const PING_TIMEOUT_MS = 60_000;
const CONNECT_TIMEOUT_MS = 20_000;
/** How long a call may take to say why there is no connection. */
const REASON_TIMEOUT_MS = 1_000;

export interface GlobalLinkOptions extends Omit<GlobalSessionsOptions, "identity"> {
  /** Counts the connections of this process. */
  readonly connection: number;
  /** Shown on every call. */
  readonly authorization?: string;
}

export class GlobalLink {
  readonly identity: PeerIdentity;
  readonly #options: GlobalLinkOptions;
  readonly #connection: GrpcConnection;
  readonly #metadata: () => Metadata;
  readonly #sessions: GlobalSessions;
  readonly #open = new Set<SyncStreamKind>();
  #pingTimer: TimerHandle | undefined;
  #failure: string | undefined;
  #wasConnected = false;
  #onFailed: (() => void) | undefined;

  constructor(options: GlobalLinkOptions) {
    const { address, tls, gzip, node, historyId, clock, highWaterBytes, maxMessageBytes, observeCalls } = options;
    this.#options = options;
    this.#connection = new GrpcConnection({
      address,
      maxMessageBytes,
      clock,
      userAgent: `kds/${node.version.version} (${process.platform}; ${process.arch}; Isthmus)`,
      ...(tls === undefined ? {} : { tls }),
      ...(gzip === undefined ? {} : { gzip }),
      ...(highWaterBytes === undefined ? {} : { highWaterBytes }),
      ...(observeCalls === undefined ? {} : { observeCalls }),
    });
    const { host, port } = this.#connection.address;
    this.identity = new PeerIdentity(
      {
        zone: node.zone,
        connection: options.connection,
        address: `${host}:${port}`,
        isIsthmus: false,
        connectedAt: clock.now(),
      },
      options.onEvent,
    );
    this.#metadata = () => zoneHeaders(node.zone, node.version.version, historyId, options.authorization);
    this.#sessions = new GlobalSessions({ ...options, identity: this.identity });
  }

  /** The global has spoken on this connection. */
  get wasConnected(): boolean {
    return this.#wasConnected;
  }

  get isConnected(): boolean {
    return this.identity.isConnected && this.#open.size === SYNC_STREAMS.length;
  }

  status(): PeerStatus {
    const { sender, receiver } = this.#sessions;
    const isOnline = this.isConnected;
    return {
      zone: this.#options.node.zone,
      isOnline,
      peer: this.identity.peer,
      lastSeenAt: isOnline ? this.#options.clock.now() : undefined,
      lastPingAt: undefined,
      sender: isOnline ? sender?.state : undefined,
      receiver: isOnline ? receiver?.state : undefined,
    };
  }

  /** Resolves with the reason once anything has failed and nothing of the connection is left. */
  async run(): Promise<string> {
    await this.#connect();
    if (this.#failure === undefined) {
      await new Promise<void>((resolve) => {
        this.#onFailed = resolve;
        for (const kind of SYNC_STREAMS) this.#openSync(kind);
        for (const kind of ADMIN_STREAMS) this.#openAdmin(kind);
        void this.#ping();
      });
    }
    this.#pingTimer?.cancel();
    await this.#connection.close();
    await this.#sessions.settled();
    const reason = this.#failure ?? "closed";
    this.#wasConnected = this.identity.isConnected;
    this.identity.left(reason);
    return reason;
  }

  /** Ends the connection; `run` then resolves. */
  end(reason: string): void {
    if (this.#failure !== undefined) return;
    this.#failure = reason;
    this.#onFailed?.();
    // Also wakes a `run` that still waits for the connection.
    void this.#connection.close();
  }

  async #connect(): Promise<void> {
    if (await this.#connection.ready(CONNECT_TIMEOUT_MS)) {
      this.identity.began(this.#options.clock.now());
      return;
    }
    this.end(await this.#whyNot());
  }

  /** Only a call is told why there is no connection. */
  async #whyNot(): Promise<string> {
    const request = encodeHealthRequest();
    try {
      await this.#connection.unary(KDS_PATHS.HealthCheck, request, this.#metadata(), REASON_TIMEOUT_MS);
    } catch (error) {
      if (!(error instanceof GrpcError)) return errorMessage(error);
      if (error.code !== GrpcCode.DEADLINE_EXCEEDED) return describeStatus(error);
    }
    return `no connection within ${CONNECT_TIMEOUT_MS / 1000} s`;
  }

  #openSync(kind: SyncStreamKind): void {
    const session = kind === "GlobalToZoneSync" ? this.#sessions.receiving() : this.#sessions.sending();
    const stream = this.#openStream(kind, {
      headers: (metadata) => {
        const peer = readExtensions(metadata);
        this.identity.introduce(peer.isIsthmus);
        session.headers(peer);
      },
      message: (bytes) => session.message(bytes),
      closed: (status) => {
        this.#open.delete(kind);
        session.closed();
        // Also after OK: a global that ends a stream does not listen any more.
        this.#failed(kind, status);
      },
    });
    this.#open.add(kind);
    session.open(clientPort(stream));
  }

  #openAdmin(kind: AdminStreamKind): void {
    const { answerAdmin = noSuchProxy, clock, node, onEvent } = this.#options;
    const responder = new AdminResponder({
      stream: kind,
      answer: answerAdmin,
      clock,
      write: (message) => stream.writer.write(bufferOf(message)),
    });
    const stream: ClientStream = this.#openStream(kind, {
      message: (bytes) => {
        const read = responder.message(bytes);
        if (read.ok) return;
        onEvent({ kind: "garbage", zone: node.zone, stream: kind, reason: read.error });
        stream.cancel({ code: GrpcCode.INVALID_ARGUMENT, details: `message is no request: ${read.error}` });
      },
      closed: (status) => {
        const isCalm = status.code === GrpcCode.UNIMPLEMENTED || status.code === GrpcCode.CANCELLED;
        if (!isCalm) this.#failed(kind, status);
      },
    });
  }

  #openStream(kind: SyncStreamKind | AdminStreamKind, handlers: ByteStreamHandlers): ClientStream {
    const { onEvent } = this.#options;
    const stream = this.#connection.bidi(KDS_PATHS[kind], this.#metadata(), {
      ...handlers,
      closed: (status) => {
        const { peer } = this.identity;
        onEvent({ kind: "streamClosed", peer, stream: kind, code: statusName(status.code), message: status.details });
        handlers.closed(status);
      },
    });
    onEvent({ kind: "streamOpened", peer: this.identity.peer, stream: kind });
    return stream;
  }

  async #ping(): Promise<void> {
    const { clock } = this.#options;
    let answer: Buffer;
    try {
      answer = await this.#connection.unary(
        KDS_PATHS.HealthCheck,
        encodeHealthRequest(),
        this.#metadata(),
        PING_TIMEOUT_MS,
      );
    } catch (error) {
      const status = error instanceof GrpcError ? error : { code: GrpcCode.UNKNOWN, details: errorMessage(error) };
      if (status.code !== GrpcCode.UNIMPLEMENTED) this.#failed("HealthCheck", status);
      return;
    }
    if (this.#failure !== undefined) return;
    const read = readHealthResponse(answer);
    const intervalMs = (read.ok ? read.value : undefined) ?? DEFAULT_PING_INTERVAL_MS;
    this.#pingTimer = clock.setTimeout(() => void this.#ping(), intervalMs);
  }

  #failed(kind: KdsStreamKind, status: GrpcStatus): void {
    this.end(`${kind}: ${describeStatus(status)}`);
  }
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
