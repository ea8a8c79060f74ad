/** Requests that wait for a change of some types. One look at each commit for all of them. */
import type { Clock } from "@isthmus/std";
import type { CommitEvent, Revision, Store } from "@isthmus/store";

export interface ChangeWait {
  /** Empty: all. */
  readonly types: ReadonlySet<string>;
  readonly after: Revision;
  readonly waitMs: number;
}

export interface ChangeAnswer {
  readonly revision: Revision;
  readonly changed: boolean;
}

interface Waiting {
  readonly types: ReadonlySet<string>;
  readonly end: (changed: boolean) => void;
}

/** Each holds a connection. */
const WAITING_MAX = 1_000;

export class ChangeWaits {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #waiting = new Set<Waiting>();
  #unsubscribe: (() => void) | undefined;

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** Undefined: too many are waiting. `gone`: the client gave up. */
  async changed({ types, after, waitMs }: ChangeWait, gone: AbortSignal): Promise<ChangeAnswer | undefined> {
    const since = this.#store.changes(after, types.size === 0 ? undefined : types);
    // A reset is a store with another history, or a reader who is far behind: it has to look anew.
    if (since.kind === "reset" || since.keys.length > 0) return { revision: since.revision, changed: true };
    if (waitMs <= 0 || gone.aborted) return { revision: since.revision, changed: false };
    if (this.#waiting.size >= WAITING_MAX) return undefined;
    const changed = await this.#wait(types, waitMs, gone);
    return { revision: this.#store.revision, changed };
  }

  /** Answers all: the server ends. */
  stop(): void {
    for (const { end } of this.#waiting) end(false);
  }

  #wait(types: ReadonlySet<string>, waitMs: number, gone: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (changed: boolean): void => {
        timer.cancel();
        gone.removeEventListener("abort", onGone);
        this.#waiting.delete(waiting);
        if (this.#waiting.size === 0) this.#follow(false);
        resolve(changed);
      };
      const waiting: Waiting = { types, end };
      const onGone = (): void => end(false);
      const timer = this.#clock.setTimeout(() => end(false), waitMs);
      gone.addEventListener("abort", onGone);
      this.#waiting.add(waiting);
      this.#follow(true);
    });
  }

  #follow(isWanted: boolean): void {
    if (isWanted) this.#unsubscribe ??= this.#store.subscribe((event) => this.#onCommit(event));
    else {
      this.#unsubscribe?.();
      this.#unsubscribe = undefined;
    }
  }

  #onCommit({ changes }: CommitEvent): void {
    const changed = new Set(changes.map(({ key }) => key.type));
    for (const { types, end } of this.#waiting) {
      if (types.size === 0 || [...changed].some((type) => types.has(type))) end(true);
    }
  }
}
