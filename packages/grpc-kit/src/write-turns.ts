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
      this.#waiting.push({ order, write });
      this.#schedule();
    };
  }

  #schedule(): void {
    if (this.#isDeferred || this.#waiting.length === 0) return;
    this.#isDeferred = true;
    this.#defer(() => {
      this.#isDeferred = false;
      this.#waiting.sort((a, b) => a.order - b.order);
      for (const { write } of this.#waiting.splice(0, PIECES_PER_TURN)) write();
      this.#schedule();
    });
  }
}
