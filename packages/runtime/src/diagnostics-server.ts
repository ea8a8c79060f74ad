/**
 * Liveness, readiness, metrics and log levels on a port of their own (5680), without authentication, as Kuma serves them.
 * Source: kuma v2.14.3: pkg/diagnostics/server.go.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { isFromThisMachine } from "@isthmus/api-server";
import { errorMessage, type Service } from "@isthmus/std";
import type { Logger } from "./log.ts";
import { type Answer, answerLogging, isLoggingPath, text } from "./logging-endpoint.ts";
import type { Metrics } from "./metrics.ts";

const HEADERS_TIMEOUT_MS = 5_000;
/** Of a request with its body. */
const REQUEST_TIMEOUT_MS = 10_000;

export interface DiagnosticsOptions {
  readonly host: string;
  readonly port: number;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly isReady: () => boolean;
  /** Whoever reaches the port may change log levels, as in Kuma; otherwise only processes of this machine. */
  readonly allowsRemoteWrites?: boolean;
}

export class DiagnosticsServer implements Service {
  readonly name = "diagnostics server";
  readonly #options: DiagnosticsOptions;
  readonly #scrapes: ReturnType<typeof scrapeMetrics>;
  #server: Server | undefined;

  constructor(options: DiagnosticsOptions) {
    this.#options = options;
    this.#scrapes = scrapeMetrics(options.metrics);
  }

  /** The port really bound; the configured one before the start. */
  get port(): number {
    const address = this.#server?.address();
    return typeof address === "object" && address !== null ? address.port : this.#options.port;
  }

  async start(): Promise<void> {
    const { host, port } = this.#options;
    const server = createServer((request, response) => {
      this.#serve(request, response).catch((error: unknown) => {
        this.#options.log.error({ error: errorMessage(error) }, "a request to the diagnostics port failed");
        send(response, text(500, "internal error"));
      });
    });
    server.headersTimeout = HEADERS_TIMEOUT_MS;
    server.requestTimeout = REQUEST_TIMEOUT_MS;
    await new Promise<void>((resolve, reject) => {
      server.once("error", (error: NodeJS.ErrnoException) => {
        reject(
          error.code === "EADDRINUSE"
            ? new Error(`port ${port} on ${host} is in use (setting diagnostics.serverPort)`, { cause: error })
            : error,
        );
      });
      server.listen(port, host, resolve);
    });
    this.#server = server;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (!server) return;
    server.closeAllConnections();
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? "/").split("?")[0] ?? "/";
    const isRead = request.method === "GET" || request.method === "HEAD";
    const { allowsRemoteWrites = false, log, isReady } = this.#options;
    if (isLoggingPath(path)) {
      const mayWrite =
        isRead ||
        allowsRemoteWrites ||
        isFromThisMachine({ address: request.socket.remoteAddress, headers: request.headers });
      const refusal = text(403, "log levels may be changed from this machine only (setting access.anonymousWrites)");
      send(response, mayWrite ? await answerLogging(request, path, log) : refusal);
    } else if (!isRead) {
      send(response, { status: 405 });
    } else if (path === "/healthy") {
      send(response, { status: 200 });
    } else if (path === "/ready") {
      send(response, { status: isReady() ? 200 : 503 });
    } else if (path === "/metrics") {
      send(response, await this.#scrape());
    } else {
      send(response, text(404, "404 page not found"));
    }
  }

  async #scrape(): Promise<Answer> {
    const { metrics } = this.#options;
    const { inFlight, total } = this.#scrapes;
    inFlight.inc();
    try {
      const body = await metrics.text();
      total.inc({ code: "200" });
      return { status: 200, headers: { "content-type": metrics.contentType }, body };
    } catch (error) {
      total.inc({ code: "500" });
      throw error;
    } finally {
      inFlight.dec();
    }
  }
}

/** Names of Go's handler, which operators know. */
function scrapeMetrics(metrics: Metrics) {
  const total = metrics.counter("promhttp_metric_handler_requests_total", "Scrapes by the status of their answer", [
    "code",
  ]);
  for (const code of ["200", "500", "503"]) total.inc({ code }, 0);
  return { total, inFlight: metrics.gauge("promhttp_metric_handler_requests_in_flight", "Scrapes being answered") };
}

function send(response: ServerResponse, { status, headers = {}, body }: Answer): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(status, headers).end(body);
}
