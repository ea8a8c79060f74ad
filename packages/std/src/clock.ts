/**
 * Time as a dependency. Nothing outside the programs and this package reads the system clock or sets timers directly,
 * so that simulation and tests can own time.
 */

export type TimerHandle = { readonly cancel: () => void };

export interface Clock {
  /** Wall clock, milliseconds since the Unix epoch. */
  now(): number;
  /** Monotonic milliseconds with sub-millisecond resolution; only differences mean something. */
  monotonic(): number;
  /** Calls `fn` once after `delayMs`. The handle's `cancel` is idempotent. */
  setTimeout(fn: () => void, delayMs: number): TimerHandle;
}

/** Node's longest timer: one that is set for longer fires at once. */
const TIMER_MAX_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimeout(fn, delayMs) {
    if (delayMs > TIMER_MAX_MS) return longTimer(fn, delayMs);
    const timer = setTimeout(fn, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
};

function longTimer(fn: () => void, delayMs: number): TimerHandle {
  let step = systemClock.setTimeout(() => {
    step = systemClock.setTimeout(fn, delayMs - TIMER_MAX_MS);
  }, TIMER_MAX_MS);
  return { cancel: () => step.cancel() };
}

/** Resolves after `delayMs`, or as soon as `signal` aborts. Never rejects. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = clock.setTimeout(done, delayMs);
    signal?.addEventListener("abort", done, { once: true });
    function done(): void {
      timer.cancel();
      signal?.removeEventListener("abort", done);
      resolve();
    }
  });
}
