/**
 * What the runner gathers metrics from, and whom it gives them to. Source: kuma v2.14.3:
 * pkg/plugins/policies/meshmetric/dpapi/api.go, pkg/mads/util.go.
 */
import { type PolicyProxy, tagValues } from "@isthmus/policy";
import { messageOf, numberOf, objectsOf, textOf, WORKLOAD_LABEL, ZONE_LABEL } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import type { Proxy } from "@isthmus/topology";
import { identifyingName, UNKNOWN_SERVICE } from "../logs/kuma-values.ts";

export const METRICS_PATH = "/meshmetric";

/** An OpenTelemetry backend that the runner reaches through Envoy. */
export interface MetricsExport {
  readonly name: string;
  readonly socket: string;
  /** As Go writes durations. */
  readonly refreshInterval: string;
}

export interface MetricsOptions {
  readonly hasPrometheus: boolean;
  readonly exports: readonly MetricsExport[];
  readonly isUnifiedNaming: boolean;
}

/** `conf`: of a MeshMetric, merged. JSON text. */
export function metricsDocument(
  conf: JsonObject,
  proxy: Proxy,
  policyProxy: PolicyProxy,
  { hasPrometheus, exports, isUnifiedNaming }: MetricsOptions,
): string {
  // A door of a zone has no workload to ask.
  const applications = isDoorOnly(proxy) ? [] : objectsOf(conf, "applications").map(applicationOf);
  const sidecar = messageOf(conf, "sidecar");
  const backends = [
    ...(hasPrometheus ? [{ type: "Prometheus", name: null }] : []),
    ...exports.map(({ name, socket, refreshInterval }) => ({
      type: "OpenTelemetry",
      name,
      openTelemetry: { endpoint: socket, refreshInterval },
    })),
  ];
  const metrics = {
    applications: applications.length === 0 ? null : applications,
    backends: backends.length === 0 ? null : backends,
    ...(sidecar === undefined ? {} : { sidecar }),
    extraLabels: sorted(labelsOfMetrics(proxy, policyProxy, isUnifiedNaming)),
  };
  return JSON.stringify({ observability: { metrics } });
}

export function isDoorOnly({ listeners, inbounds, gateway }: Proxy): boolean {
  return listeners.length > 0 && inbounds.length === 0 && gateway === undefined;
}

function applicationOf(application: JsonObject): JsonObject {
  const name = textOf(application, "name");
  return {
    ...(name === "" ? {} : { name }),
    path: textOf(application, "path") || "/metrics",
    port: numberOf(application, "port"),
    address: textOf(application, "address"),
  };
}

type MetricLabels = Readonly<Record<string, string>>;

function labelsOfMetrics(proxy: Proxy, policyProxy: PolicyProxy, isUnifiedNaming: boolean): MetricLabels {
  const { mesh, labels } = proxy;
  const zone = labels[ZONE_LABEL] ?? "";
  const workload = isDoorOnly(proxy) ? "" : (labels[WORKLOAD_LABEL] ?? "");
  const service = workload === "" ? identifyingName(proxy) : UNKNOWN_SERVICE;
  return {
    mesh,
    ...(zone === "" ? {} : { zone }),
    "kuma.proxy_role": roleOf(proxy),
    ...(workload === "" ? {} : { "kuma.workload": workload }),
    ...(isUnifiedNaming
      ? {}
      : {
          ...tagLabels(policyProxy),
          dataplane: proxy.name,
          ...(service === UNKNOWN_SERVICE || isDoorOnly(proxy) ? {} : { service }),
        }),
  };
}

/** Dashboards go by these words. */
function roleOf({ gateway, listeners }: Proxy): string {
  if (gateway !== undefined) return "gateway";
  const kinds = new Set(listeners.map(({ kind }) => kind));
  if (kinds.size === 0) return "sidecar";
  if (kinds.size === 2) return "zone-proxy";
  return kinds.has("ZoneIngress") ? "zone-ingress" : "zone-egress";
}

/** Of each tag the first value, and in the plural all. */
function tagLabels(policyProxy: PolicyProxy): MetricLabels {
  const labels: Record<string, string> = {};
  for (const [tag, values] of Object.entries(tagValues(policyProxy))) {
    labels[labelName(tag)] = values[0] ?? "";
    labels[labelName(`${tag}s`)] = `,${values.join(",")},`;
  }
  const { gateway } = policyProxy;
  if (gateway?.kind === "builtin") labels["kuma_io_mesh_gateway"] = gateway.definition?.resource.name ?? "";
  return labels;
}

function labelName(tag: string): string {
  return tag.replace(/[^a-zA-Z0-9_]/g, "_");
}

/** Equal labels, equal text. */
function sorted(labels: MetricLabels): MetricLabels {
  return Object.fromEntries(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}
