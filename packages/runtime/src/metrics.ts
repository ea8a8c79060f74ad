/**
 * The metrics registry of one program. Every metric of Kuma's carries the constant label `zone`: "Global" on a global, the
 * zone's name on a zone. Source: kuma v2.14.3: pkg/metrics/metrics.go.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

/** Kuma's default buckets: seconds. */
const DEFAULT_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** Kuma sorts milliseconds into the buckets above, so that all above 10 ms are one. */
const MILLISECOND_BUCKETS = [
  0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000,
];

export interface MetricDescription {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram" | "summary";
  /** Without those that every metric has. */
  readonly labels: readonly string[];
  readonly help: string;
}

/** Between two looks at the event loop, each of which wakes the process: at 10 ms they are most of what an idle one uses. */
const EVENT_LOOP_SAMPLE_MS = 50;

export class Metrics {
  readonly #registry = new Registry();

  constructor(zoneLabel: string) {
    this.#registry.setDefaultLabels({ zone: zoneLabel });
    collectDefaultMetrics({ register: this.#registry, eventLoopMonitoringPrecision: EVENT_LOOP_SAMPLE_MS });
  }

  /** `collect` runs at scrape time, for values that are cheaper to read than to keep. */
  counter<const L extends string = never>(
    name: string,
    help: string,
    labels: readonly L[] = [],
    collect?: (counter: Counter<L>) => void,
  ): Counter<L> {
    return new Counter<L>({ ...this.#configuration(name, help, labels), ...collecting(collect) });
  }

  /** `collect` as above. */
  gauge<const L extends string = never>(
    name: string,
    help: string,
    labels: readonly L[] = [],
    collect?: (gauge: Gauge<L>) => void,
  ): Gauge<L> {
    return new Gauge<L>({ ...this.#configuration(name, help, labels), ...collecting(collect) });
  }

  histogram<const L extends string = never>(
    name: string,
    help: string,
    labels: readonly L[] = [],
    buckets: readonly number[] = DEFAULT_BUCKETS,
  ): Histogram<L> {
    return new Histogram({ ...this.#configuration(name, help, labels), buckets: [...buckets] });
  }

  /** A histogram of Kuma's whose unit is milliseconds, whatever its name says. */
  milliseconds<const L extends string = never>(name: string, help: string, labels: readonly L[] = []): Histogram<L> {
    return this.histogram(name, `${help}, milliseconds`, labels, MILLISECOND_BUCKETS);
  }

  /** Everything that a scrape shows, in order of name; also what has no series yet. */
  describe(): readonly MetricDescription[] {
    // The declarations of the library leave out the labels, and call the type a number.
    const declared = this.#registry.getMetricsAsArray() as unknown as readonly (Omit<MetricDescription, "labels"> & {
      readonly labelNames: readonly string[];
    })[];
    const described = declared.map(({ name, type, help, labelNames }) => ({ name, type, labels: labelNames, help }));
    return described.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Prometheus text format. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  #configuration<L extends string>(name: string, help: string, labels: readonly L[]) {
    return { name, help, labelNames: [...labels], registers: [this.#registry] };
  }
}

function collecting<M>(collect: ((metric: M) => void) | undefined) {
  return (
    collect && {
      collect(this: M) {
        collect(this);
      },
    }
  );
}
