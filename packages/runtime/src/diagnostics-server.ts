/**
 * Liveness, readiness and metrics on a port of their own (5680), without authentication, as Kuma serves them.
 * Source: kuma v2.14.3: pkg/diagnostics/server.go.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { errorMessage, type Service } from "@isthmus/std";
import type { Metrics } from "./metrics.ts";

const HEADERS_TIMEOUT_MS = 5_000;

export interface DiagnosticsOptions {
  readonly host: string;
  readonly port: number;
  readonly metrics: Metrics;
  readonly isReady: () => boolean;
}

export class DiagnosticsServer implements Service {
  readonly name = "diagnostics server";
  readonly #options: DiagnosticsOptions;
  #server: Server | undefined;

  constructor(options: DiagnosticsOptions) {
    this.#options = options;
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
        response.writeHead(500).end(errorMessage(error));
      });
    });
    server.headersTimeout = HEADERS_TIMEOUT_MS;
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
    const path = (request.url ?? "/").split("?")[0];
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.writeHead(405).end();
    } else if (path === "/healthy") {
      response.writeHead(200).end();
    } else if (path === "/ready") {
      response.writeHead(this.#options.isReady() ? 200 : 503).end();
    } else if (path === "/metrics") {
      const text = await this.#options.metrics.text();
      response.writeHead(200, { "content-type": this.#options.metrics.contentType }).end(text);
    } else {
      response.writeHead(404, { "content-type": "text/plain" }).end("404 page not found\n");
    }
  }
}
