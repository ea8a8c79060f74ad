/**
 * When a stream without progress is ended so that it starts over. With jitter, and within a budget: a global that is slow
 * as a whole must not answer by throwing out all its zones, whose first responses would make it slower still.
 */
import type { Clock, Random } from "@isthmus/std";
import { STUCK_AFTER_MS, type StuckPolicy } from "./sender-stream.ts";

const JITTER_MS = 10_000;
const BUDGET_WINDOW_MS = 60_000;
const RECYCLED_PER_WINDOW_MAX = 10;

export interface RecyclePolicyOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly stuckAfterMs?: number;
  readonly jitterMs?: number;
}

export class RecyclePolicy implements StuckPolicy {
  readonly #options: RecyclePolicyOptions;
  #windowStart = Number.NEGATIVE_INFINITY;
  #recycled = 0;

  constructor(options: RecyclePolicyOptions) {
    this.#options = options;
  }

  delayMs(): number {
    const { random, stuckAfterMs = STUCK_AFTER_MS, jitterMs = JITTER_MS } = this.#options;
    return stuckAfterMs + random() * jitterMs;
  }

  mayRecycle(idleMs: number): boolean {
    const { clock, stuckAfterMs = STUCK_AFTER_MS } = this.#options;
    if (idleMs < stuckAfterMs) return false;
    const now = clock.monotonic();
    if (now - this.#windowStart >= BUDGET_WINDOW_MS) {
      this.#windowStart = now;
      this.#recycled = 0;
    }
    if (this.#recycled >= RECYCLED_PER_WINDOW_MAX) return false;
    this.#recycled += 1;
    return true;
  }
}
