/**
 * Signals of who runs the runner: the first SIGTERM or SIGINT asks it to stop, the second not to wait, the third ends it as it stands. SIGUSR2
 * drains ahead of that. Source: kuma v2.14.3: pkg/core/alias.go.
 */
export class StopSignals {
  readonly #stop = new AbortController();
  readonly #hurry = new AbortController();
  readonly #onDrain: () => void;
  readonly #onLast: () => void;

  constructor(on: { readonly drain: () => void; readonly last: () => void }) {
    this.#onDrain = on.drain;
    this.#onLast = on.last;
  }

  /** Aborts at the first. */
  get stop(): AbortSignal {
    return this.#stop.signal;
  }

  /** Aborts at the second. */
  get hurry(): AbortSignal {
    return this.#hurry.signal;
  }

  listen(process: NodeJS.Process): void {
    const next = (): void => {
      if (!this.#stop.signal.aborted) this.#stop.abort();
      else if (!this.#hurry.signal.aborted) this.#hurry.abort();
      else this.#onLast();
    };
    process.on("SIGTERM", next);
    process.on("SIGINT", next);
    process.on("SIGUSR2", this.#onDrain);
  }
}
