/**
 * `/ready` of a proxy: not before Envoy has its configuration, and no more once it is to stop. Nothing else of Envoy is shown here, since
 * others than this machine may reach it. Source: kuma v2.14.3: app/kuma-dp/pkg/dataplane/readiness/component.go.
 */
import { createServer, type Server, type ServerResponse } from "node:http";
import { isIPv6 } from "node:net";
import type { EnvoyAdmin } from "./envoy/envoy-admin.ts";

const ADMIN_TIMEOUT_MS = 3_000;
/** Of an answer, not of the connection that it came by. */
const HOP_HEADERS = new Set(["connection", "transfer-encoding", "keep-alive", "date"]);

export class ReadinessServer {
  readonly #server: Server;
  #admin: EnvoyAdmin | undefined;
  #isTerminating = false;
  #heldUntilMs = 0;

  constructor() {
    this.#server = createServer((request, response) => {
      if ((request.url ?? "").split("?", 1)[0] !== "/ready") return void response.writeHead(404).end();
      this.#answer(response).catch(() => response.destroy());
    });
  }

  /** @throws when the port is taken. The port that it listens on, which is another one for 0. */
  async listen(host: string, port: number): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(port, host, resolve);
    });
    const address = this.#server.address();
    return typeof address === "object" && address !== null ? address.port : port;
  }

  /** From now on Envoy is asked. */
  follow(admin: EnvoyAdmin): void {
    this.#admin = admin;
  }

  /** Not ready before `release`, or before so many milliseconds have passed. */
  hold(limitMs: number): void {
    this.#heldUntilMs = performance.now() + limitMs;
  }

  release(): void {
    this.#heldUntilMs = 0;
  }

  terminating(): void {
    this.#isTerminating = true;
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer(response: ServerResponse): Promise<void> {
    if (this.#isTerminating) return state(response, 503, "TERMINATING");
    if (this.#admin === undefined || performance.now() < this.#heldUntilMs) return state(response, 503, "NOT_READY");
    try {
      const { status, headers, body } = await this.#admin.get("/ready", { timeoutMs: ADMIN_TIMEOUT_MS });
      const kept = Object.entries(headers).filter(([name]) => !HOP_HEADERS.has(name));
      response.writeHead(status, Object.fromEntries(kept) as Record<string, string>).end(body);
    } catch {
      state(response, 503, "envoy not ready");
    }
  }
}

/** Where it listens: on the loopback, in a pod for the kubelet as well. */
export function readinessHost(proxyAddress: string, isInPod: boolean): string {
  if (isInPod) return isIPv6(proxyAddress) ? "::" : "0.0.0.0";
  return isIPv6(proxyAddress) ? "::1" : "127.0.0.1";
}

function state(response: ServerResponse, status: number, text: string): void {
  response
    .writeHead(status, {
      "content-type": "text/plain",
      "content-length": Buffer.byteLength(text),
      "cache-control": "no-cache, max-age=0",
      "x-powered-by": "isthmus-dp",
    })
    .end(text);
}
