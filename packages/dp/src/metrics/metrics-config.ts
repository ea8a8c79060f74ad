/**
 * What metrics are gathered from: applications and Envoy, as the bootstrap says at first and the document of a MeshMetric from then on.
 * Source: kuma v2.14.3: pkg/plugins/policies/meshmetric/dpapi/api.go, pkg/xds/bootstrap/types/bootstrap_response.go.
 */
import { goDurationToMs, isJsonObject, type JsonObject, type JsonValue, parseGoDuration } from "@isthmus/std";

const DEFAULT_INTERVAL_MS = 60_000;

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
  /** That every metric gets. */
  readonly labels: ReadonlyMap<string, string>;
  readonly exports: readonly OtlpTarget[];
}

/** A collector of OpenTelemetry, behind a socket of Envoy. */
export interface OtlpTarget {
  readonly name: string;
  readonly socket: string;
  readonly intervalMs: number;
}

/** @param sidecar the part of a bootstrap answer that is for the runner */
export function metricsFromBootstrap(sidecar: JsonObject): MetricsConfig {
  const aggregate = memberOf(memberOf(sidecar, "metrics"), "aggregate");
  return { applications: applicationsOf(aggregate, ""), sidecar: undefined, labels: new Map(), exports: [] };
}

/** @param defaultAddress of applications that name none */
export function metricsFromDocument(document: JsonValue, defaultAddress: string): MetricsConfig {
  const metrics = memberOf(memberOf(document, "observability"), "metrics");
  const sidecar = memberOf(metrics, "sidecar");
  const extra = memberOf(metrics, "extraLabels");
  const labels = Object.entries(isJsonObject(extra) ? extra : {}).flatMap(([name, value]) =>
    typeof value === "string" ? [[name, value] as const] : [],
  );
  return {
    applications: applicationsOf(memberOf(metrics, "applications"), defaultAddress),
    sidecar: isJsonObject(sidecar) ? sidecar : undefined,
    labels: new Map(labels),
    exports: exportsOf(memberOf(metrics, "backends")),
  };
}

function applicationsOf(value: JsonValue | undefined, defaultAddress: string): readonly ScrapedApplication[] {
  return (Array.isArray(value) ? value : []).flatMap((each) => {
    const { name, address, port, path } = isJsonObject(each) ? each : {};
    if (typeof port !== "number" || port <= 0) return [];
    return [{ name: textOr(name, ""), address: textOr(address, defaultAddress), port, path: textOr(path, "/metrics") }];
  });
}

function exportsOf(value: JsonValue | undefined): readonly OtlpTarget[] {
  return (Array.isArray(value) ? value : []).flatMap((backend) => {
    const openTelemetry = memberOf(backend, "openTelemetry");
    const socket = memberOf(openTelemetry, "endpoint");
    if (memberOf(backend, "type") !== "OpenTelemetry" || typeof socket !== "string") return [];
    const interval = parseGoDuration(textOr(memberOf(openTelemetry, "refreshInterval"), ""));
    const intervalMs = interval.ok ? goDurationToMs(interval.value) : 0;
    const name = textOr(memberOf(backend, "name"), socket);
    return [{ name, socket, intervalMs: intervalMs > 0 ? intervalMs : DEFAULT_INTERVAL_MS }];
  });
}

const textOr = (value: JsonValue | undefined, otherwise: string): string =>
  typeof value === "string" && value !== "" ? value : otherwise;

function memberOf(value: JsonValue | undefined, name: string): JsonValue | undefined {
  return isJsonObject(value) ? value[name] : undefined;
}
