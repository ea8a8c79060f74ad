/** `isthmus dp run` against a real zone with real Envoys: how proxies start, stop and fail. */
import { Resolver } from "node:dns/promises";
import { writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import { type AddressInfo, createServer as createTcpServer, type Socket } from "node:net";
import { join } from "node:path";
import { isJsonObject, type JsonObject } from "@isthmus/std";
import { eventually, freePorts } from "@isthmus/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Deployment } from "./harness/deployment.ts";
import { ENVOY, EnvoyProxy, type EnvoyProxyOptions, issueToken } from "./harness/envoy-proxy.ts";

const [WEB, BACKEND, INGRESS, EGRESS] = ["127.0.32.1", "127.0.32.2", "127.0.32.3", "127.0.32.4"];
const [OTHER, REDIRECTED] = ["127.0.32.5", "127.0.32.6"];
const OUTBOUND_PORT = 20_001;
const METRICS_PORT = 15_670;
const SIGKILL_CODE = 137;
const PATIENT = { timeoutMs: 120_000 };

describe.skipIf(ENVOY === undefined)("isthmus dp run (needs Envoy)", { timeout: 240_000 }, () => {
  let deployment: Deployment;
  let dpPort: number;
  let service: Server;
  const proxies: EnvoyProxy[] = [];
  const sockets = new Set<Socket>();

  beforeAll(async () => {
    [dpPort = 0] = await freePorts(1);
    deployment = await Deployment.prepare({ zones: ["east"] });
    await deployment.global.start();
    await deployment.zone("east").start({ "dpServer.port": dpPort });
    await deployment.converged();
    await deployment.global.api.put("meshes/default", {
      type: "Mesh",
      name: "default",
      meshServices: { mode: "Exclusive" },
    });
    service = createServer((request, response) => {
      response.end(request.url === "/metrics" ? "app_up 1\n" : "backend");
    });
    // Listens again where it was.
    const [port = 0] = await freePorts(1);
    await new Promise<void>((resolve) => service.listen(port, "127.0.0.1", resolve));
  });
  afterAll(async () => {
    await Promise.all(proxies.map((proxy) => proxy.kill()));
    service.close();
    await deployment.stop();
  });

  it("runs a zone ingress and a zone egress with zone tokens", async () => {
    const advertised = { advertisedAddress: INGRESS, advertisedPort: 10_001 };
    await zoneProxy("ingress", "ZoneIngress", { address: INGRESS, port: 10_001, ...advertised });
    await zoneProxy("egress", "ZoneEgress", { address: EGRESS, port: 10_001 });
    for (const path of ["zone-ingress-insights/ingress-1", "zoneegressinsights/egress-1"]) {
      const version = { kumaDp: { version: "2.14.3" }, envoy: { version: expect.any(String) } };
      expect(await online(path)).toMatchObject({ version });
    }
  });

  it("runs sidecars through which requests flow, and says when they are ready", async () => {
    const backend = await started({ ...sidecar("backend-1", "backend", BACKEND), flags: { "drain-time": "5s" } });
    const outbound = [
      { address: WEB, port: OUTBOUND_PORT, backendRef: { kind: "MeshService", name: "backend", port: 8080 } },
    ];
    await started({ ...sidecar("web-1", "web", WEB, outbound), listens: { address: WEB, port: OUTBOUND_PORT } });
    await eventually(async () => (await ask()) === "backend", PATIENT);
    await online("meshes/default/dataplane-insights/backend-1");
    const ready = await fetch(backend.readinessUrl);
    expect([ready.status, (await ready.text()).trim()]).toEqual([200, "LIVE"]);
    expect((await fetch(backend.readinessUrl.replace("/ready", "/config_dump"))).status).toBe(404);
  });

  it("gives out metrics of Envoy and of the workload together", async () => {
    const { port } = service.address() as AddressInfo;
    const conf = {
      applications: [{ address: "127.0.0.1", path: "/metrics", port }],
      backends: [{ type: "Prometheus", prometheus: { port: METRICS_PORT, path: "/metrics" } }],
    };
    await policy("MeshMetric", { default: conf });
    const metrics = async (): Promise<string> => (await fetch(`http://${BACKEND}:${METRICS_PORT}/metrics`)).text();
    for (const family of [
      /^app_up\{.*dataplane="backend-1"/m,
      /^envoy_cluster_upstream_rq_total\{.*mesh="default".*zone="east".*\} \d+$/m,
    ]) {
      await eventually(async () => (await ask()) === "backend" && family.test(await metrics()), { what: `${family}` });
    }
    expect(await metrics()).not.toContain("ads_cluster");
  });

  it("sends the same metrics to a collector of OpenTelemetry, through Envoy", async () => {
    let received = Buffer.alloc(0);
    const collector = createHttp2Server();
    collector.on("stream", (stream) => {
      stream.on("data", (chunk: Buffer) => {
        received = Buffer.concat([received, chunk]);
      });
      stream.once("end", () => {
        stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
        stream.once("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
        stream.end();
      });
    });
    collector.on("connection", (socket: Socket) => sockets.add(socket));
    await new Promise<void>((resolve) => collector.listen(0, "127.0.0.1", resolve));
    const { port } = collector.address() as AddressInfo;
    const openTelemetry = { endpoint: `127.0.0.1:${port}`, refreshInterval: "1s" };
    await policy("MeshMetric", { default: { backends: [{ type: "OpenTelemetry", openTelemetry }] } });
    await eventually(
      () => ["envoy_cluster_upstream_rq_total", "kuma.proxy_role"].every((text) => received.includes(text)),
      { what: () => `metrics at a collector\n${named("backend-1").log()}` },
    );
    for (const socket of sockets) socket.destroy();
    collector.close();
  });

  it("sends access logs to a backend over TCP", async () => {
    let received = "";
    const backend = createTcpServer((socket) => {
      socket.on("data", (chunk) => {
        received += chunk.toString();
      });
      socket.on("error", () => {});
      sockets.add(socket);
    });
    await new Promise<void>((resolve) => backend.listen(0, "127.0.0.1", resolve));
    const { port } = backend.address() as AddressInfo;
    const tcp = { address: `127.0.0.1:${port}`, format: { type: "Plain", plain: "asked for %REQ(:PATH)%" } };
    await policy("MeshAccessLog", {
      from: [{ targetRef: { kind: "Mesh" }, default: { backends: [{ type: "Tcp", tcp }] } }],
    });
    await eventually(async () => (await ask()) === "backend" && received.includes("asked for /\n"));
    for (const socket of sockets) socket.destroy();
    backend.close();
  });

  it("answers names of the mesh where the traffic of the workload is redirected", async () => {
    const [inbound = 0, outbound = 0, dns = 0] = await freePorts(3);
    const file = join(deployment.zone("east").folder, "transparent-proxy.yaml");
    const redirect = { inbound: { port: inbound }, outbound: { port: outbound } };
    await writeFile(file, JSON.stringify({ ipFamilyMode: "ipv4", redirect }));
    const proxy = await prepared({
      ...sidecar("redirected-1", "redirected", REDIRECTED),
      flags: { "transparent-proxy-config": file, "dns-proxy-port": String(dns) },
    });
    await proxy.spawn();
    const resolver = new Resolver({ timeout: 1_000, tries: 1 });
    resolver.setServers([`127.0.0.1:${dns}`]);
    await eventually(
      async () => (await resolver.resolve4("backend.svc.mesh.local")).every((ip) => ip.startsWith("241.")),
      { what: () => `a name\n${proxy.log()}` },
    );
    await eventually(async () => (await fetch(proxy.readinessUrl)).ok);
    await proxy.kill();
  });

  it("leaves a workload out while it does not answer", async () => {
    const { port } = service.address() as AddressInfo;
    service.closeAllConnections();
    await new Promise((resolve) => service.close(resolve));
    await eventually(async () => (await ask()).includes("503 none"));
    await new Promise<void>((resolve) => service.listen(port, "127.0.0.1", resolve));
    await eventually(async () => (await ask()) === "backend");
  });

  it("drains on SIGTERM: is no more ready, still answers, and ends with 0", async () => {
    const backend = named("backend-1");
    backend.signal("SIGTERM");
    await eventually(async () => (await (await fetch(backend.readinessUrl)).text()) === "TERMINATING");
    expect(await (await fetch(`http://${BACKEND}:8080/`)).text()).toBe("backend");
    await eventually(() => backend.exitCode !== undefined);
    expect(backend.exitCode).toBe(0);
    expect(isRunning(backend.envoyPid)).toBe(false);
    await eventually(async () => !(await ask()).includes("backend"));
  });

  it("does not wait for connections after a second signal, nor when it was drained before", async () => {
    const flags = { "drain-time": "10m" };
    for (const [name, first, text, second] of [
      ["other-4", "SIGTERM", "draining", "SIGINT"],
      ["other-5", "SIGUSR2", "draining until a signal to stop", "SIGTERM"],
    ] as const) {
      const proxy = await started({ ...sidecar(name, "other", OTHER), flags });
      await eventually(async () => (await fetch(proxy.readinessUrl)).ok);
      proxy.signal(first);
      await eventually(() => proxy.log().includes(`"msg":"${text}"`), { what: () => proxy.log() });
      proxy.signal(second);
      await eventually(() => proxy.exitCode !== undefined);
      expect([name, proxy.exitCode]).toEqual([name, 0]);
    }
  });

  it("is told differences only, by newer names, where its settings say so", async () => {
    const env = {
      KUMA_DATAPLANE_RUNTIME_ENVOY_XDS_TRANSPORT_PROTOCOL_VARIANT: "DELTA_GRPC",
      KUMA_DATAPLANE_RUNTIME_UNIFIED_RESOURCE_NAMING_ENABLED: "true",
    };
    const proxy = await started({ ...sidecar("other-6", "other", OTHER), env });
    await eventually(async () => (await fetch(proxy.readinessUrl)).ok);
    await online("meshes/default/dataplane-insights/other-6");
    expect(await (await fetch(`http://${OTHER}:8080/`)).text()).toBe("backend");
    await proxy.kill();
  });

  it("ends with Envoy, its exit code and a message", async () => {
    const web = named("web-1");
    process.kill(web.envoyPid, "SIGKILL");
    await eventually(() => web.exitCode !== undefined);
    expect(web.exitCode).toBe(SIGKILL_CODE);
    expect(web.log()).toContain('"signal":"SIGKILL","msg":"Envoy ended, and the runner with it"');
  });

  it("leaves no Envoy behind when it is killed", async () => {
    const proxy = await started(sidecar("other-1", "other", OTHER));
    expect(isRunning(proxy.envoyPid)).toBe(true);
    await proxy.kill();
    await eventually(() => !isRunning(proxy.envoyPid));
  });

  it("tells that the control plane does not let it in", async () => {
    const token = await issueToken(deployment.zone("east"), "dataplane", { name: "somebody-else", mesh: "default" });
    const proxy = await prepared({ ...sidecar("other-2", "other", OTHER), token });
    await proxy.spawn();
    await eventually(() => proxy.log().includes("the control plane does not let this proxy in"), {
      what: () => proxy.log(),
    });
    expect(proxy.log()).toMatch(/"reason":"[^"]*somebody-else[^"]*"/);
    proxy.signal("SIGTERM");
    await eventually(() => proxy.exitCode !== undefined);
    expect(proxy.exitCode).toBe(0);
  });

  it("is let go when its token is revoked, its Dataplane with it", async () => {
    const east = deployment.zone("east");
    const token = await issueToken(east, "dataplane", { name: "other-4", mesh: "default" });
    const proxy = await started({ ...sidecar("other-4", "other", OTHER), token });
    const { jti } = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as { jti: string };
    const name = "dataplane-token-revocations-default";
    await deployment.global.api.put(`meshes/default/secrets/${name}`, {
      type: "Secret",
      mesh: "default",
      name,
      data: Buffer.from(jti).toString("base64"),
    });
    await eventually(() => /"proxy":"[^"]*other-4","reason":"[^"]*token is revoked"/.test(east.log()), PATIENT);
    await eventually(async () => (await east.api.find("meshes/default/dataplanes/other-4")) === undefined, PATIENT);
    await proxy.kill();
  });

  it("ends with the reason of the control plane when the resource is refused", async () => {
    const { resource, ...rest } = sidecar("other-3", "other", OTHER);
    const proxy = await prepared({ ...rest, resource: { ...resource, mesh: "unknown" }, token: await anyToken() });
    await proxy.spawn();
    await eventually(() => proxy.exitCode !== undefined);
    expect(proxy.exitCode).toBe(1);
    expect(proxy.log()).toContain("does not exist");
  });

  function sidecar(
    name: string,
    serviceName: string,
    address: string,
    outbound: readonly JsonObject[] = [],
  ): Omit<EnvoyProxyOptions, "zone" | "dpPort"> {
    const { port: servicePort } = service.address() as AddressInfo;
    const tags = { "kuma.io/service": serviceName, "kuma.io/protocol": "http" };
    const inbound = [{ port: 8080, servicePort, serviceAddress: "127.0.0.1", serviceProbe: { tcp: {} }, tags }];
    return {
      proxyType: "dataplane",
      resource: { type: "Dataplane", mesh: "default", name, networking: { address, inbound, outbound: [...outbound] } },
      listens: { address, port: 8080 },
    };
  }

  async function policy(type: string, spec: JsonObject): Promise<void> {
    const path = `meshes/default/${type.toLowerCase()}s/dp-test`;
    const whole = { targetRef: { kind: "Mesh" }, ...spec };
    await deployment.global.api.put(path, { type, mesh: "default", name: "dp-test", spec: whole });
  }

  async function zoneProxy(
    proxyType: "ingress" | "egress",
    type: string,
    networking: { readonly address: string; readonly port: number },
  ): Promise<void> {
    const token = await issueToken(deployment.global, "zone", { zone: "east", scope: [proxyType], validFor: "1h" });
    const resource = { type, name: `${proxyType}-1`, networking: { ...networking } };
    // They listen once there is something behind them, so being connected has to do.
    await (await prepared({ proxyType, resource, listens: networking, token })).spawn();
  }

  async function prepared(options: Omit<EnvoyProxyOptions, "zone" | "dpPort">): Promise<EnvoyProxy> {
    const proxy = await EnvoyProxy.create({ zone: deployment.zone("east"), dpPort, ...options });
    proxies.push(proxy);
    return proxy;
  }

  async function started(options: Omit<EnvoyProxyOptions, "zone" | "dpPort">): Promise<EnvoyProxy> {
    const proxy = await prepared(options);
    await proxy.spawn();
    await proxy.listening();
    return proxy;
  }

  function named(name: string): EnvoyProxy {
    const proxy = proxies.find((each) => each.name === name);
    if (proxy === undefined) throw new Error(`no proxy ${name}`);
    return proxy;
  }

  /** Of a proxy that is there, for who is refused before it is looked at. */
  const anyToken = (): Promise<string> =>
    issueToken(deployment.zone("east"), "dataplane", { name: "other-3", mesh: "default" });

  /** The subscription of a proxy that is connected. */
  function online(path: string): Promise<JsonObject> {
    return eventually(
      async () => {
        const insight: unknown = await deployment.zone("east").api.find(path);
        const subscriptions = isJsonObject(insight) ? insight["subscriptions"] : undefined;
        const last = Array.isArray(subscriptions) ? subscriptions.at(-1) : undefined;
        return isJsonObject(last) && last["disconnectTime"] === undefined ? last : undefined;
      },
      { ...PATIENT, what: `${path} online` },
    );
  }
});

/** The answer, or why there is none. */
async function ask(): Promise<string> {
  try {
    const response = await fetch(`http://${WEB}:${OUTBOUND_PORT}/`, { signal: AbortSignal.timeout(5_000) });
    return `${response.ok ? "" : `${response.status} `}${await response.text()}`.replace("no healthy upstream", "none");
  } catch (error) {
    return `failed: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
