/** What syncing needs on both roles: outbox, holds, applier, and the observers of all that happens. */
import {
  type Hold,
  HoldRegistry,
  type KdsEvent,
  type OpenApplier,
  Outbox,
  openAppliers,
  RecyclePolicy,
  type StuckPolicy,
} from "@isthmus/kds";
import { type Service, systemRandom } from "@isthmus/std";
import type { Instance } from "./instance.ts";
import { kdsLogger } from "./kds-log.ts";
import { bindKdsMetrics } from "./kds-metrics.ts";
import type { Logger } from "./log.ts";
import type { Sync } from "./sync-api.ts";

export type SyncRole = { readonly kind: "global" } | { readonly kind: "zone"; readonly zone: string };

export interface SyncParts {
  readonly outbox: Outbox;
  /** Starts and stops the outbox. */
  readonly outboxService: Service;
  readonly holds: HoldRegistry;
  readonly holdsService: Service;
  readonly openApplier: OpenApplier;
  readonly stuck: StuckPolicy;
}

/** Nothing is recycled when the watchdog is off. */
const NEVER: StuckPolicy = { delayMs: () => Number.POSITIVE_INFINITY, mayRecycle: () => false };

export function createSyncParts(instance: Instance, role: SyncRole, skipLabelPrefixes: readonly string[]): SyncParts {
  const { registry, store, clock, config } = instance;
  const log = instance.log.part("kds");
  const outbox = new Outbox({
    registry,
    store,
    role,
    skipLabelPrefixes,
    onFailure: (failure) => log.error(failure, "a resource cannot be sent and is left out"),
  });
  const holds = new HoldRegistry({
    store,
    clock,
    holdTimeMs: config.sync.holdTime,
    onEvent: (event) => {
      if (event.kind === "failed") log.error({ zone: event.zone, reason: event.reason }, "a released hold failed");
      else logHold(log, event.kind, event.hold, event.kind === "ended" ? event.why : undefined);
    },
  });
  const stuckAfterMs = config.sync.watchdogTimeout;
  return {
    outbox,
    outboxService: serviceOf(
      "outbox",
      () => outbox.start(),
      () => outbox.stop(),
    ),
    holds,
    holdsService: serviceOf(
      "holds",
      () => {},
      () => holds.close(),
    ),
    openApplier: openAppliers({ registry, store, side: role, holds, clock }),
    stuck: stuckAfterMs === 0 ? NEVER : new RecyclePolicy({ clock, random: systemRandom, stuckAfterMs }),
  };
}

/** Every event goes to the log, the metrics and whoever else wants it. */
export function observeSync(
  instance: Instance,
  role: "global" | "zone",
  sync: Pick<Sync, "status">,
  ...others: readonly ((event: KdsEvent) => void)[]
): (event: KdsEvent) => void {
  const observers = [
    kdsLogger(instance.log.part("kds")),
    bindKdsMetrics(instance.metrics, { role, status: sync.status }),
    ...others,
  ];
  return (event) => {
    for (const observe of observers) observe(event);
  };
}

function logHold(log: Logger, what: string, hold: Hold, why: string | undefined): void {
  const { id, reason, wouldDelete, of } = hold;
  const text = what === "opened" ? "deletions held: see `isthmus sync holds`" : `hold ${what}`;
  const level = what === "opened" || what === "grown" ? "warn" : "info";
  log[level]({ hold: id, reason, wouldDelete, of, ...(why !== undefined && { why }) }, text);
}

function serviceOf(name: string, start: () => void, stop: () => void | Promise<void>): Service {
  return {
    name,
    start: async () => start(),
    stop: async () => stop(),
  };
}
