/**
 * Who may write its next piece: some of those that wait in each turn of the event loop, the message that began first at first. A thousand peers that
 * are each sent megabytes would otherwise make a turn as long as a piece for all of them takes, and one turn accepts one connection.
 */

/** About a millisecond of work. */
export const PIECES_PER_TURN = 16;

interface Waiting {
  readonly order: number;
  readonly write: () => void;
}

export class WriteTurns {
  readonly #defer: (turn: () => void) => void;
  /** By order. */
  readonly #waiting: Waiting[] = [];
  #messages = 0;
  #isDeferred = false;

  /** @param defer calls back in a later turn of the event loop. */
  constructor(defer: (turn: () => void) => void = setImmediate) {
    this.#defer = defer;
  }

  /** Of a message that begins. Its result waits for a turn; once per piece. */
  begin(): (write: () => void) => void {
    const order = this.#messages;
    this.#messages += 1;
    return (write) => {
      this.#waiting.splice(this.#placeOf(order), 0, { order, write });
      this.#schedule();
    };
  }

  #placeOf(order: number): number {
    let low = 0;
    let high = this.#waiting.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#waiting[middle]?.order ?? order) < order) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #schedule(): void {
    if (this.#isDeferred || this.#waiting.length === 0) return;
    this.#isDeferred = true;
    this.#defer(() => {
      this.#isDeferred = false;
      for (const { write } of this.#waiting.splice(0, PIECES_PER_TURN)) write();
      this.#schedule();
    });
  }
}
