/** Asks one address again and again over one connection, and tells when the answer is what is waited for. */
import { Agent, get } from "node:http";

const PAUSE_MS = 1;
const LIMIT_MS = 30_000;
const REQUEST_LIMIT_MS = 2_000;

export type Target =
  | { readonly host: string; readonly port: number; readonly path: string }
  | { readonly socketPath: string; readonly path: string };

export interface Seen {
  /** 0: there was no answer. */
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** Milliseconds of `performance.now()` when the request began, when the answer was complete. */
  readonly askedAt: number;
  readonly at: number;
}

export class Watch {
  readonly #target: Target;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });

  constructor(target: Target) {
    this.#target = target;
  }

  /** Resolves with the first answer that is meant. @throws {Error} when none comes within 30 s */
  async until(isMeant: (seen: Seen) => boolean, what: string, pauseMs = PAUSE_MS): Promise<Seen> {
    const began = performance.now();
    for (;;) {
      const seen = await this.ask();
      if (isMeant(seen)) return seen;
      if (seen.at - began > LIMIT_MS)
        throw new Error(`not within ${LIMIT_MS} ms: ${what}\n${seen.status} ${seen.text}`);
      await pause(pauseMs);
    }
  }

  ask(): Promise<Seen> {
    const askedAt = performance.now();
    return new Promise((resolve) => {
      const none = (error: Error): void =>
        resolve({ status: 0, headers: {}, text: error.message, askedAt, at: performance.now() });
      const request = get({ ...this.#target, agent: this.#agent, timeout: REQUEST_LIMIT_MS }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", none);
        response.on("end", () => {
          const { statusCode: status = 0, headers } = response;
          resolve({ status, headers, text: Buffer.concat(chunks).toString(), askedAt, at: performance.now() });
        });
      });
      request.on("timeout", () => request.destroy(new Error("no answer in time")));
      request.on("error", none);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
