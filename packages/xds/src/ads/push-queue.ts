/**
 * Tells streams of new snapshots in slices. A change that concerns a thousand proxies would otherwise make the program deaf for
 * as long as it takes to build a thousand responses; between two slices it reads ACKs and accepts writes. Of snapshots that come
 * while a stream waits for its turn the last one counts.
 */

/** Streams told per turn of the event loop: about a millisecond of work. */
export const STREAMS_PER_SLICE = 50;

export class PushQueue<Target, Content> {
  readonly #tell: (target: Target, content: Content) => void;
  readonly #defer: (turn: () => void) => void;
  readonly #waiting = new Map<Target, Content>();
  #isDeferred = false;

  /** @param tell must not throw. @param defer calls back in a later turn of the event loop. */
  constructor(tell: (target: Target, content: Content) => void, defer: (turn: () => void) => void = setImmediate) {
    this.#tell = tell;
    this.#defer = defer;
  }

  /** For a gauge. */
  get size(): number {
    return this.#waiting.size;
  }

  push(target: Target, content: Content): void {
    this.#waiting.set(target, content);
    this.#schedule();
  }

  remove(target: Target): void {
    this.#waiting.delete(target);
  }

  #schedule(): void {
    if (this.#isDeferred || this.#waiting.size === 0) return;
    this.#isDeferred = true;
    this.#defer(() => this.#tellSlice());
  }

  #tellSlice(): void {
    this.#isDeferred = false;
    let told = 0;
    for (const [target, content] of this.#waiting) {
      if (told === STREAMS_PER_SLICE) break;
      told += 1;
      this.#waiting.delete(target);
      this.#tell(target, content);
    }
    this.#schedule();
  }
}
