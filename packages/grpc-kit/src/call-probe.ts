/**
 * What happens to calls, for whoever counts: begun, messages in both directions, ended with a code after some time. One probe
 * per call; without an observer it costs nothing but itself.
 */
import type { Clock } from "@isthmus/std";

export interface ObservedCall {
  /** `/package.Service/Method` */
  readonly path: string;
  readonly isStream: boolean;
}

/** Called for every call and every message; must not throw. */
export interface CallObserver {
  started(call: ObservedCall): void;
  received(call: ObservedCall): void;
  sent(call: ObservedCall): void;
  ended(call: ObservedCall, code: number, seconds: number): void;
}

export class CallProbe {
  readonly #observer: CallObserver | undefined;
  readonly #call: ObservedCall;
  readonly #clock: Clock;
  readonly #startedAt: number;
  #isOver = false;

  constructor(observer: CallObserver | undefined, call: ObservedCall, clock: Clock) {
    this.#observer = observer;
    this.#call = call;
    this.#clock = clock;
    this.#startedAt = observer === undefined ? 0 : clock.monotonic();
    observer?.started(call);
  }

  received(): void {
    this.#observer?.received(this.#call);
  }

  sent(): void {
    this.#observer?.sent(this.#call);
  }

  /** The first end counts. */
  ended(code: number): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#observer?.ended(this.#call, code, (this.#clock.monotonic() - this.#startedAt) / 1_000);
  }
}
