/** Requests to a REST API over connections that stay open, each timed from its first byte to the last of the answer. */
import { Agent, request as httpRequest } from "node:http";

export interface TimedAnswer {
  readonly status: number;
  readonly text: string;
  readonly ms: number;
}

export class HttpClient {
  readonly #url: URL;
  readonly #agent: Agent;

  /** `connections`: how many requests may be under way at a time. */
  constructor(url: string, connections: number) {
    this.#url = new URL(url);
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  send(method: string, path: string, body?: object): Promise<TimedAnswer> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers =
      text === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(text) };
    return new Promise((resolve, reject) => {
      const started = performance.now();
      const { hostname, port } = this.#url;
      const outgoing = httpRequest({ hostname, port, method, path, headers, agent: this.#agent }, (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
        incoming.once("error", reject);
        incoming.once("end", () => {
          const ms = performance.now() - started;
          resolve({ status: incoming.statusCode ?? 0, text: Buffer.concat(chunks).toString(), ms });
        });
      });
      outgoing.once("error", reject);
      outgoing.end(text);
    });
  }

  /** @throws {Error} when the answer is none of success */
  async expect(method: string, path: string, body?: object): Promise<TimedAnswer> {
    const answer = await this.send(method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text.slice(0, 300)}`);
    return answer;
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** Does `each(i)` for 0 to count - 1, `width` at a time. */
export async function inParallel(
  count: number,
  width: number,
  each: (index: number) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) {
      const index = next;
      next += 1;
      await each(index);
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
}
