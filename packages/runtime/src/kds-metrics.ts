/**
 * Metrics of KDS: Kuma's `kds_*` by name, type, labels and unit, and our own of the convergence ledger.
 * Sources: kuma v2.14.3: pkg/kds/v2/server/metrics.go, pkg/util/xds/stats_callbacks.go, pkg/kds/mux/zone_sync.go.
 *
 * Counters follow the events of the streams; gauges of the ledger are computed when they are scraped.
 */
import type { KdsEvent, KdsStreamKind, SyncStatus } from "@isthmus/kds";
import type { Metrics } from "./metrics.ts";

const KIB = 1024;
/** Kuma's: 1 KiB doubled up to 32 MiB. */
const RESPONSE_BYTES_BUCKETS = Array.from({ length: 16 }, (_, i) => KIB * 2 ** i);
/** Seconds, from well below a millisecond: change to stored is what we are fast at. */
const CHANGE_TO_STORED_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
const MS_PER_SECOND = 1_000;

export interface KdsMetricsOptions {
  readonly role: "global" | "zone";
  readonly status: () => Pick<SyncStatus<{ readonly state: "held" | "rejected" }>, "zones" | "holds">;
}

/** Returns the function that takes the events of the streams. */
export function bindKdsMetrics(metrics: Metrics, options: KdsMetricsOptions): (event: KdsEvent) => void {
  bindLedger(metrics, options.status);
  const observers = [
    senderObserver(metrics, options.role === "global" ? "GlobalToZoneSync" : "ZoneToGlobalSync"),
    receiverObserver(metrics, options.role),
    zoneObserver(metrics, options.role),
  ];
  return (event) => {
    for (const observe of observers) observe(event);
  };
}

function bindLedger(metrics: Metrics, status: KdsMetricsOptions["status"]): void {
  const labels = ["zone", "direction", "type"] as const;
  metrics.gauge(
    "isthmus_sync_oldest_unacked_seconds",
    "Age of the oldest change that is not known to be stored",
    labels,
    (gauge) => {
      gauge.reset();
      for (const { zone, direction, type, oldestUnackedSeconds } of senderRows(status())) {
        gauge.set({ zone, direction, type }, oldestUnackedSeconds);
      }
    },
  );
  metrics.gauge("isthmus_sync_pending_resources", "Changes that are not known to be stored", labels, (gauge) => {
    gauge.reset();
    for (const { zone, direction, type, pendingResources } of senderRows(status())) {
      gauge.set({ zone, direction, type }, pendingResources);
    }
  });
  metrics.gauge(
    "isthmus_sync_rejected_resources",
    "Resources that a peer, or this side, did not accept",
    labels,
    (gauge) => {
      gauge.reset();
      for (const { zone, direction, type, rejected } of status().zones.flatMap(({ rows }) => rows)) {
        if (rejected.length > 0) gauge.set({ zone, direction, type }, rejected.length);
      }
    },
  );
  bindZones(metrics, status);
  metrics.gauge("isthmus_sync_holds", "Mass deletions that the brake keeps back", ["state"], (gauge) => {
    const { holds } = status();
    for (const state of ["held", "rejected"] as const) {
      gauge.set({ state }, holds.filter((hold) => hold.state === state).length);
    }
  });
}

/** One series per zone: what alerts look at. */
function bindZones(metrics: Metrics, status: KdsMetricsOptions["status"]): void {
  metrics.gauge(
    "isthmus_zone_online",
    "Whether a zone is connected; on a zone: whether its global is",
    ["zone"],
    (gauge) => {
      gauge.reset();
      for (const { zone, online } of status().zones) gauge.set({ zone }, online ? 1 : 0);
    },
  );
  metrics.gauge(
    "isthmus_zone_sync_age_seconds",
    "Age of the oldest change of any type that is not known to be stored by a zone",
    ["zone"],
    (gauge) => {
      gauge.reset();
      for (const { zone, worst } of status().zones) gauge.set({ zone }, worst.oldestUnackedSeconds);
    },
  );
}

const senderRows = (status: ReturnType<KdsMetricsOptions["status"]>) =>
  status.zones.flatMap((zone) => zone.rows.filter((row) => row.side === "sender"));

