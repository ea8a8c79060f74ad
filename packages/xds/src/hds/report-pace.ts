/**
 * How often those Envoys report whose applications are checked: the fewer they are the more often, so that a small zone knows of a death at once and
 * a large one is not kept busy by news that there are none. Envoy takes another interval without beginning its checks anew.
 */

/** Of all of them together. A report costs a zone about 0.1 ms. */
const REPORTS_PER_SECOND = 200;
const SHORTEST_MS = 15;
/** It becomes faster only when there is so much room: one proxy that comes and goes does not change it for all. */
const ROOM = 0.75;

export class ReportPace {
  readonly #longestMs: number;
  #reporting = 0;
  #intervalMs: number;

  constructor(longestMs: number) {
    this.#longestMs = longestMs;
    this.#intervalMs = Math.min(SHORTEST_MS, longestMs);
  }

  get intervalMs(): number {
    return this.#intervalMs;
  }

  /** @returns whether the interval is another one now */
  change(by: 1 | -1): boolean {
    const before = this.#intervalMs;
    this.#reporting += by;
    while (this.#intervalMs < this.#longestMs && this.#rateAt(this.#intervalMs) > REPORTS_PER_SECOND) {
      this.#intervalMs = Math.min(this.#intervalMs * 2, this.#longestMs);
    }
    while (this.#intervalMs > SHORTEST_MS && this.#rateAt(this.#faster) <= REPORTS_PER_SECOND * ROOM) {
      this.#intervalMs = this.#faster;
    }
    return this.#intervalMs !== before;
  }

  get #faster(): number {
    return Math.max(this.#intervalMs / 2, SHORTEST_MS);
  }

  #rateAt(intervalMs: number): number {
    return (this.#reporting * 1_000) / intervalMs;
  }
}
