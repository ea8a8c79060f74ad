/**
 * What metrics are gathered from: applications and Envoy, as the bootstrap says at first and the document of a MeshMetric from then on.
 * Source: kuma v2.14.3: pkg/plugins/policies/meshmetric/dpapi/api.go, pkg/xds/bootstrap/types/bootstrap_response.go.
 */
import { isJsonObject, type JsonObject, type JsonValue } from "@isthmus/std";
import { escapeLabelValue, labelName } from "./prometheus-text.ts";

export interface ScrapedApplication {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly path: string;
}

export interface MetricsConfig {
  readonly applications: readonly ScrapedApplication[];
  /** Of a MeshMetric; undefined: its defaults. */
  readonly sidecar: JsonObject | undefined;
  /** Names and values as Prometheus writes them. */
  readonly labels: ReadonlyMap<string, string>;
}

/** @param sidecar the part of a bootstrap answer that is for the runner */
export function metricsFromBootstrap(sidecar: JsonObject): MetricsConfig {
  const aggregate = memberOf(memberOf(sidecar, "metrics"), "aggregate");
  return { applications: applicationsOf(aggregate, ""), sidecar: undefined, labels: new Map() };
}

/** @param defaultAddress of applications that name none */
export function metricsFromDocument(document: JsonValue, defaultAddress: string): MetricsConfig {
  const metrics = memberOf(memberOf(document, "observability"), "metrics");
  const sidecar = memberOf(metrics, "sidecar");
  const extra = memberOf(metrics, "extraLabels");
  const labels = Object.entries(isJsonObject(extra) ? extra : {}).flatMap(([name, value]) =>
    typeof value === "string" ? [[labelName(name), escapeLabelValue(value)] as const] : [],
  );
  return {
    applications: applicationsOf(memberOf(metrics, "applications"), defaultAddress),
    sidecar: isJsonObject(sidecar) ? sidecar : undefined,
    labels: new Map(labels),
  };
}

function applicationsOf(value: JsonValue | undefined, defaultAddress: string): readonly ScrapedApplication[] {
  return (Array.isArray(value) ? value : []).flatMap((each) => {
    const { name, address, port, path } = isJsonObject(each) ? each : {};
    if (typeof port !== "number" || port <= 0) return [];
    return [{ name: textOr(name, ""), address: textOr(address, defaultAddress), port, path: textOr(path, "/metrics") }];
  });
}

const textOr = (value: JsonValue | undefined, otherwise: string): string =>
  typeof value === "string" && value !== "" ? value : otherwise;

function memberOf(value: JsonValue | undefined, name: string): JsonValue | undefined {
  return isJsonObject(value) ? value[name] : undefined;
}
