/** Knocks, a few at a time however many proxies are lost at once: where most of them are cut off, those that died do not wait for all of these. */
import type { Knock, KnockOutcome } from "./knock.ts";
import type { Place } from "./listen-places.ts";

export interface KnockQueueOptions {
  readonly knock: Knock;
  readonly atOnce: number;
  readonly onKnocked: (outcome: KnockOutcome) => void;
}

/** From what comes first on. */
const LANES = ["proof", "lost", "reach"] as const;
/** `proof`: the admin port refuses already; `lost`: whether a lost proxy lives; `reach`: what can be reached at all. */
export type Lane = (typeof LANES)[number];

interface Waiting {
  readonly place: Place;
  readonly resolve: (outcome: KnockOutcome) => void;
}

export class KnockQueue {
  readonly #options: KnockQueueOptions;
  readonly #lanes: Readonly<Record<Lane, Waiting[]>> = { proof: [], lost: [], reach: [] };
  #running = 0;

  constructor(options: KnockQueueOptions) {
    this.#options = options;
  }

  /** For a gauge. A proxy has one round of knocks in it at most. */
  get waiting(): number {
    return LANES.reduce((sum, lane) => sum + this.#lanes[lane].length, 0);
  }

  knock(place: Place, lane: Lane): Promise<KnockOutcome> {
    return new Promise((resolve) => {
      this.#lanes[lane].push({ place, resolve });
      this.#next();
    });
  }

  #next(): void {
    if (this.#running >= this.#options.atOnce) return;
    const next = LANES.map((lane) => this.#lanes[lane])
      .find(({ length }) => length > 0)
      ?.shift();
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
