/**
 * The metrics registry of one program. Every metric of Kuma's carries the constant label `zone`: "Global" on a global, the
 * zone's name on a zone. Source: kuma v2.14.3: pkg/metrics/metrics.go.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

/** Kuma's default buckets; what they count is milliseconds or seconds as each metric's table says. */
const DEFAULT_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export class Metrics {
  readonly #registry = new Registry();

  constructor(zoneLabel: string) {
    this.#registry.setDefaultLabels({ zone: zoneLabel });
    collectDefaultMetrics({ register: this.#registry });
  }

  counter<const L extends string = never>(name: string, help: string, labels: readonly L[] = []): Counter<L> {
    return new Counter({ name, help, labelNames: [...labels], registers: [this.#registry] });
  }

  /** `collect` runs at scrape time, for values that are cheaper to read than to keep. */
  gauge<const L extends string = never>(
    name: string,
    help: string,
    labels: readonly L[] = [],
    collect?: (gauge: Gauge<L>) => void,
  ): Gauge<L> {
    const gauge: Gauge<L> = new Gauge<L>({
      name,
      help,
      labelNames: [...labels],
      registers: [this.#registry],
      ...(collect && {
        collect() {
          collect(this);
        },
      }),
    });
    return gauge;
  }

  histogram<const L extends string = never>(
    name: string,
    help: string,
    labels: readonly L[] = [],
    buckets: readonly number[] = DEFAULT_BUCKETS,
  ): Histogram<L> {
    return new Histogram({ name, help, labelNames: [...labels], buckets: [...buckets], registers: [this.#registry] });
  }

  /** Prometheus text format. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }
}