function senderObserver(metrics: Metrics, ownStream: KdsStreamKind): (event: KdsEvent) => void {
  const generation = metrics.milliseconds("kds_delta_generation", "Duration of making a response", [
    "reason",
    "result",
    "zone_name",
  ]);
  const failures = metrics.counter("kds_delta_generation_errors", "Responses that could not be made");
  const sent = metrics.counter("kds_delta_responses_sent", "Responses sent", ["type_url"]);
  const sizes = metrics.histogram(
    "kds_delta_responses_sent_bytes",
    "Size of responses, bytes",
    ["type_url"],
    RESPONSE_BYTES_BUCKETS,
  );
  const confirmations = metrics.counter("kds_delta_requests_received", "Requests that confirm or reject a response", [
    "type_url",
    "confirmation",
    "error_type",
  ]);
  const delivery = metrics.milliseconds("kds_delta_delivery", "From the change to its confirmation");
  const stored = metrics.histogram(
    "isthmus_sync_change_to_stored_seconds",
    "From the commit of a change to the confirmation that a peer stored it",
    ["zone"],
    CHANGE_TO_STORED_BUCKETS,
  );
  const streams = metrics.gauge("kds_delta_streams_active", "Open streams on which this side sends resources");
  streams.set(0);

  return (event) => {
    if (event.kind === "sent") {
      generation.observe({ reason: "event", result: "changed", zone_name: event.zone }, event.durationMs);
      sent.inc({ type_url: event.type });
      sizes.observe({ type_url: event.type }, event.bytes);
    } else if (event.kind === "streamOpened" && event.stream === ownStream) {
      streams.inc();
    } else if (event.kind === "streamClosed" && event.stream === ownStream) {
      streams.dec();
    } else if (event.kind === "sender") {
      const { note } = event;
      if (note.note === "acked") {
        confirmations.inc({ type_url: note.type, confirmation: "ACK", error_type: "no_error" });
        if (note.changeToStoredMs === undefined) return;
        delivery.observe(note.changeToStoredMs);
        stored.observe({ zone: event.zone }, note.changeToStoredMs / MS_PER_SECOND);
      } else if (note.note === "nacked") {
        confirmations.inc({ type_url: note.type, confirmation: "NACK", error_type: errorType(note.message) });
      } else if (note.note === "oversize") {
        failures.inc();
      }
    }
  };
}

/** Source: kuma v2.14.3: pkg/util/xds/stats_callbacks.go. */
function errorType(message: string): "user" | "other" {
  return message.includes("failed calling webhook") || message.includes("admission webhook") ? "user" : "other";
}

function receiverObserver(metrics: Metrics, role: "global" | "zone"): (event: KdsEvent) => void {
  const applied = metrics.histogram("kds_resources_sync", "Duration of storing one response, seconds");
  const received = metrics.counter("isthmus_sync_responses_received_total", "Responses received", ["type"]);
  const garbage = metrics.counter("isthmus_sync_garbage_total", "Messages that could not be read", ["stream"]);
  const rewrites =
    role === "global"
      ? metrics.counter(
          "kds_zone_attribution_rewrites_total",
          "Resources whose claimed zone was not that of the connection",
          ["resource_type"],
        )
      : undefined;
  const nacks =
    role === "global"
      ? metrics.counter("kds_nack_total", "Responses of zones that were rejected", ["zone_name", "resource_type"])
      : undefined;

  return (event) => {
    if (event.kind === "received") received.inc({ type: event.type });
    if (event.kind === "garbage") garbage.inc({ stream: event.stream });
    if (event.kind !== "receiver") return;
    const { note } = event;
    if (note.note === "applied") {
      applied.observe(note.outcome.durationMs / MS_PER_SECOND);
      if (note.outcome.rewrites > 0) rewrites?.inc({ resource_type: note.type }, note.outcome.rewrites);
    } else if (note.note === "rejected" || note.note === "refusedType") {
      nacks?.inc({ zone_name: event.zone, resource_type: note.type });
    }
  };
}

function zoneObserver(metrics: Metrics, role: "global" | "zone"): (event: KdsEvent) => void {
  const recycled = metrics.counter("isthmus_sync_recycled_total", "Streams ended because they made no progress", [
    "stream",
  ]);
  const refused = metrics.counter("isthmus_sync_refused_total", "Calls that were refused", ["stream"]);
  const conflicts = metrics.counter("isthmus_zone_name_conflicts_total", "Two instances claimed one zone name", [
    "zone",
    "outcome",
  ]);
  const defects = metrics.counter("isthmus_defects_total", "Errors that no peer may cause");
  const versions = metrics.gauge("kds_delta_client_versions", "Connected peers by version", ["client_version"]);
  const connections =
    role === "global"
      ? metrics.gauge("kds_zone_active_connections", "Open sync streams of a zone; 2 when it is healthy", ["zone_name"])
      : undefined;

  return (event) => {
    if (event.kind === "connected") versions.inc({ client_version: versionLabel(event.peer.version?.version) });
    else if (event.kind === "disconnected") versions.dec({ client_version: versionLabel(event.peer.version?.version) });
    else if (event.kind === "streamOpened" && isSync(event.stream)) connections?.inc({ zone_name: event.peer.zone });
    else if (event.kind === "streamClosed" && isSync(event.stream)) connections?.dec({ zone_name: event.peer.zone });
    else if (event.kind === "recycled") recycled.inc({ stream: event.stream });
    else if (event.kind === "defect") defects.inc();
    else if (event.kind === "refused") refused.inc({ stream: event.stream });
    else if (event.kind === "zoneNameConflict") conflicts.inc({ zone: event.zone, outcome: event.outcome });
  };
}

const isSync = (stream: KdsStreamKind): boolean => stream === "GlobalToZoneSync" || stream === "ZoneToGlobalSync";

/** Source: kuma v2.14.3: pkg/kds/v2/server/components.go. */
function versionLabel(version: string | undefined): string {
  if (version === undefined || version === "") return "unknown";
  return version.includes("preview") ? "preview" : version;
}
