/**
 * Exponential backoff with additive jitter, as the resilient components of Kuma use it, but never below zero.
 * Source: kuma v2.14.3: pkg/core/runtime/component/resilient.go.
 */
import type { Random } from "./random.ts";

export interface BackoffOptions {
  readonly baseMs: number;
  readonly maxMs: number;
  /** A run that lasted longer than this resets the sequence. */
  readonly resetAfterMs: number;
  /** Each delay is moved by a uniform value in [-jitterMs, +jitterMs]. */
  readonly jitterMs: number;
}

export class Backoff {
  readonly #options: BackoffOptions;
  readonly #random: Random;
  #failures = 0;

  constructor(options: BackoffOptions, random: Random) {
    this.#options = options;
    this.#random = random;
  }

  /** Delay before the next attempt, in milliseconds, given how long the attempt that just failed had run. */
  nextDelayMs(lastRunMs: number): number {
    const { baseMs, maxMs, resetAfterMs, jitterMs } = this.#options;
    if (lastRunMs > resetAfterMs) this.#failures = 0;
    const exponential = Math.min(maxMs, baseMs * 2 ** this.#failures);
    this.#failures += 1;
    const jitter = (this.#random() * 2 - 1) * jitterMs;
    return Math.max(0, exponential + jitter);
  }

  reset(): void {
    this.#failures = 0;
  }
}
