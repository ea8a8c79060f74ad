/** Time spent per batch on each of the parts that Kuma runs as loops of their own: what its metrics of them mean here. */
import type { Clock } from "@isthmus/std";

/** As in the names of Kuma's metrics, after `component_`. Source: kuma v2.14.3, see each part. */
export type Component =
  | "meshservice_generator"
  | "ms_status_updater"
  | "mzms_status_updater"
  | "vip_allocator"
  | "hostname_generator"
  | "workload_generator"
  | "workload_status_updater"
  | "zone_available_services";

export const COMPONENTS: readonly Component[] = [
  "meshservice_generator",
  "ms_status_updater",
  "mzms_status_updater",
  "vip_allocator",
  "hostname_generator",
  "workload_generator",
  "workload_status_updater",
  "zone_available_services",
];

export class ComponentTimes {
  readonly #clock: Clock;
  #spent = new Map<Component, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Not to be nested: the outer part would count the inner one, too. */
  timed = <T>(component: Component, work: () => T): T => {
    const start = this.#clock.monotonic();
    try {
      return work();
    } finally {
      this.#spent.set(component, (this.#spent.get(component) ?? 0) + this.#clock.monotonic() - start);
    }
  };

  /** Milliseconds since the last call, of those that had anything to do. */
  take(): ReadonlyMap<Component, number> {
    const spent = this.#spent;
    if (spent.size > 0) this.#spent = new Map();
    return spent;
  }
}
