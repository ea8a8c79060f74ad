/** Sums over endpoint sets: where traffic goes while all endpoints are healthy, which is to the first priority alone. */
import type { EndpointSet } from "../endpoints/endpoint-set.ts";
import type { LoadShift, PriorityUse } from "./report.ts";

const DIGITS = 4;

export class LoadSum {
  readonly #byZone = new Map<string, number>();
  readonly #byPriority = new Map<number, number>();
  #lost = 0;
  #total = 0;

  /** `clients`: how many have this set; one unit of traffic each. */
  add({ candidates, endpoints }: EndpointSet, clients: number): void {
    this.#total += clients;
    const [first] = endpoints;
    if (first === undefined) {
      this.#lost += clients;
      return;
    }
    this.#byPriority.set(first.priority, (this.#byPriority.get(first.priority) ?? 0) + clients);
    const used = candidates.flatMap(({ zone, endpoint }) =>
      endpoint?.priority === first.priority ? [{ zone, weight: endpoint.weight }] : [],
    );
    const sum = used.reduce((total, { weight }) => total + weight, 0);
    for (const { zone, weight } of used) {
      this.#byZone.set(zone, (this.#byZone.get(zone) ?? 0) + (clients * weight) / sum);
    }
  }

  get lostShare(): number {
    return this.#share(this.#lost);
  }

  static shifts(before: LoadSum, after: LoadSum): readonly LoadShift[] {
    const zones = new Set([...before.#byZone.keys(), ...after.#byZone.keys()]);
    return [...zones].sort().map((zone) => ({
      zone,
      before: before.#share(before.#byZone.get(zone) ?? 0),
      after: after.#share(after.#byZone.get(zone) ?? 0),
    }));
  }

  static priorities(before: LoadSum, after: LoadSum): readonly PriorityUse[] {
    const priorities = new Set([...before.#byPriority.keys(), ...after.#byPriority.keys()]);
    return [...priorities]
      .sort((a, b) => a - b)
      .map((priority) => ({
        priority,
        before: before.#byPriority.get(priority) ?? 0,
        after: after.#byPriority.get(priority) ?? 0,
      }));
  }

  #share(units: number): number {
    return this.#total === 0 ? 0 : Number((units / this.#total).toFixed(DIGITS));
  }
}
