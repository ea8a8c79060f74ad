import { GrpcCode } from "@isthmus/grpc-kit";
import { expect, it } from "vitest";
import { grpcObserver } from "./grpc-metrics.ts";
import { Metrics } from "./metrics.ts";

it("counts by the labels and codes of go-grpc-prometheus", async () => {
  const metrics = new Metrics("Global");
  const observer = grpcObserver(metrics, "server");
  const stream = { path: "/kuma.mesh.v1alpha1.KDSSyncService/GlobalToZoneSync", isStream: true };
  const ping = { path: "/kuma.mesh.v1alpha1.GlobalKDSService/HealthCheck", isStream: false };
  observer.started(stream);
  observer.received(stream);
  observer.sent(stream);
  observer.sent(stream);
  observer.ended(stream, GrpcCode.DEADLINE_EXCEEDED, 0.2);
  for (const code of [GrpcCode.OK, GrpcCode.CANCELLED]) observer.ended(ping, code, 0.001);
  const text = await metrics.text();
  const labels =
    'grpc_type="bidi_stream",grpc_service="kuma.mesh.v1alpha1.KDSSyncService",grpc_method="GlobalToZoneSync"';
  expect(text).toContain(`grpc_server_started_total{${labels},zone="Global"} 1`);
  expect(text).toContain(`grpc_server_msg_sent_total{${labels},zone="Global"} 2`);
  expect(text).toContain(`grpc_server_handled_total{${labels},grpc_code="DeadlineExceeded",zone="Global"} 1`);
  expect(text).toContain(`grpc_server_handling_seconds_sum{zone="Global",${labels}} 0.2`);
  expect(text).toMatch(/grpc_type="unary",.*grpc_code="OK"/);
  expect(text).toMatch(/grpc_type="unary",.*grpc_code="Canceled"/);
});
