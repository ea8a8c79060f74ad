/** Insights of meshes and services, with their log and metrics: where Kuma has them, on a global and on a zone without one. */
import { type MeshInsightEvent, MeshInsights } from "@isthmus/insights";
import { numberOf, objectOf } from "@isthmus/resources";
import { assertNever, type Clock, errorMessage, type Service, systemRandom } from "@isthmus/std";
import type { Store, WriteEvent } from "@isthmus/store";
import type { Instance } from "./instance.ts";
import type { Logger } from "./log.ts";
import type { Metrics } from "./metrics.ts";

export function createMeshInsights({ store, registry, clock, config, log, metrics }: Instance): MeshInsights {
  bindMeshGauge(metrics, store);
  const observers = [meshInsightLogger(log.part("insights")), bindMeshInsightMetrics(metrics, clock)];
  return new MeshInsights({
    store,
    registry,
    clock,
    random: systemRandom,
    maxPauseMs: config.metrics.mesh.minResyncInterval,
    onEvent: (event) => {
      for (const observe of observers) observe(event);
    },
  });
}

/** One line when writing stops to work, one when it works again. `what` is not stored meanwhile. */
export function writeLogger(log: Logger, what: string): (event: WriteEvent) => void {
  let isFailing = false;
  return (event) => {
    if (event.kind === "failed" && !isFailing) {
      log.error({ error: errorMessage(event.error) }, `cannot store ${what}; it is tried again`);
      isFailing = true;
    } else if (event.kind === "written" && isFailing) {
      log.info({ resources: event.ops }, `stored ${what} again`);
      isFailing = false;
    }
  };
}

function meshInsightLogger(log: Logger): (event: MeshInsightEvent) => void {
  const logWrite = writeLogger(log, "insights of meshes");
  return (event) => {
    switch (event.kind) {
      case "written":
      case "raced":
      case "failed":
        logWrite(event);
        return;
      case "defect": {
        const { collection, key, error } = event.failure;
        log.error({ collection, key, error: errorMessage(error) }, "a derivation failed; its last value stays");
        return;
      }
      case "computed":
        return;
      default:
        assertNever(event);
    }
  };
}

function bindMeshGauge(metrics: Metrics, store: Pick<Store, "list">): void {
  metrics.gauge("isthmus_mesh_dataplanes", "Dataplanes of a mesh by status", ["mesh", "status"], (gauge) => {
    gauge.reset();
    for (const { name: mesh, spec } of store.list("MeshInsight")) {
      const dataplanes = objectOf(spec, "dataplanes");
      for (const status of ["online", "offline", "partiallyDegraded"] as const) {
        gauge.set({ mesh, status }, numberOf(dataplanes, status));
      }
    }
  });
}

/** The duration of a start, where Kuma has a loop that closes subscriptions of streams that vanished. */
export function observeFinalizer(service: Service, { metrics, clock }: Pick<Instance, "metrics" | "clock">): Service {
  const duration = metrics.milliseconds(
    "component_sub_finalizer",
    "Duration of closing subscriptions of control planes that died",
  );
  return {
    name: service.name,
    async start() {
      const begin = clock.monotonic();
      await service.start();
      duration.observe(clock.monotonic() - begin);
    },
    stop: () => service.stop(),
  };
}

/** Source of names, labels and the unit: kuma v2.14.3: pkg/insights/resyncer.go. */
export function bindMeshInsightMetrics(
  metrics: Metrics,
  clock: Pick<Clock, "monotonic">,
): (event: MeshInsightEvent) => void {
  const idle = metrics.milliseconds(
    "insights_resyncer_processor_idle_time",
    "From the end of one computation of insights to the start of the next",
  );
  const waited = metrics.milliseconds(
    "insights_resyncer_event_time_to_process",
    "From a change to the computation of the insights that show it",
  );
  const processing = metrics.milliseconds(
    "insights_resyncer_event_time_processing",
    "Duration of computing and storing an insight",
    ["reason", "result"],
  );
  const setbacks = metrics.counter(
    "isthmus_insights_write_setbacks_total",
    "Commits of insights that had to be made again",
    ["reason"],
  );
  const defects = metrics.counter("isthmus_insights_defects_total", "Derivations for insights that failed");
  let idleSince = clock.monotonic();
  return (event) => {
    if (event.kind === "computed") {
      const now = clock.monotonic();
      idle.observe(Math.max(0, now - event.ms - idleSince));
      idleSince = now;
      waited.observe(event.waitedMs);
      processing.observe({ reason: event.reason, result: event.result }, event.ms);
    } else if (event.kind === "raced" || event.kind === "failed") {
      setbacks.inc({ reason: event.kind });
    } else if (event.kind === "defect") {
      defects.inc();
    }
  };
}
