/**
 * What policies on logs, traces, metrics and patches, and names, make of a real Envoy, which the real kuma-dp runs under our zone. Runs where KUMA_BIN names a
 * folder with kuma-dp.
 */
import { Resolver } from "node:dns/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { objectOf, objectsOf, textOf } from "@isthmus/resources";
import { isJsonObject, type JsonObject } from "@isthmus/std";
import { eventually, freePorts } from "@isthmus/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Deployment } from "./harness/deployment.ts";
import { ENVOY, EnvoyProxy, type EnvoyProxyOptions } from "./harness/envoy-proxy.ts";
import { KUMA_BIN } from "./harness/kuma.ts";
import { OtelCollector } from "./harness/otel-collector.ts";

const [BACKEND, SHOP] = ["127.0.34.1", "127.0.34.2"];
const PACE = { timeoutMs: 60_000, intervalMs: 250 };
const LUA = `
name: envoy.filters.http.lua
typedConfig:
  "@type": type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua
  defaultSourceCode:
    inlineString: function envoy_on_response(handle) handle:headers():add("x-patched", "yes") end
`;

const isSkipped = ENVOY === undefined || KUMA_BIN === undefined;
describe.skipIf(isSkipped)("what kuma-dp does beside Envoy (needs Envoy and KUMA_BIN)", { timeout: 120_000 }, () => {
  let deployment: Deployment;
  let service: Server;
  let collector: OtelCollector;
  let dpPort: number;
  let metricsPort: number;
  const proxies: EnvoyProxy[] = [];

  beforeAll(async () => {
    [dpPort = 0, metricsPort = 0] = await freePorts(2);
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
    await start("backend-1", networking, { address: BACKEND, port: 8080 });
  }, 120_000);
  afterAll(async () => {
    await Promise.all(proxies.map((proxy) => proxy.kill("SIGTERM")));
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

  it("lets kuma-dp answer for the names of the mesh", async () => {
    const [dnsPort = 0, redirectPortInbound = 0, redirectPortOutbound = 0] = await freePorts(3);
    const transparentProxying = { redirectPortInbound, redirectPortOutbound };
    const tags = { "kuma.io/service": "shop" };
    const networking = { address: SHOP, transparentProxying, inbound: [{ port: 8080, tags }] };
    await start(
      "shop-1",
      networking,
      { address: "127.0.0.1", port: redirectPortOutbound },
      { KUMA_DNS_PROXY_PORT: String(dnsPort) },
    );
    const resolver = new Resolver({ timeout: 1_000, tries: 1 });
    resolver.setServers([`127.0.0.1:${dnsPort}`]);
    const path = "meshes/default/meshservices/backend";
    const service: unknown = await deployment.zone("east").api.find(path);
    const [vip = ""] = vipsOf(service);
    const answered = () => resolver.resolve4("backend.svc.mesh.local").catch((): string[] => []);
    await eventually(async () => (await answered()).includes(vip), PACE);
    expect(await resolver.resolve6("backend.svc.mesh.local")).toEqual([`::ffff:${vip}`]);
  });

  async function start(
    name: string,
    networking: JsonObject,
    listens: EnvoyProxyOptions["listens"],
    env: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    const resource = { type: "Dataplane", mesh: "default", name, networking };
    const zone = deployment.zone("east");
    const options = { zone, dpPort, env, runner: "kuma-dp", proxyType: "dataplane", resource, listens } as const;
    const proxy = await EnvoyProxy.create(options);
    proxies.push(proxy);
    await proxy.spawn();
    await proxy.listening();
  }

  async function put(type: string, name: string, spec: JsonObject): Promise<void> {
    const isBackend = type === "MeshOpenTelemetryBackend";
    const whole = isBackend ? spec : { targetRef: { kind: "Mesh" }, ...spec };
    const labels = isBackend ? { app: name } : {};
    const plural = type === "MeshProxyPatch" ? "meshproxypatches" : `${type.toLowerCase()}s`;
    const path = `meshes/default/${plural}/${name}`;
    await deployment.global.api.put(path, { type, mesh: "default", name, labels, spec: whole });
  }
});

function vipsOf(service: unknown): readonly string[] {
  const status = isJsonObject(service) ? objectOf(service, "status") : {};
  return objectsOf(status, "vips").map((vip) => textOf(vip, "ip"));
}
