/**
 * Documents for the runner that the control plane puts into Envoy, which answers them on a unix socket of its own. Envoy cannot push, so they are asked
 * for again and again; an unchanged one is an answer without a body. Source: kuma v2.14.3: app/kuma-dp/pkg/dataplane/configfetcher.
 */
import { existsSync } from "node:fs";
import { type Clock, errorMessage, type JsonValue, parseJson, type TimerHandle } from "@isthmus/std";
import { EnvoyAdmin } from "./envoy/envoy-admin.ts";

const TIMEOUT_MS = 5_000;

export interface DynamicConfigOptions {
  readonly socket: string;
  readonly intervalMs: number;
  readonly clock: Clock;
  /** By path; called when a document is new. */
  readonly handlers: ReadonlyMap<string, (document: JsonValue) => void>;
  readonly onFailed: (path: string, reason: string) => void;
}

export class DynamicConfig {
  readonly #options: DynamicConfigOptions;
  readonly #envoy: EnvoyAdmin;
  readonly #tags = new Map<string, string>();
  #timer: TimerHandle | undefined;
  #isStopped = false;

  constructor(options: DynamicConfigOptions) {
    this.#options = options;
    this.#envoy = new EnvoyAdmin({ kind: "socket", path: options.socket });
  }

  start(): void {
    const { clock, intervalMs } = this.#options;
    void this.step().finally(() => {
      if (!this.#isStopped) this.#timer = clock.setTimeout(() => this.start(), intervalMs);
    });
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  /** Asks once for every document. Never rejects. */
  async step(): Promise<void> {
    const { socket, handlers, onFailed } = this.#options;
    // There is none as long as no policy needs one.
    if (!existsSync(socket)) return;
    for (const [path, handle] of handlers) {
      try {
        await this.#fetch(path, handle);
      } catch (error) {
        this.#tags.delete(path);
        // The listener is gone; Envoy leaves its file behind.
        if (!isRefused(error)) onFailed(path, errorMessage(error));
      }
    }
  }

  async #fetch(path: string, handle: (document: JsonValue) => void): Promise<void> {
    const known = this.#tags.get(path);
    const headers: Record<string, string> = known === undefined ? {} : { "if-none-match": known };
    const answer = await this.#envoy.get(path, { headers, timeoutMs: TIMEOUT_MS });
    if (answer.status === 304) return;
    this.#tags.delete(path);
    if (answer.status === 404) return;
    if (answer.status !== 200) throw new Error(`answered with ${answer.status}`);
    const document = parseJson(answer.body.toString());
    if (!document.ok) throw new Error(document.error);
    handle(document.value);
    const { etag } = answer.headers;
    if (typeof etag === "string") this.#tags.set(path, etag);
  }
}

function isRefused(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ECONNREFUSED" || error.code === "ENOENT");
}
