/** Knocks, a few at a time however many proxies are lost at once. Those for lost proxies go before those that only find out what can be reached. */
import type { Knock, KnockOutcome } from "./knock.ts";
import type { Place } from "./listen-places.ts";

export interface KnockQueueOptions {
  readonly knock: Knock;
  readonly atOnce: number;
  readonly onKnocked: (outcome: KnockOutcome) => void;
}

interface Waiting {
  readonly place: Place;
  readonly resolve: (outcome: KnockOutcome) => void;
}

export class KnockQueue {
  readonly #options: KnockQueueOptions;
  readonly #urgent: Waiting[] = [];
  readonly #patient: Waiting[] = [];
  #running = 0;

  constructor(options: KnockQueueOptions) {
    this.#options = options;
  }

  /** For a gauge. A proxy has one round of knocks in it at most. */
  get waiting(): number {
    return this.#urgent.length + this.#patient.length;
  }

  knock(place: Place, { isUrgent }: { readonly isUrgent: boolean }): Promise<KnockOutcome> {
    return new Promise((resolve) => {
      (isUrgent ? this.#urgent : this.#patient).push({ place, resolve });
      this.#next();
    });
  }

  #next(): void {
    if (this.#running >= this.#options.atOnce) return;
    const next = this.#urgent.shift() ?? this.#patient.shift();
    if (next === undefined) return;
    this.#running += 1;
    void this.#options.knock(next.place).then((outcome) => {
      this.#running -= 1;
      this.#options.onKnocked(outcome);
      next.resolve(outcome);
      this.#next();
    });
  }
}
