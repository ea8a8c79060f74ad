/** A collector of OpenTelemetry that takes everything and remembers the bytes. */
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { createServer, type Http2Server, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";

export type Signal = "logs" | "traces" | "metrics";

const SERVICES: Readonly<Record<Signal, string>> = {
  logs: "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
  traces: "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
  metrics: "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
};
/** A message of gRPC without a member: not compressed, of no bytes. */
const EMPTY_MESSAGE = Buffer.alloc(5);

export class OtelCollector {
  readonly port: number;
  readonly #server: Http2Server;
  readonly #sessions = new Set<ServerHttp2Session>();
  readonly #received = new Map<string, Buffer[]>();

  private constructor(server: Http2Server) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on("session", (session) => this.#sessions.add(session));
    server.on("stream", (stream, headers) => this.#take(stream, headers[":path"] ?? ""));
  }

  static async start(): Promise<OtelCollector> {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new OtelCollector(server);
  }

  /** All that came, as it came: texts in it can be looked for. */
  received(signal: Signal): string {
    return Buffer.concat(this.#received.get(SERVICES[signal]) ?? []).toString("latin1");
  }

  async stop(): Promise<void> {
    for (const session of this.#sessions) session.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }

  #take(stream: ServerHttp2Stream, path: string): void {
    const chunks = this.#received.get(path) ?? [];
    this.#received.set(path, chunks);
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("error", () => {});
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
    stream.on("end", () => {
      if (stream.destroyed) return;
      stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
      stream.end(EMPTY_MESSAGE);
    });
  }
}
