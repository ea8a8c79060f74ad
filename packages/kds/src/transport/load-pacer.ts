/**
 * First responses hold the full state. When a hundred zones come back at once, all of them built and queued at the same
 * time take as many times the size of the state, and the allocator keeps that memory for good. So only some bytes of them
 * are on their way at a time; further streams wait for their turn.
 *
 * A zone that does not read must not keep the others waiting: its bytes count for a moment only.
 */
import type { Clock, TimerHandle } from "@isthmus/std";

export const LOADING_BYTES_MAX = 8 * 1024 * 1024;
export const PATIENCE_MS = 250;

export interface LoadPacerOptions {
  readonly clock: Pick<Clock, "setTimeout">;
  readonly maxBytes?: number;
  readonly patienceMs?: number;
}

interface Loading {
  readonly bytes: number;
  readonly patience: TimerHandle;
}

export class LoadPacer {
  readonly #options: LoadPacerOptions;
  readonly #loading = new Map<object, Loading>();
  #waiting: { readonly stream: object; readonly start: () => void }[] = [];
  #bytes = 0;
  #isPumping = false;

  constructor(options: LoadPacerOptions) {
    this.#options = options;
  }

  /** First requests that wait for their turn: for a gauge. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Runs `start` now or in its turn, unless the stream has ended by then. `start` must not throw. */
  enter(stream: object, start: () => void): void {
    this.#waiting.push({ stream, start });
    this.#pump();
  }

  /** The stream takes no more for now: this many bytes are on their way. */
  blocked(stream: object, bytes: number): void {
    this.#forget(stream);
    const patience = this.#options.clock.setTimeout(
      () => this.drained(stream),
      this.#options.patienceMs ?? PATIENCE_MS,
    );
    this.#loading.set(stream, { bytes, patience });
    this.#bytes += bytes;
  }

  drained(stream: object): void {
    if (this.#forget(stream)) this.#pump();
  }

  ended(stream: object): void {
    this.#waiting = this.#waiting.filter((each) => each.stream !== stream);
    this.drained(stream);
  }

  #forget(stream: object): boolean {
    const loading = this.#loading.get(stream);
    if (loading === undefined) return false;
    loading.patience.cancel();
    this.#loading.delete(stream);
    this.#bytes -= loading.bytes;
    return true;
  }

  /** What is started may end or block streams, and so come back here. */
  #pump(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    while (this.#bytes < (this.#options.maxBytes ?? LOADING_BYTES_MAX)) {
      const next = this.#waiting.shift();
      if (next === undefined) break;
      next.start();
    }
    this.#isPumping = false;
  }
}
