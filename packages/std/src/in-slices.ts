/**
 * Long work in short turns: a generator that yields wherever it may be left, so that the event loop serves others in between. The work
 * itself stays plain code without promises.
 */
import type { Clock } from "./clock.ts";

/** `sliceMs`: after which the rest waits for the next turn. Rejects with what the work throws. */
export async function inSlices<T>(steps: Generator<void, T>, clock: Clock, sliceMs: number): Promise<T> {
  for (;;) {
    const until = clock.monotonic() + sliceMs;
    do {
      const step = steps.next();
      if (step.done === true) return step.value;
    } while (clock.monotonic() < until);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
