/**
 * Tells sessions of commits in slices: the first one before whoever made the commit is answered, so that what it writes leaves with this turn
 * of the event loop. A global with a thousand zones would be deaf for as long as it takes to build a thousand responses; between two slices
 * it reads ACKs and accepts writes. Commits that are made together, or come while a session waits for its turn, are told it as one.
 */
import type { Outbox, OutboxChange } from "../feed/outbox.ts";

/** Sessions told before the commit is answered: few enough that nobody notices who waits for the answer. */
export const SESSIONS_AT_ONCE = 16;
/** Sessions told per later turn of the event loop: about a millisecond of work. */
export const SESSIONS_PER_SLICE = 50;

export interface FanOutOptions {
  readonly outbox: Pick<Outbox, "subscribe">;
  /** Calls back in this turn of the event loop, once the commits of one batch are all made. */
  readonly soon?: (slice: () => void) => void;
  /** Calls back in a later turn of the event loop. */
  readonly defer?: (slice: () => void) => void;
}

export type FanOutTarget = (change: OutboxChange) => void;

export class FanOut {
  readonly #options: FanOutOptions;
  readonly #targets = new Set<FanOutTarget>();
  /** In order of turn. Holds each target once, however many commits there are. */
  readonly #waiting = new Map<FanOutTarget, OutboxChange>();
  #isDeferred = false;
  #unsubscribe: (() => void) | undefined;

  constructor(options: FanOutOptions) {
    this.#options = options;
  }

  start(): void {
    this.#unsubscribe ??= this.#options.outbox.subscribe((change) => this.#onChange(change));
  }

  stop(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    this.#targets.clear();
    this.#waiting.clear();
  }

  /** Sessions that have not been told of the latest commit yet: for a gauge. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** `target` must not throw. Returns the function that takes it out. */
  add(target: FanOutTarget): () => void {
    this.#targets.add(target);
    return () => {
      this.#targets.delete(target);
      this.#waiting.delete(target);
    };
  }

  #onChange(change: OutboxChange): void {
    let last: { readonly earlier: OutboxChange; readonly merged: OutboxChange } | undefined;
    for (const target of this.#targets) {
      const earlier = this.#waiting.get(target);
      if (earlier === undefined) {
        this.#waiting.set(target, change);
        continue;
      }
      // Most targets wait with the same change, so it is merged once for all of them.
      if (last?.earlier !== earlier) last = { earlier, merged: merge(earlier, change) };
      this.#waiting.set(target, last.merged);
    }
    const { soon = queueMicrotask } = this.#options;
    this.#later(soon, SESSIONS_AT_ONCE);
  }

  #later(when: (slice: () => void) => void, sessions: number): void {
    if (this.#isDeferred || this.#waiting.size === 0) return;
    this.#isDeferred = true;
    when(() => this.#tell(sessions));
  }

  #tell(sessions: number): void {
    this.#isDeferred = false;
    let told = 0;
    for (const [target, change] of this.#waiting) {
      if (told === sessions) break;
      told += 1;
      this.#waiting.delete(target);
      target(change);
    }
    const { defer = setImmediate } = this.#options;
    this.#later(defer, SESSIONS_PER_SLICE);
  }
}

function merge(earlier: OutboxChange, later: OutboxChange): OutboxChange {
  const types = new Set([...earlier.types, ...later.types]);
  return { types, revision: later.revision, committedAt: earlier.committedAt };
}
