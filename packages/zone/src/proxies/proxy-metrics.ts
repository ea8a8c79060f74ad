/** Metrics of connected proxies. Kuma's names where it has them (api-metrics: xDS), our own beside them. */
import type { Metrics } from "@isthmus/runtime";
import type { AdsService, OnXdsEvent } from "@isthmus/xds";

export function bindProxyMetrics(metrics: Metrics, ads: () => AdsService): OnXdsEvent {
  metrics.gauge("xds_streams_active", "Number of active connections between a server and a client", [], (gauge) =>
    gauge.set(ads().connected),
  );
  const sent = metrics.counter("xds_responses_sent", "Number of responses sent by the server to a client", [
    "type_url",
  ]);
  const received = metrics.counter("xds_requests_received", "Number of confirmations requests from a client", [
    "type_url",
    "confirmation",
    "error_type",
  ]);
  return (event) => {
    if (event.kind === "sent") sent.inc({ type_url: event.typeUrl });
    if (event.kind !== "ads") return;
    if (event.note.note === "acked")
      received.inc({ type_url: event.note.typeUrl, confirmation: "ACK", error_type: "no_error" });
    if (event.note.note === "nacked")
      received.inc({ type_url: event.note.typeUrl, confirmation: "NACK", error_type: "other" });
  };
}
