/** Metrics of what every control plane has: the instance, its resources, its HTTP server. Names are Kuma's. */
import type { ApiServerOptions } from "@isthmus/api-server";
import type { Registry } from "@isthmus/resources";
import type { Store } from "@isthmus/store";
import { BUILD_VERSION, KUMA_PRODUCT } from "./identity.ts";
import type { Logger } from "./log.ts";
import type { Metrics } from "./metrics.ts";

/** kuma v2.14.3: pkg/util/prometheus; bytes. */
const SIZE_BUCKETS = [100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];

export function bindInstanceMetrics(
  metrics: Metrics,
  options: {
    readonly instanceId: string;
    readonly clusterId: () => string;
    readonly store: Store;
    readonly registry: Registry;
  },
): void {
  const { instanceId, clusterId, store, registry } = options;
  metrics.gauge(
    "cp_info",
    "Information about this control plane",
    ["product", "version", "build_date", "git_commit", "git_tag", "instance_id", "cluster_id"],
    (gauge) => {
      gauge.reset();
      gauge.set(
        {
          product: KUMA_PRODUCT,
          version: BUILD_VERSION.version,
          build_date: BUILD_VERSION.buildDate,
          git_commit: BUILD_VERSION.gitCommit,
          git_tag: BUILD_VERSION.gitTag,
          instance_id: instanceId,
          cluster_id: clusterId(),
        },
        1,
      );
    },
  );
  metrics.gauge("leader", "Whether this instance runs what only one may", [], (gauge) => gauge.set(1));
  metrics.gauge("resources_count", "Resources by type", ["resource_type", "tenant"], (gauge) => {
    for (const { name } of registry.all()) gauge.set({ resource_type: name, tenant: "" }, store.count(name));
  });
}

/** Source of name and labels: kuma v2.14.3: pkg/log/component_sink.go. */
export function bindLogMetrics(metrics: Metrics, log: Logger): void {
  const lines = metrics.counter("kuma_cp_log_lines_total", "Log lines written, by part of the program and level", [
    "logger",
    "level",
  ]);
  log.onLine((logger, level) => lines.inc({ logger, level }));
}

/** What the API server tells of its requests. Source of names and labels: kuma v2.14.3: pkg/util/prometheus. */
export function apiServerObserver(metrics: Metrics): Required<Pick<ApiServerOptions, "onRequest" | "onInFlight">> {
  const labels = ["service", "handler", "method", "code"] as const;
  const durations = metrics.histogram("api_server_http_request_duration_seconds", "Duration of requests", labels);
  const sizes = metrics.histogram("api_server_http_response_size_bytes", "Size of responses", labels, SIZE_BUCKETS);
  const inFlight = metrics.gauge("api_server_http_requests_inflight", "Requests being answered", [
    "service",
    "handler",
  ]);
  return {
    onRequest(handler, method, status, seconds, bytes) {
      const values = { service: "", handler, method, code: String(status) };
      durations.observe(values, seconds);
      sizes.observe(values, bytes);
    },
    onInFlight: (handler, change) => inFlight.inc({ service: "", handler }, change),
  };
}
