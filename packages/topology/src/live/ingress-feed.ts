/**
 * The services that own ZoneIngresses tell. They are computed from all Dataplanes at once and an ingress is written, and sent
 * to all zones, as a whole: the first change is told at once, those that follow are gathered for a while that grows with the
 * work, up to the interval at which Kuma looks at all.
 */
import type { Source } from "@isthmus/reactor";
import type { Clock, TimerHandle } from "@isthmus/std";
import type { AvailableService } from "../model/doors.ts";
import { availableServices, isOwnIngress } from "../services/available-services.ts";
import type { TopologyCollections } from "../world/topology-collections.ts";
import type { World } from "../world/world.ts";
import type { LiveSettings } from "./live-settings.ts";
import type { Timed } from "./service-state.ts";

/** Pause after a computation, in times of its duration: a twentieth of the processor at the most. */
const PAUSE_FACTOR = 20;
/** Types without a view that services are told of. */
const OTHER_TYPES: ReadonlySet<string> = new Set(["ExternalService", "MeshGateway"]);

export interface IngressFeedOptions {
  readonly tables: TopologyCollections;
  readonly told: Source<readonly AvailableService[]>;
  readonly settings: LiveSettings;
  /** As of the last batch. */
  readonly world: World;
  readonly clock: Clock;
  readonly timed: Timed;
}

export class IngressFeed {
  readonly #options: IngressFeedOptions;
  #isStale = true;
  #pausedUntil = 0;
  #timer: TimerHandle | undefined;

  constructor(options: IngressFeedOptions) {
    this.#options = options;
    const { tables } = options;
    const stale = (): void => {
      this.#isStale = true;
    };
    tables.proxies.subscribe(stale);
    tables.meshes.subscribe(stale);
    tables.resources.subscribe((changes) => {
      if (changes.some(({ before, after }) => OTHER_TYPES.has((after ?? before)?.type ?? ""))) stale();
    });
  }

  /** To be called after batches. True when there is something to compute now. */
  isDue(): boolean {
    const { tables, world, clock } = this.#options;
    if (!this.#isStale || this.#timer !== undefined) return false;
    if (!tables.zoneIngresses.values().some((ingress) => isOwnIngress(ingress, world))) return false;
    const waitMs = this.#pausedUntil - clock.monotonic();
    if (waitMs <= 0) return true;
    this.#timer = clock.setTimeout(() => {
      this.#timer = undefined;
      this.compute();
    }, waitMs);
    return false;
  }

  /** What it writes to a source brings the next batch, and that the next write. */
  compute(): void {
    const { told, world, settings, clock, timed } = this.#options;
    const start = clock.monotonic();
    this.#isStale = false;
    const services = timed("zone_available_services", () =>
      availableServices(world, { tagFilters: settings.ingressTagFilters }),
    );
    told.set("", services);
    const end = clock.monotonic();
    this.#pausedUntil = end + Math.min(settings.ingressUpdateMs, (end - start) * PAUSE_FACTOR);
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
