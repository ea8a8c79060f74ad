/**
 * When a watch asks again: as soon as the server says that something has changed; of a server that cannot say so, as Kuma's, once in
 * an interval.
 */
import { type ApiClient, ApiError } from "@isthmus/api";
import { type Clock, sleep } from "@isthmus/std";

export interface Pace {
  /** Before the first question. */
  begin(stop: AbortSignal): Promise<void>;
  /** Resolves when it is time to ask again, and when there is to be no more of it. */
  next(stop: AbortSignal): Promise<void>;
}

/** Below the limit of servers, and of the intermediaries on the way. */
const WAIT_MS = 20_000;
/** Changes seldom come alone. */
const SETTLE_MS = 50;
/** An answer without a change that comes sooner was not waited for. */
const EARLY_MS = 500;

export function intervalPace(clock: Clock, intervalMs: number): Pace {
  return { begin: async () => {}, next: (stop) => sleep(clock, intervalMs, stop) };
}

export class ChangePace implements Pace {
  readonly #client: ApiClient;
  readonly #clock: Clock;
  readonly #types: readonly string[];
  readonly #intervalMs: number;
  readonly #waitMs: number;
  #revision: number | undefined;
  #isUnable = false;

  /** `types`: those that what is watched is made of. `isAgeing`: it changes with time alone, so the interval is the longest wait. */
  constructor(options: {
    readonly client: ApiClient;
    readonly clock: Clock;
    readonly types: readonly string[];
    readonly intervalMs: number;
    readonly isAgeing: boolean;
  }) {
    const { client, clock, types, intervalMs, isAgeing } = options;
    this.#client = client;
    this.#clock = clock;
    this.#types = types;
    this.#intervalMs = intervalMs;
    this.#waitMs = isAgeing ? Math.max(intervalMs, 1_000) : WAIT_MS;
  }

  async begin(stop: AbortSignal): Promise<void> {
    await this.#ask(stop);
  }

  async next(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      const isKnown = this.#revision !== undefined;
      const askedAt = this.#clock.monotonic();
      const answer = this.#isUnable ? undefined : await this.#ask(stop);
      if (stop.aborted) return;
      if (answer === undefined) return sleep(this.#clock, this.#intervalMs, stop);
      if (answer.changed) return sleep(this.#clock, SETTLE_MS, stop);
      // After a failure anything may have changed.
      if (!isKnown) return;
      // A server that ends, or a network that cuts off what takes long.
      const isEarly = this.#clock.monotonic() - askedAt < EARLY_MS;
      if (isEarly) await sleep(this.#clock, this.#intervalMs, stop);
      if (this.#waitMs < WAIT_MS) return;
    }
  }

  /** Undefined: it does not answer now, or never does. */
  async #ask(stop: AbortSignal): Promise<{ readonly changed: boolean } | undefined> {
    const after = this.#revision;
    try {
      const wait = after === undefined ? {} : { after, waitMs: this.#waitMs };
      const answer = await this.#client.changes({ types: this.#types, ...wait }, stop);
      this.#revision = answer.revision;
      return answer;
    } catch (error) {
      this.#revision = undefined;
      // A type that the server does not know is one that it cannot watch.
      if (error instanceof ApiError && [400, 404, 405].includes(error.status)) this.#isUnable = true;
      return undefined;
    }
  }
}
