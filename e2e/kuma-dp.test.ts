/** The real kuma-dp under our zone, and our runner under a real kuma-cp, where KUMA_BIN names a folder that has them. */
import { existsSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { ApiClient } from "@isthmus/api";
import { isJsonObject, type JsonObject } from "@isthmus/std";
import { eventually, freePorts, type TempFolder, tempFolder } from "@isthmus/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Deployment } from "./harness/deployment.ts";
import { ENVOY, EnvoyProxy, type EnvoyProxyOptions } from "./harness/envoy-proxy.ts";
import { KUMA_BIN, KumaControlPlane } from "./harness/kuma.ts";

const [WEB, BACKEND, METRICS, UNDER_KUMA] = ["127.0.33.1", "127.0.33.2", 15_670, "127.0.33.3"] as const;
const OUTBOUND_PORT = 20_001;
const isReady = ENVOY !== undefined && KUMA_BIN !== undefined && existsSync(join(KUMA_BIN, "kuma-dp"));

describe.skipIf(!isReady)("kuma-dp (needs KUMA_BIN and Envoy)", { timeout: 90_000 }, () => {
  const proxies: EnvoyProxy[] = [];
  let service: Server;
  let folder: TempFolder;

  beforeAll(async () => {
    folder = await tempFolder("isthmus-e2e-");
    service = createServer((_request, response) => void response.end("backend"));
    await new Promise<void>((resolve) => service.listen(0, "127.0.0.1", resolve));
  });
  afterAll(async () => {
    await Promise.all(proxies.map((proxy) => proxy.kill("SIGKILL")));
    service.close();
    await folder.remove();
  });

  describe("under our zone", () => {
    let deployment: Deployment;
    let dpPort: number;
    beforeAll(async () => {
      [dpPort = 0] = await freePorts(1);
      deployment = await Deployment.prepare({ zones: ["east"] });
      await deployment.global.start();
      await deployment.zone("east").start({ "dpServer.port": dpPort });
      await deployment.converged();
      const mesh = { type: "Mesh", name: "default", meshServices: { mode: "Exclusive" } };
      await deployment.global.api.put("meshes/default", mesh);
    }, 90_000);
    afterAll(() => deployment.stop());

    it("runs sidecars beside ours, through which requests flow", async () => {
      const zone = deployment.zone("east");
      const backend = await start({ zone, dpPort, runner: "kuma-dp", ...sidecar("backend-1", "backend", BACKEND) });
      const backendRef = { kind: "MeshService", name: "backend", port: 8080 };
      const web = sidecar("web-1", "web", WEB, [{ address: WEB, port: OUTBOUND_PORT, backendRef }]);
      await start({ zone, dpPort, ...web });
      const subscription = await online(zone.api, "meshes/default/dataplane-insights/backend-1");
      expect(subscription).toMatchObject({ version: { kumaDp: { version: expect.any(String) } } });
      await eventually(async () => (await ask(`http://${WEB}:${OUTBOUND_PORT}/`)) === "backend", { timeoutMs: 60_000 });
      expect((await ask(backend.readinessUrl)).trim()).toBe("LIVE");
      // So that the death of either would be seen at once.
      await eventually(async () => /^isthmus_proxies_reachable\S* 2$/m.test(await zone.metrics()), {
        timeoutMs: 60_000,
      });
    });

    it("finds there what it gives out as metrics", async () => {
      const conf = { backends: [{ type: "Prometheus", prometheus: { port: METRICS, path: "/metrics" } }] };
      await deployment.global.api.put("meshes/default/meshmetrics/all", {
        type: "MeshMetric",
        mesh: "default",
        name: "all",
        spec: { targetRef: { kind: "Mesh" }, default: conf },
      });
      // The same question to both runners, and the same metrics of Envoy in both answers, but for those of a slow machine.
      const [theirs, ours] = await Promise.all([BACKEND, WEB].map(familiesAt));
      expect(theirs?.size).toBeGreaterThan(50);
      const ofServer = (families: ReadonlySet<string> | undefined) =>
        [...(families ?? [])].filter((name) => /^envoy_server_(?!.*watchdog)/.test(name)).sort();
      expect(ofServer(ours)).toEqual(ofServer(theirs));
    });

    it("takes its endpoint away when it is stopped", async () => {
      const backend = proxies.find(({ name }) => name === "backend-1");
      backend?.signal("SIGTERM");
      await eventually(async () => !(await ask(`http://${WEB}:${OUTBOUND_PORT}/`)).includes("backend"), {
        timeoutMs: 60_000,
      });
    });
  });

  describe("and kuma-cp with our runner", () => {
    let kuma: KumaControlPlane;
    beforeAll(async () => {
      kuma = await KumaControlPlane.create({ folder: join(folder.path, "kuma"), zone: { name: "kuma" } });
      await kuma.start();
      // It makes the key that signs tokens some time after the mesh.
      const path = "meshes/default/secrets/dataplane-token-signing-key-default-1";
      await eventually(async () => (await kuma.api.find(path)) !== undefined);
    }, 90_000);
    afterAll(() => kuma.stop());

    it("is served as kuma-dp is", async () => {
      await start({ zone: kuma, dpPort: kuma.dpPort, ...sidecar("backend-2", "backend", UNDER_KUMA) });
      const subscription = await online(kuma.api, "meshes/default/dataplane-insights/backend-2");
      expect(subscription).toMatchObject({ version: { kumaDp: { version: "2.14.3", kumaCpCompatible: true } } });
      expect(await ask(`http://${UNDER_KUMA}:8080/`)).toBe("backend");
    });
  });

  async function start(options: EnvoyProxyOptions): Promise<EnvoyProxy> {
    const proxy = await EnvoyProxy.create(options);
    proxies.push(proxy);
    await proxy.spawn();
    await proxy.listening();
    return proxy;
  }

  function sidecar(name: string, serviceName: string, address: string, outbound: readonly JsonObject[] = []) {
    const { port: servicePort } = service.address() as AddressInfo;
    const tags = { "kuma.io/service": serviceName, "kuma.io/protocol": "http" };
    const inbound = [{ port: 8080, servicePort, serviceAddress: "127.0.0.1", serviceProbe: { tcp: {} }, tags }];
    return {
      proxyType: "dataplane" as const,
      resource: { type: "Dataplane", mesh: "default", name, networking: { address, inbound, outbound: [...outbound] } },
      listens: { address, port: outbound.length === 0 ? 8080 : OUTBOUND_PORT },
    };
  }

  /** The subscription of a proxy that is connected. */
  function online(api: ApiClient, path: string): Promise<JsonObject> {
    return eventually(
      async () => {
        const insight: unknown = await api.find(path);
        const subscriptions = isJsonObject(insight) ? insight["subscriptions"] : undefined;
        const last = Array.isArray(subscriptions) ? subscriptions.at(-1) : undefined;
        return isJsonObject(last) && last["disconnectTime"] === undefined ? last : undefined;
      },
      { timeoutMs: 60_000, what: `${path} online` },
    );
  }

  /** Names of the metrics that a runner gives out, once it has its configuration. */
  function familiesAt(address: string): Promise<ReadonlySet<string>> {
    return eventually(
      async () => {
        const text = await ask(`http://${address}:${METRICS}/metrics`);
        const names = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name = ""]) => name);
        return text.includes('mesh="default"') ? new Set(names) : undefined;
      },
      { timeoutMs: 60_000, what: `metrics at ${address}` },
    );
  }
});

/** The answer, or why there is none. */
async function ask(url: string): Promise<string> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
    return response.ok ? await response.text() : `${response.status}`;
  } catch (error) {
    return `failed: ${error instanceof Error ? error.message : String(error)}`;
  }
}
