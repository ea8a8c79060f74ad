/**
 * Metrics of the topology of a zone. Kuma's histograms of component loops hold here what a part took in a batch in which it had
 * something to do. Source of their names: kuma v2.14.3, `NewSummary` of each component.
 */
import type { Metrics } from "@isthmus/runtime";
import { COMPONENTS, type Component, type LiveTopology, type TopologyEvent } from "@isthmus/topology";

/** Seconds, from a tenth of a millisecond. */
const DURATION_BUCKETS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];
const MS_PER_SECOND = 1_000;

const WHAT: Readonly<Record<Component, string>> = {
  meshservice_generator: "Duration of generating MeshServices",
  ms_status_updater: "Duration of computing statuses of MeshServices",
  mzms_status_updater: "Duration of computing statuses of MeshMultiZoneServices",
  vip_allocator: "Duration of allocating virtual addresses",
  hostname_generator: "Duration of generating host names",
  workload_generator: "Duration of generating Workloads",
  workload_status_updater: "Duration of computing statuses of Workloads",
  zone_available_services: "Duration of computing the services of ZoneIngresses",
};

type Observed = Pick<LiveTopology, "problems" | "sizes" | "vipUsage">;

/** Returns the function that takes the events. `topology` is asked at scrapes. */
export function bindTopologyMetrics(metrics: Metrics, topology: () => Observed): (event: TopologyEvent) => void {
  bindGauges(metrics, topology);
  const components = new Map(
    COMPONENTS.map((component) => [component, metrics.milliseconds(`component_${component}`, WHAT[component])]),
  );
  const dropped = metrics.counter(
    "component_meshservice_generator_dropped_labels_total",
    "Labels of Dataplanes that a MeshService could not take over",
    ["reason"],
  );
  const batches = metrics.histogram(
    "isthmus_topology_batch_seconds",
    "Duration of deriving what follows from changes",
    [],
    DURATION_BUCKETS,
  );
  const recomputations = metrics.counter("isthmus_topology_recomputations_total", "Derived values that were computed");
  const writes = metrics.histogram(
    "isthmus_topology_write_seconds",
    "Duration of storing what was found out",
    [],
    DURATION_BUCKETS,
  );
  const written = metrics.counter(
    "isthmus_topology_written_resources_total",
    "Resources stored because of what was found out",
  );
  const setbacks = metrics.counter("isthmus_topology_write_setbacks_total", "Commits that had to be made again", [
    "reason",
  ]);
  const defects = metrics.counter("isthmus_topology_defects_total", "Derivations that failed");

  return (event) => {
    switch (event.kind) {
      case "batch":
        batches.observe(event.stats.ms / MS_PER_SECOND);
        recomputations.inc(event.stats.recomputations);
        for (const [component, ms] of event.components) components.get(component)?.observe(ms);
        return;
      case "written":
        writes.observe(event.ms / MS_PER_SECOND);
        written.inc(event.ops);
        return;
      case "raced":
      case "failed":
        setbacks.inc({ reason: event.kind });
        return;
      case "labelDropped":
        dropped.inc({ reason: event.reason });
        return;
      case "defect":
        defects.inc();
        return;
      case "problem":
        return;
    }
  };
}

function bindGauges(metrics: Metrics, topology: () => Observed): void {
  metrics.gauge(
    "isthmus_topology_problems",
    "What is wrong with resources and settings, by kind",
    ["kind"],
    (gauge) => {
      gauge.reset();
      for (const { kind } of topology().problems()) gauge.inc({ kind });
    },
  );
  metrics.gauge("isthmus_topology_entries", "Entries of derived collections", ["collection"], (gauge) => {
    for (const [collection, size] of Object.entries(topology().sizes())) gauge.set({ collection }, size);
  });
  metrics.gauge("isthmus_topology_vips", "Virtual addresses in use", ["kind"], (gauge) => {
    for (const { kind, occupied } of topology().vipUsage()) gauge.set({ kind }, occupied);
  });
  metrics.gauge("isthmus_topology_vips_capacity", "Virtual addresses of the configured range", ["kind"], (gauge) => {
    for (const { kind, capacity } of topology().vipUsage()) gauge.set({ kind }, capacity);
  });
}
