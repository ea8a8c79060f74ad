/** The one timer of a zone's topology: for the earliest time at which something changes although nothing is written. */
import type { Clock, TimerHandle } from "@isthmus/std";

export class WakeUps {
  readonly #clock: Clock;
  readonly #wake: (keys: readonly string[]) => void;
  readonly #times = new Map<string, number>();
  #timer: { readonly at: number; readonly handle: TimerHandle } | undefined;

  /** `wake` is told the keys whose time has come. */
  constructor(clock: Clock, wake: (keys: readonly string[]) => void) {
    this.#clock = clock;
    this.#wake = wake;
  }

  /** `at`: wall clock, ms; undefined: not any more. */
  set(key: string, at: number | undefined): void {
    if (at === undefined) this.#times.delete(key);
    else this.#times.set(key, at);
  }

  /** To be called after the last `set` of a series. */
  arm(): void {
    let at = Number.POSITIVE_INFINITY;
    for (const time of this.#times.values()) at = Math.min(at, time);
    if (this.#timer?.at === at) return;
    this.#timer?.handle.cancel();
    this.#timer = undefined;
    if (at === Number.POSITIVE_INFINITY) return;
    const delayMs = Math.max(0, at - this.#clock.now());
    this.#timer = { at, handle: this.#clock.setTimeout(() => this.#fire(), delayMs) };
  }

  stop(): void {
    this.#timer?.handle.cancel();
    this.#timer = undefined;
    this.#times.clear();
  }

  /** The wall clock may have been set back meanwhile: who is not due yet keeps its time. */
  #fire(): void {
    this.#timer = undefined;
    const now = this.#clock.now();
    const due = Array.from(this.#times).flatMap(([key, at]) => (at <= now ? [key] : []));
    for (const key of due) this.#times.delete(key);
    if (due.length > 0) this.#wake(due);
    this.arm();
  }
}
