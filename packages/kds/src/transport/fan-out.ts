/**
 * Tells sessions of commits in slices. A global with a thousand zones would otherwise be deaf for as long as it takes to
 * build a thousand responses; between two slices it reads ACKs and accepts writes. Commits that come while a session
 * waits for its turn are told it as one.
 */
import type { Outbox, OutboxChange } from "../feed/outbox.ts";

/** Sessions told per turn of the event loop: about a millisecond of work. */
export const SESSIONS_PER_SLICE = 50;

export interface FanOutOptions {
  readonly outbox: Pick<Outbox, "subscribe">;
  /** Calls back in a later turn of the event loop. */
  readonly defer?: (turn: () => void) => void;
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
    this.#defer();
  }

  #defer(): void {
    if (this.#isDeferred || this.#waiting.size === 0) return;
    this.#isDeferred = true;
    const { defer = setImmediate } = this.#options;
    defer(() => this.#tellSlice());
  }

  #tellSlice(): void {
    this.#isDeferred = false;
    let told = 0;
    for (const [target, change] of this.#waiting) {
      if (told === SESSIONS_PER_SLICE) break;
      told += 1;
      this.#waiting.delete(target);
      target(change);
    }
    this.#defer();
  }
}

function merge(earlier: OutboxChange, later: OutboxChange): OutboxChange {
  const types = new Set([...earlier.types, ...later.types]);
  return { types, revision: later.revision, committedAt: earlier.committedAt };
}
