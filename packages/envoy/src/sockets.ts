/**
 * Sockets that a proxy and its runner find each other by: both compute the paths from the working folder.
 * Source: kuma v2.14.3: pkg/core/xds/sockets.go.
 */
import { Buffer } from "node:buffer";
import { posix } from "node:path";
import type { ProxyId } from "./proxy-metadata.ts";

/** Unix keeps paths of sockets short. */
const PATH_MAX_BYTES = 98;

/** A named pipe, in fact: lines of logs that the runner sends on. */
export function accessLogSocket(workDir: string, { name, mesh }: ProxyId): string {
  return socketPath(workDir, `kuma-al-${name}-${mesh}`);
}

/** Where the runner answers with the metrics of Envoy and the applications. */
export function metricsSocket(workDir: string, { name, mesh }: ProxyId): string {
  return socketPath(workDir, `kuma-mh-${name}-${mesh}`);
}

/** Where Envoy answers the runner with documents. */
export function dynamicConfigSocket(workDir: string): string {
  return socketPath(workDir, "kuma-mesh-metric-config");
}

/** Where the runner, or Envoy in its place, takes telemetry for a collector. */
export function telemetrySocket(workDir: string, backend: string): string {
  return socketPath(workDir, `kuma-otel-${backend}`);
}

function socketPath(workDir: string, file: string): string {
  const path = Buffer.from(posix.join(workDir, file));
  return `${path.subarray(0, PATH_MAX_BYTES).toString()}.sock`;
}
