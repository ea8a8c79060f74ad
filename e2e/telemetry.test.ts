/**
 * What policies on logs, traces, metrics and patches make of a real Envoy, which the real kuma-dp runs under our zone. Runs where KUMA_BIN names a
 * folder with kuma-dp.
 */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { JsonObject } from "@isthmus/std";
import { eventually, freePorts } from "@isthmus/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Deployment } from "./harness/deployment.ts";
import { ENVOY, EnvoyProxy } from "./harness/envoy-proxy.ts";
import { KUMA_BIN } from "./harness/kuma.ts";
import { OtelCollector } from "./harness/otel-collector.ts";

const BACKEND = "127.0.34.1";
const PACE = { timeoutMs: 60_000, intervalMs: 250 };
const LUA = `
name: envoy.filters.http.lua
typedConfig:
  "@type": type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua
  defaultSourceCode:
    inlineString: function envoy_on_response(handle) handle:headers():add("x-patched", "yes") end
`;

const isSkipped = ENVOY === undefined || KUMA_BIN === undefined;
describe.skipIf(isSkipped)("telemetry through kuma-dp (needs Envoy and KUMA_BIN)", { timeout: 120_000 }, () => {
  let deployment: Deployment;
  let service: Server;
  let collector: OtelCollector;
  let proxy: EnvoyProxy;
  let metricsPort: number;

  beforeAll(async () => {
    const [dpPort = 0, metrics = 0] = await freePorts(2);
    metricsPort = metrics;
    collector = await OtelCollector.start();
    service = createServer((request, response) => {
      response.end(request.url === "/metrics" ? "# TYPE app_up gauge\napp_up 1\n" : "backend");
    });
    await new Promise<void>((resolve) => service.listen(0, "127.0.0.1", resolve));
    deployment = await Deployment.prepare({ zones: ["east"] });
    await deployment.global.start();
    await deployment.zone("east").start({ "dpServer.port": dpPort });
    await deployment.converged();
    const { api } = deployment.global;
    await api.put("meshes/default", { type: "Mesh", name: "default", meshServices: { mode: "Exclusive" } });
    await put("MeshOpenTelemetryBackend", "collector", { endpoint: { address: "127.0.0.1", port: collector.port } });
    const { port: servicePort } = service.address() as AddressInfo;
    const tags = { "kuma.io/service": "backend", "kuma.io/protocol": "http" };
    const networking = {
      address: BACKEND,
      inbound: [{ port: 8080, servicePort, serviceAddress: "127.0.0.1", tags }],
    };
    proxy = await EnvoyProxy.start({
      zone: deployment.zone("east"),
      dpPort,
      runner: "kuma-dp",
      proxyType: "dataplane",
      resource: { type: "Dataplane", mesh: "default", name: "backend-1", networking },
      listens: { address: BACKEND, port: 8080 },
    });
  }, 120_000);
  afterAll(async () => {
    await proxy?.kill("SIGTERM");
    service.close();
    await collector.stop();
    await deployment.stop();
  });

  it("logs and traces requests to a collector, through kuma-dp", async () => {
    const openTelemetry = { backendRef: { kind: "MeshOpenTelemetryBackend", labels: { app: "collector" } } };
    const body = "asked for %REQ(:PATH)% of %KUMA_DESTINATION_SERVICE%";
    await put("MeshAccessLog", "all", {
      rules: [{ default: { backends: [{ type: "OpenTelemetry", openTelemetry: { ...openTelemetry, body } }] } }],
    });
    await put("MeshTrace", "all", {
      default: {
        backends: [{ type: "OpenTelemetry", openTelemetry }],
        tags: [{ name: "team", literal: "of-the-test" }],
      },
    });
    await eventually(async () => {
      expect(await (await fetch(`http://${BACKEND}:8080/hello`)).text()).toBe("backend");
      const [logs, traces] = [collector.received("logs"), collector.received("traces")];
      return logs.includes("asked for /hello of backend") && traces.includes("of-the-test");
    }, PACE);
  });

  it("gives out metrics of Envoy and of the workload, and sends them", async () => {
    const { port } = service.address() as AddressInfo;
    const openTelemetry = {
      refreshInterval: "1s",
      backendRef: { kind: "MeshOpenTelemetryBackend", labels: { app: "collector" } },
    };
    await put("MeshMetric", "all", {
      default: {
        applications: [{ name: "app", address: "127.0.0.1", port }],
        backends: [
          { type: "Prometheus", prometheus: { port: metricsPort } },
          { type: "OpenTelemetry", openTelemetry },
        ],
      },
    });
    const metrics = async (): Promise<string> => {
      const answer = await fetch(`http://${BACKEND}:${metricsPort}/metrics`).catch(() => undefined);
      return (await answer?.text()) ?? "";
    };
    await eventually(async () => /^app_up\{.*mesh="default"/m.test(await metrics()), PACE);
    expect(await metrics()).toMatch(/^envoy_cluster_upstream_rq_total\{.*dataplane="backend-1".*\} \d+$/m);
    await eventually(() => collector.received("metrics").includes("app_up"), PACE);
  });

  it("patches Envoy", async () => {
    await put("MeshProxyPatch", "all", {
      default: {
        appendModifications: [{ httpFilter: { operation: "AddLast", match: { origin: "inbound" }, value: LUA } }],
      },
    });
    const patched = async () => (await fetch(`http://${BACKEND}:8080/hello`)).headers.get("x-patched");
    await eventually(async () => (await patched()) === "yes", PACE);
  });

  async function put(type: string, name: string, spec: JsonObject): Promise<void> {
    const isBackend = type === "MeshOpenTelemetryBackend";
    const whole = isBackend ? spec : { targetRef: { kind: "Mesh" }, ...spec };
    const labels = isBackend ? { app: name } : {};
    const plural = type === "MeshProxyPatch" ? "meshproxypatches" : `${type.toLowerCase()}s`;
    const path = `meshes/default/${plural}/${name}`;
    await deployment.global.api.put(path, { type, mesh: "default", name, labels, spec: whole });
  }
});
