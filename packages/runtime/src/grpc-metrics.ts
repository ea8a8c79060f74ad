/**
 * Metrics of gRPC calls by the names of go-grpc-prometheus, which Kuma uses for its servers and clients.
 * Source: kuma v2.14.3: pkg/metrics/metrics.go, pkg/kds/mux.
 */
import { type CallObserver, GrpcCode, type ObservedCall, statusName } from "@isthmus/grpc-kit";
import type { Metrics } from "./metrics.ts";

const CALL = ["grpc_type", "grpc_service", "grpc_method"] as const;
/** Go writes this one with one l. */
const CANCELED = "Canceled";

export function grpcObserver(metrics: Metrics, side: "server" | "client"): CallObserver {
  const what = side === "server" ? "that peers made" : "to peers";
  const started = metrics.counter(`grpc_${side}_started_total`, `Calls ${what}`, CALL);
  const received = metrics.counter(`grpc_${side}_msg_received_total`, `Messages received in calls ${what}`, CALL);
  const sent = metrics.counter(`grpc_${side}_msg_sent_total`, `Messages sent in calls ${what}`, CALL);
  const handled = metrics.counter(`grpc_${side}_handled_total`, `Calls ${what} that ended, whatever their status`, [
    ...CALL,
    "grpc_code",
  ]);
  const durations = metrics.histogram(`grpc_${side}_handling_seconds`, `Duration of calls ${what}`, CALL);
  const labelsOf = labelCache();
  return {
    started: (call) => started.inc(labelsOf(call)),
    received: (call) => received.inc(labelsOf(call)),
    sent: (call) => sent.inc(labelsOf(call)),
    ended(call, code, seconds) {
      const labels = labelsOf(call);
      handled.inc({ ...labels, grpc_code: codeName(code) });
      durations.observe(labels, seconds);
    },
  };
}

type CallLabels = Readonly<Record<(typeof CALL)[number], string>>;

/** Messages come in thousands per second, methods are few. */
function labelCache(): (call: ObservedCall) => CallLabels {
  const known = new Map<string, CallLabels>();
  return ({ path, isStream }) => {
    const labels = known.get(path) ?? labelsOfPath(path, isStream);
    known.set(path, labels);
    return labels;
  };
}

function labelsOfPath(path: string, isStream: boolean): CallLabels {
  const [, service = "unknown", method = "unknown"] = path.split("/");
  return { grpc_type: isStream ? "bidi_stream" : "unary", grpc_service: service, grpc_method: method };
}

/** `DeadlineExceeded` for DEADLINE_EXCEEDED. */
function codeName(code: number): string {
  if (code === GrpcCode.CANCELLED) return CANCELED;
  if (code === GrpcCode.OK) return "OK";
  const words = statusName(code).toLowerCase().split("_");
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
}
