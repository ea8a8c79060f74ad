/**
 * Messages of `envoy.service.health.v3`: what Envoy is asked to check, and what it reports. A thousand proxies report once a
 * second each, so only what is asked for is read.
 */
import { BYTES, readNode, VARINT, WireError, type WireNode, WireReader, WireWriter } from "@isthmus/proto";
import { err, ok, type Result } from "@isthmus/std";
import type { CheckedAddress, ClusterCheck, HealthChecks } from "./health-checks.ts";

/** `envoy.config.core.v3.HealthStatus`. */
const UNKNOWN = 0;
const HEALTHY = 1;

export interface ClusterHealth {
  readonly cluster: string;
  /** `UNKNOWN` counts as healthy, as in Kuma. Undefined: asked for so lately that the first check may not be over. */
  readonly isHealthy: boolean | undefined;
}

export type HealthMessage =
  | { readonly kind: "request"; readonly node: WireNode | undefined }
  | { readonly kind: "report"; readonly clusters: readonly ClusterHealth[] };

/** `HealthCheckSpecifier`. */
export function encodeHealthChecks({ checks, reportIntervalMs }: HealthChecks): Uint8Array {
  const writer = new WireWriter();
  for (const check of checks) writer.bytes(1, clusterCheck(check));
  return writer.bytes(2, duration(reportIntervalMs)).finish();
}

/** `HealthCheckRequestOrEndpointHealthResponse`. */
export function decodeHealthMessage(bytes: Uint8Array): Result<HealthMessage, string> {
  try {
    return ok(readMessage(new WireReader(bytes)));
  } catch (error) {
    if (error instanceof WireError) return err(`malformed health message: ${error.message}`);
    throw error;
  }
}

function clusterCheck(check: ClusterCheck): Uint8Array {
  const threshold = (value: number): Uint8Array => new WireWriter().varint(VALUE_TAG).varint(value).finish();
  const healthCheck = new WireWriter()
    .bytes(1, duration(check.timeoutMs))
    .bytes(2, duration(check.intervalMs))
    .bytes(4, threshold(check.unhealthyThreshold))
    .bytes(5, threshold(check.healthyThreshold))
    .bytes(12, duration(Math.min(check.retryIntervalMs, check.noTrafficIntervalMs)));
  if (check.httpPath === undefined) healthCheck.bytes(9, EMPTY);
  else healthCheck.bytes(8, new WireWriter().string(2, check.httpPath).finish());
  if (check.retryIntervalMs < check.intervalMs) healthCheck.bytes(14, duration(check.retryIntervalMs));
  if (check.retryIntervalMs < check.noTrafficIntervalMs) healthCheck.bytes(24, duration(check.noTrafficIntervalMs));
  const endpoint = new WireWriter().bytes(1, addressOf(check.address)).finish();
  const writer = new WireWriter()
    .string(1, check.cluster)
    .bytes(2, healthCheck.finish())
    .bytes(3, new WireWriter().bytes(2, endpoint).finish());
  if (check.sourceAddress !== undefined) {
    writer.bytes(5, new WireWriter().bytes(1, socketAddress(check.sourceAddress, 0)).finish());
  }
  return writer.finish();
}

const EMPTY = new Uint8Array();
/** Field 1 of wrappers and of durations. */
const VALUE_TAG = (1 << 3) | VARINT;
const NANOS_TAG = (2 << 3) | VARINT;
const PORT_TAG = (3 << 3) | VARINT;

function addressOf(address: CheckedAddress): Uint8Array {
  return address.kind === "pipe"
    ? new WireWriter().bytes(2, new WireWriter().string(1, address.path).finish()).finish()
    : new WireWriter().bytes(1, socketAddress(address.address, address.port)).finish();
}

function socketAddress(address: string, port: number): Uint8Array {
  return new WireWriter().string(2, address).varint(PORT_TAG).varint(port).finish();
}

function duration(ms: number): Uint8Array {
  const seconds = Math.floor(ms / 1_000);
  const nanos = Math.round((ms - seconds * 1_000) * 1_000_000);
  const writer = new WireWriter();
  if (seconds > 0) writer.varint(VALUE_TAG).varint(seconds);
  if (nanos > 0) writer.varint(NANOS_TAG).varint(nanos);
  return writer.finish();
}

function readMessage(reader: WireReader): HealthMessage {
  let message: HealthMessage = { kind: "request", node: undefined };
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === ((1 << 3) | BYTES)) message = { kind: "request", node: readRequest(reader) };
    else if (tag === ((2 << 3) | BYTES)) message = { kind: "report", clusters: readReport(reader) };
    else reader.skip(tag);
  }
  return message;
}

function readRequest(reader: WireReader): WireNode | undefined {
  let node: WireNode | undefined;
  const outer = reader.enter();
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === ((1 << 3) | BYTES)) node = readNode(reader, node);
    else reader.skip(tag);
  }
  reader.leave(outer);
  return node;
}

function readReport(reader: WireReader): readonly ClusterHealth[] {
  const clusters: ClusterHealth[] = [];
  const outer = reader.enter();
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag !== ((2 << 3) | BYTES)) {
      reader.skip(tag);
      continue;
    }
    const health = readCluster(reader);
    if (health !== undefined) clusters.push(health);
  }
  reader.leave(outer);
  return clusters;
}

/** Only the first endpoint counts: a cluster has one. Undefined: Envoy has not checked it yet. */
function readCluster(reader: WireReader): ClusterHealth | undefined {
  let cluster = "";
  let status: number | undefined;
  const outer = reader.enter();
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === ((1 << 3) | BYTES)) cluster = reader.string();
    else if (tag === ((2 << 3) | BYTES)) status ??= readLocality(reader);
    else reader.skip(tag);
  }
  reader.leave(outer);
  return status === undefined ? undefined : { cluster, isHealthy: status === HEALTHY || status === UNKNOWN };
}

function readLocality(reader: WireReader): number | undefined {
  let status: number | undefined;
  const outer = reader.enter();
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === ((2 << 3) | BYTES)) {
      const next = readEndpoint(reader);
      status ??= next;
    } else reader.skip(tag);
  }
  reader.leave(outer);
  return status;
}

function readEndpoint(reader: WireReader): number {
  let status = UNKNOWN;
  const outer = reader.enter();
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === ((2 << 3) | VARINT)) status = reader.varint();
    else reader.skip(tag);
  }
  reader.leave(outer);
  return status;
}
