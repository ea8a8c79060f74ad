/** A real Envoy, started from our bootstrap, over both variants; skipped by name where there is none. */
import { type ChildProcess, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { type ServerTls, selfSignedPair } from "@isthmus/grpc-kit";
import { envoyFromJson, envoyToBinary } from "@isthmus/proto/envoy";
import { ClusterSchema } from "@isthmus/proto/envoy/config/cluster/v3/cluster";
import { ClusterLoadAssignmentSchema } from "@isthmus/proto/envoy/config/endpoint/v3/endpoint";
import { ListenerSchema } from "@isthmus/proto/envoy/config/listener/v3/listener";
import { builtinTypes, Registry } from "@isthmus/resources";
import { type JsonObject, systemClock } from "@isthmus/std";
import { createMemoryStore } from "@isthmus/store";
import { envoyBinary, eventually, freePorts, tempFolder } from "@isthmus/testkit";
import { afterEach, describe, expect, it } from "vitest";
import { bootstrapHandler } from "../bootstrap/bootstrap-handler.ts";
import { BootstrapResponder } from "../bootstrap/bootstrap-responder.ts";
import { DataplaneHealth } from "../hds/dataplane-health.ts";
import { HEALTH_DEFAULTS } from "../hds/health-checks.ts";
import { HealthService } from "../hds/health-service.ts";
import type { ManualSource } from "../testing/manual-source.ts";
import { startXds, type XdsRig } from "../testing/xds-rig.ts";
import { CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE } from "../type-urls.ts";
import type { XdsEvent } from "../xds-events.ts";

const binary = envoyBinary();
const stops: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

describe.skipIf(binary === undefined)("a real Envoy", () => {
  it.each(["state", "delta"] as const)("%s: bootstrap, configuration, change, refusal, health", async (variant) => {
    const { source, store, events, envoy, admin, listenerPort } = await start(variant);
    await eventually(() => converged(events) === 1, { what: "first configuration" });
    await eventually(async () => (await admin("/ready")).includes("LIVE"));
    expect(events.find(({ kind }) => kind === "connected")).toMatchObject({
      variant,
      proxy: { id: { type: "dataplane", mesh: "default", name: "web-1" } },
    });

    // A changed cluster is warmed anew, which needs its endpoints again: if they were not told, this would never be active.
    push(source, listenerPort, { timeout: "7s" });
    await eventually(() => converged(events) === 2);
    await eventually(async () => (await admin("/config_dump?resource=dynamic_active_clusters")).includes('"7s"'));
    expect(await admin("/config_dump?resource=dynamic_warming_clusters")).not.toContain("backend");

    // A listener that Envoy refuses is named and kept out; what comes after it arrives.
    push(source, listenerPort, { timeout: "7s", bad: true });
    const nack = await eventually(() => events.find((event) => event.kind === "ads" && event.note.note === "nacked"));
    expect(nack).toMatchObject({ note: { typeUrl: LISTENER_TYPE, resources: ["bad"] } });
    push(source, listenerPort, { timeout: "8s", bad: true });
    await eventually(async () => (await admin("/config_dump?resource=dynamic_active_clusters")).includes('"8s"'));
    expect(events.filter((event) => event.kind === "ads" && event.note.note === "nacked")).toHaveLength(1);
    expect(await admin("/listeners")).toContain("good");

    // Nothing listens on the application's port: Envoy says so.
    await eventually(
      () => JSON.stringify(store.get({ type: "Dataplane", mesh: "default", name: "web-1" })?.spec).includes("NotReady"),
      { what: "the report of a dead application" },
    );
    expect(envoy.exitCode).toBeNull();
  });

  it("connects to a control plane that refuses TLS 1.2", async () => {
    const { events } = await start("delta", { isTls13Only: true });
    await eventually(() => converged(events) === 1, { what: "first configuration" });
  });
});

async function start(variant: "state" | "delta", options: { readonly isTls13Only?: boolean } = {}) {
  const [applicationPort = 0, listenerPort = 0] = await freePorts(2);
  const folder = await tempFolder();
  stops.push(() => folder.remove());
  const pair = await selfSignedPair({ names: ["127.0.0.1"], nowMs: Date.now() });
  const tls: ServerTls = { ...pair, ...(options.isTls13Only && { minVersion: "TLSv1.3" }) };
  const store = createMemoryStore({ clock: systemClock });
  const dataplane = {
    networking: {
      address: "127.0.0.1",
      inbound: [{ port: applicationPort, serviceProbe: { tcp: {} }, tags: { "kuma.io/service": "web" } }],
    },
  };
  await store.commit([
    { kind: "put", resource: { type: "Mesh", mesh: "", name: "default", labels: {}, spec: {} } },
    { kind: "put", resource: { type: "Dataplane", mesh: "default", name: "web-1", labels: {}, spec: dataplane } },
  ]);
  const onError = (error: unknown): void => {
    throw error;
  };
  const responder = new BootstrapResponder({
    registry: new Registry(builtinTypes),
    store,
    settings: {
      adminAddress: "127.0.0.1",
      adminPort: 9901,
      isAdminUnixSocket: true,
      adminAccessLogPath: "/dev/null",
      xdsConnectTimeout: "1s",
      ...(options.isTls13Only && { xdsTlsMaxVersion: "TLSv1_3" }),
      xdsGrpcMaxReceiveMessageBytes: 4_194_304,
      usesTokenFiles: false,
      isHealthServed: true,
      gatewayMaxConnections: 0,
    },
    isTokenRequired: () => true,
    certificate: () => tls.certificate,
    xdsHost: "",
    xdsPort: () => server.port,
    lookup: async () => [],
    isNamedByWorkload: false,
  });
  const target = new DataplaneHealth({ store, settings: HEALTH_DEFAULTS, clock: systemClock, onError });
  const { server, source, events }: XdsRig = await startXds({
    tls,
    http: bootstrapHandler({ responder, onError }),
    services: (admission, onEvent) => [new HealthService({ target, admission, onEvent })],
  });
  stops.push(() => server.stop());
  push(source, listenerPort, { timeout: "5s" });

  const features = variant === "delta" ? ["feature-delta-grpc"] : [];
  const answer = await responder.answer(
    { mesh: "default", name: "web-1", dataplaneToken: "token", workdir: folder.path, features },
    "127.0.0.1",
  );
  if (!answer.ok) throw new Error(answer.error.reason);
  const config = join(folder.path, "bootstrap.yaml");
  writeFileSync(config, JSON.stringify(answer.value.document));
  const envoy: ChildProcess = spawn(
    binary ?? "",
    [
      "--config-path",
      config,
      "--disable-hot-restart",
      "--concurrency",
      "1",
      "--log-level",
      "error",
      "--drain-strategy",
      "immediate",
    ],
    { stdio: ["ignore", "ignore", "inherit"] },
  );
  stops.push(async () => {
    const exited = new Promise((resolve) => envoy.once("exit", resolve));
    envoy.kill("SIGKILL");
    if (envoy.exitCode === null) await exited;
  });
  const admin = (path: string): Promise<string> => get(join(folder.path, "kuma-envoy-admin.sock"), path);
  return { source, store, events, envoy, admin, listenerPort };
}

function push(source: ManualSource, port: number, { timeout, bad = false }: { timeout: string; bad?: boolean }): void {
  const address = (portValue: number): JsonObject => ({ socketAddress: { address: "127.0.0.1", portValue } });
  const listener = (name: string, at: JsonObject, statPrefix = name): JsonObject => ({
    name,
    address: at,
    filterChains: [
      {
        filters: [
          {
            name: "envoy.filters.network.tcp_proxy",
            typedConfig: {
              "@type": "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
              statPrefix,
              cluster: "backend",
            },
          },
        ],
      },
    ],
  });
  source.push(
    new Map([
      [
        CLUSTER_TYPE,
        {
          backend: encode(ClusterSchema, {
            name: "backend",
            type: "EDS",
            connectTimeout: timeout,
            edsClusterConfig: { edsConfig: { ads: {}, resourceApiVersion: "V3" } },
          }),
        },
      ],
      [
        ENDPOINT_TYPE,
        {
          backend: encode(ClusterLoadAssignmentSchema, {
            clusterName: "backend",
            endpoints: [{ lbEndpoints: [{ endpoint: { address: address(1) } }] }],
          }),
        },
      ],
      [
        LISTENER_TYPE,
        {
          good: encode(ListenerSchema, listener("good", address(port))),
          // The prefix of statistics must not be empty.
          ...(bad ? { bad: encode(ListenerSchema, listener("bad", address(2), "")) } : {}),
        },
      ],
    ]),
  );
}

function encode(
  schema: typeof ClusterSchema | typeof ClusterLoadAssignmentSchema | typeof ListenerSchema,
  json: JsonObject,
): Uint8Array {
  const message = envoyFromJson(schema as typeof ClusterSchema, json);
  if (!message.ok) throw new Error(message.error);
  return envoyToBinary(schema as typeof ClusterSchema, message.value);
}

function converged(events: readonly XdsEvent[]): number | undefined {
  return events
    .flatMap((event) => (event.kind === "ads" && event.note.note === "converged" ? [event.note.revision] : []))
    .at(-1);
}

function get(socketPath: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath, path }, (response) => {
      let body = "";
      response.on("data", (chunk: Buffer) => (body += chunk.toString()));
      response.on("end", () => resolve(body));
    });
    outgoing.on("error", reject);
    outgoing.end();
  });
}
