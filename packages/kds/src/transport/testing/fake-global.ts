/** A global that says what the test wants, and shows what a zone says. */
import { GrpcServer, type GrpcServerOptions, type Metadata, type ServerStream } from "@isthmus/grpc-kit";
import { type DeltaRequest, decodeDeltaRequest, encodeDeltaResponse, encodeResourceChunk } from "@isthmus/proto";
import { encodeHealthResponse } from "../health-check.ts";
import { ADMIN_STREAMS, type AdminStreamKind, KDS_PATHS, SYNC_STREAMS, type SyncStreamKind } from "../kds-methods.ts";

type StreamKind = SyncStreamKind | AdminStreamKind;

export interface FakeStream {
  readonly kind: StreamKind;
  readonly stream: ServerStream;
  readonly metadata: Metadata;
  readonly received: readonly Buffer[];
}

export interface FakeGlobalOptions {
  readonly port?: number;
  readonly server?: Partial<GrpcServerOptions>;
  /** Answers a ping; may throw a GrpcError. */
  readonly onPing?: () => Uint8Array;
}

export class FakeGlobal {
  /** All streams ever opened, in order. */
  readonly streams: FakeStream[] = [];
  readonly pings: Metadata[] = [];
  readonly server: GrpcServer;
  /** Connections that were open at the same time, at most. */
  connectionsMax = 0;

  constructor(options: FakeGlobalOptions = {}) {
    this.server = new GrpcServer({
      name: "fake-global",
      address: "127.0.0.1",
      port: options.port ?? 0,
      portSetting: "TEST_PORT",
      drainMs: 100,
      ...options.server,
    });
    for (const kind of [...SYNC_STREAMS, ...ADMIN_STREAMS]) {
      this.server.bidi(KDS_PATHS[kind], (stream, metadata) => this.#opened(kind, stream, metadata));
    }
    this.server.unary(KDS_PATHS.HealthCheck, (_request, call) => {
      this.pings.push(call.metadata);
      return options.onPing?.() ?? encodeHealthResponse(0);
    });
  }

  get address(): string {
    return `grpc://127.0.0.1:${this.server.port}`;
  }

  /** The latest stream of that kind. */
  stream(kind: StreamKind): FakeStream | undefined {
    return this.streams.findLast((stream) => stream.kind === kind);
  }

  requests(): readonly DeltaRequest[] {
    return (this.stream("GlobalToZoneSync")?.received ?? []).map((bytes) => {
      const decoded = decodeDeltaRequest(bytes);
      if (!decoded.ok) throw new Error(decoded.error);
      return decoded.value;
    });
  }

  send(kind: StreamKind, message: Uint8Array): void {
    this.stream(kind)?.stream.writer.write(Buffer.from(message));
  }

  #opened(kind: StreamKind, stream: ServerStream, metadata: Metadata): void {
    this.connectionsMax = Math.max(this.connectionsMax, this.server.connections);
    const received: Buffer[] = [];
    this.streams.push({ kind, stream, metadata, received });
    stream.accept({ message: (bytes) => received.push(bytes), closed: () => {} });
  }
}

/** A response as a Kuma global would send it. */
export function response(type: string, nonce: string, ...contents: readonly Uint8Array[]): Uint8Array {
  const chunks = contents.map((kumaResourceBytes, i) =>
    encodeResourceChunk({ name: `r${i}.`, version: "1", kumaResourceBytes }),
  );
  return encodeDeltaResponse({ typeUrl: type, nonce, controlPlane: "global", chunks });
}
