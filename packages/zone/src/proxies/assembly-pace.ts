/**
 * When snapshots are put together: at once, unless many proxies join. Each that joins is one more instance of some service, of which all others are
 * told; as long as they come one after another these changes are gathered, and told when no more come.
 */
import type { Clock, TimerHandle } from "@isthmus/std";

/** So many proxies that join within `WINDOW_MS` are many, and it takes this share of those that are there. */
const MANY = 10;
const MANY_SHARE = 0.02;
const WINDOW_MS = 1_000;
/** No more come when none came for this long. */
const QUIET_MS = 100;
/** A timer that is so late says that the program is busy: who came meanwhile is still to be seen. */
const LATE_MS = 50;
/** A change waits for so long at most, for each proxy that is there: about what it takes to tell all of them. */
const HELD_MS_PER_PROXY = 4;

export interface AssemblyPaceOptions {
  readonly clock: Clock;
  /** Proxies that are there. */
  readonly proxies: () => number;
  readonly assemble: () => void;
}

export class AssemblyPace {
  readonly #options: AssemblyPaceOptions;
  /** Monotonic, ascending: of proxies that joined within the window. */
  readonly #joins: number[] = [];
  #isDue = false;
  #timer: TimerHandle | undefined;

  constructor(options: AssemblyPaceOptions) {
    this.#options = options;
  }

  joined(): void {
    const now = this.#options.clock.monotonic();
    this.#joins.push(now);
    this.#forget(now);
  }

  /** There is something to put together: once for all that one batch of the reactor changes. */
  changed(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    const now = this.#options.clock.monotonic();
    if (this.#areManyJoining(now)) this.#hold(now, now + QUIET_MS, now);
    else queueMicrotask(() => this.#run());
  }

  stop(): void {
    this.#timer?.cancel();
  }

  /** Until no more come: looks at `wake`. */
  #hold(since: number, wake: number, now: number): void {
    const { clock, proxies } = this.#options;
    const limit = (): number => since + proxies() * HELD_MS_PER_PROXY;
    const at = Math.min(wake, limit());
    this.#timer = clock.setTimeout(() => {
      const then = clock.monotonic();
      const quietSince = then > at + LATE_MS ? then : (this.#joins.at(-1) ?? 0);
      if (then < Math.min(limit(), quietSince + QUIET_MS)) this.#hold(since, quietSince + QUIET_MS, then);
      else this.#run();
    }, at - now);
  }

  #run(): void {
    this.#isDue = false;
    this.#timer = undefined;
    this.#options.assemble();
  }

  #areManyJoining(now: number): boolean {
    this.#forget(now);
    const many = Math.max(MANY, this.#options.proxies() * MANY_SHARE);
    return this.#joins.length >= many;
  }

  #forget(now: number): void {
    const first = this.#joins.findIndex((at) => at > now - WINDOW_MS);
    this.#joins.splice(0, first < 0 ? this.#joins.length : first);
  }
}
