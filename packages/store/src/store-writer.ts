/**
 * Writes what should be written, one commit at a time. It is asked again after every batch and every commit, and takes what
 * `pending` holds then, so nothing is queued here: what a failed commit wanted is still pending, or no longer wanted.
 *
 * A commit is judged as a whole. One that lost a race against another writer is planned anew at once; after several in a row
 * it is made smaller, so that one busy resource does not keep the others waiting.
 */
import { Backoff, type Clock, type Random, type TimerHandle } from "@isthmus/std";
import { isOvertaken, StoreError } from "./errors.ts";
import type { Op, Store } from "./store.ts";

/** Ops of one commit: a start with thousands of new addresses must not make one long turn of the event loop. */
const OPS_MAX = 1_000;
/** Lost races in a row before commits get smaller. */
const RACES_BEFORE_SPLIT = 3;
const RETRY = { baseMs: 50, maxMs: 5_000, resetAfterMs: Number.POSITIVE_INFINITY, jitterMs: 10 };

/** One change that the store should see. */
export interface Write {
  readonly op: Op;
}

export type WriteEvent =
  | { readonly kind: "written"; readonly ops: number; readonly ms: number }
  /** Planned anew at once. */
  | { readonly kind: "raced"; readonly ops: number }
  | { readonly kind: "failed"; readonly error: unknown; readonly retryMs: number };

export interface StoreWriterOptions {
  readonly store: Pick<Store, "commit" | "revision">;
  readonly clock: Clock;
  readonly random: Random;
  /** What the store should see, as of now; brings derived collections up to date first. */
  readonly pending: () => readonly Write[];
  readonly onEvent: (event: WriteEvent) => void;
}

export class StoreWriter {
  readonly #options: StoreWriterOptions;
  readonly #backoff: Backoff;
  #running: Promise<void> | undefined;
  #retry: TimerHandle | undefined;
  #opsMax = OPS_MAX;
  #races = 0;
  #isStopped = false;

  constructor(options: StoreWriterOptions) {
    this.#options = options;
    this.#backoff = new Backoff(RETRY, options.random);
  }

  /** A commit is under way, or waits for its next try. */
  get isBusy(): boolean {
    return this.#running !== undefined || this.#retry !== undefined;
  }

  /** Something may have changed. Never throws. */
  poke(): void {
    if (this.#isStopped || this.isBusy) return;
    const writes = this.#options.pending();
    if (writes.length === 0) return;
    this.#running = this.#run(writes).finally(() => {
      this.#running = undefined;
    });
  }

  /** Resolves when the commit under way, and those that follow it at once, have ended. Never rejects. */
  async settled(): Promise<void> {
    await this.#running;
  }

  /** Resolves when the commit under way has ended. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#retry?.cancel();
    this.#retry = undefined;
    await this.#running;
  }

  async #run(first: readonly Write[]): Promise<void> {
    for (let writes = first; writes.length > 0 && !this.#isStopped; writes = this.#options.pending()) {
      if (!(await this.#commit(writes.slice(0, this.#opsMax).map(({ op }) => op)))) return;
    }
  }

  /** False: to be tried again later. */
  async #commit(ops: readonly Op[]): Promise<boolean> {
    const { store, clock, onEvent } = this.#options;
    const start = clock.monotonic();
    const before = store.revision;
    try {
      await store.commit(ops);
    } catch (error) {
      // Without a newer revision the same plan would come out again.
      if (isOvertaken(error) && store.revision > before) {
        this.#races += 1;
        if (this.#races >= RACES_BEFORE_SPLIT)
          this.#opsMax = Math.max(1, Math.ceil(Math.min(this.#opsMax, ops.length) / 2));
        onEvent({ kind: "raced", ops: ops.length });
        return true;
      }
      this.#retryLater(error);
      return false;
    }
    this.#races = 0;
    this.#opsMax = OPS_MAX;
    this.#backoff.reset();
    onEvent({ kind: "written", ops: ops.length, ms: clock.monotonic() - start });
    return true;
  }

  #retryLater(error: unknown): void {
    const { clock, onEvent } = this.#options;
    if (this.#isStopped || (error instanceof StoreError && error.code === "CLOSED")) return;
    const retryMs = this.#backoff.nextDelayMs(0);
    this.#retry = clock.setTimeout(() => {
      this.#retry = undefined;
      this.poke();
    }, retryMs);
    onEvent({ kind: "failed", error, retryMs });
  }
}
