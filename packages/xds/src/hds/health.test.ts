import { readFileSync } from "node:fs";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { GrpcCode, GrpcConnection, type GrpcStatus, Metadata } from "@isthmus/grpc-kit";
import { envoyToJson } from "@isthmus/proto/envoy";
import type { HealthStatus } from "@isthmus/proto/envoy/config/core/v3/health_check";
import {
  ClusterEndpointsHealthSchema,
  EndpointHealthResponseSchema,
  EndpointHealthSchema,
  HealthCheckRequestOrEndpointHealthResponseSchema,
  type HealthCheckSpecifier,
  HealthCheckSpecifierSchema,
  LocalityEndpointsHealthSchema,
} from "@isthmus/proto/envoy/service/health/v3/hds";
import { err, type JsonObject, ok } from "@isthmus/std";
import { createMemoryStore, type Store } from "@isthmus/store";
import { eventually, FakeClock } from "@isthmus/testkit";
import { afterEach, describe, expect, it } from "vitest";
import { readNodeMetadata } from "../node/node-metadata.ts";
import { startXds } from "../testing/xds-rig.ts";
import { DataplaneHealth } from "./dataplane-health.ts";
import { HEALTH_DEFAULTS, healthChecksOf } from "./health-checks.ts";
import { withHealth } from "./health-report.ts";
import { HealthService } from "./health-service.ts";
import { type ClusterHealth, decodeHealthMessage, encodeHealthChecks } from "./health-wire.ts";

const recorded = (name: string): Buffer => readFileSync(new URL(`../../testdata/hds/${name}`, import.meta.url));
const KUMA = { ...HEALTH_DEFAULTS, intervalMs: 5_000, retryIntervalMs: 1_000 };
/** Its time-out and its interval. */
const FIRST_CHECK_MS = HEALTH_DEFAULTS.timeoutMs + HEALTH_DEFAULTS.checkIntervalMs;
const socket = (path: string, ...features: string[]) =>
  readNodeMetadata({ "dataplane.admin.socketPath": path, features });

describe("what is checked", () => {
  const backend = {
    networking: {
      address: "10.77.1.11",
      inbound: [
        {
          port: 8080,
          servicePort: 18080,
          serviceAddress: "127.0.0.1",
          serviceProbe: { tcp: {} },
          tags: { "kuma.io/service": "backend" },
        },
      ],
    },
  };

  it("is, byte for byte, what Kuma 2.14.3 sent: Envoy alone, and an application with a probe", () => {
    const admin = (proxy: string) => socket(`/run/lab/dp/${proxy}/kuma-envoy-admin.sock`);
    expect(Buffer.from(encodeHealthChecks(healthChecksOf({ spec: {} }, admin("west-web-1"), KUMA)))).toEqual(
      recorded("specifier-envoy.bin"),
    );
    expect(Buffer.from(encodeHealthChecks(healthChecksOf({ spec: backend }, admin("east-backend-1"), KUMA)))).toEqual(
      recorded("specifier-application.bin"),
    );
    const unified = socket("/run/labb/dp/west-bweb-1/kuma-envoy-admin.sock", "feature-unified-resource-naming");
    expect(Buffer.from(encodeHealthChecks(healthChecksOf({ spec: {} }, unified, KUMA)))).toEqual(
      recorded("specifier-unified.bin"),
    );
  });

  const jsonOf = (spec: JsonObject, metadata = readNodeMetadata({}), settings = HEALTH_DEFAULTS): JsonObject => {
    const bytes = encodeHealthChecks(healthChecksOf({ spec }, metadata, settings));
    const json = envoyToJson(HealthCheckSpecifierSchema, fromBinary(HealthCheckSpecifierSchema, bytes));
    if (!json.ok) throw new Error(json.error);
    return json.value;
  };

  it("is reported every second by default, checked again soon while it is not healthy; a probe has its own values; admin may be on a port", () => {
    const inbound = {
      port: 80,
      serviceProbe: { timeout: "2.5s", interval: "500ms", healthyThreshold: 3, unhealthyThreshold: 0, tcp: {} },
    };
    expect(
      jsonOf({ networking: { address: "10.0.0.1", admin: { port: 9905 }, inbound: [inbound, { port: 81 }] } }),
    ).toEqual({
      interval: "1s",
      clusterHealthChecks: [
        {
          clusterName: "kuma:envoy:admin",
          localityEndpoints: [
            { endpoints: [{ address: { socketAddress: { address: "127.0.0.1", portValue: 9905 } } }] },
          ],
          healthChecks: [
            {
              timeout: "2s",
              interval: "1s",
              noTrafficInterval: "0.100s",
              unhealthyInterval: "0.100s",
              noTrafficHealthyInterval: "1s",
              healthyThreshold: 1,
              unhealthyThreshold: 1,
              httpHealthCheck: { path: "/ready" },
            },
          ],
        },
        {
          clusterName: "localhost:80",
          localityEndpoints: [{ endpoints: [{ address: { socketAddress: { address: "10.0.0.1", portValue: 80 } } }] }],
          healthChecks: [
            {
              timeout: "2.500s",
              interval: "0.500s",
              noTrafficInterval: "0.100s",
              unhealthyInterval: "0.100s",
              noTrafficHealthyInterval: "1s",
              healthyThreshold: 3,
              unhealthyThreshold: 0,
              tcpHealthCheck: {},
            },
          ],
        },
      ],
    });
  });

  it.each<[string, JsonObject, JsonObject, string | undefined]>([
    ["by resource", { transparentProxying: { redirectPortInbound: 15006 } }, {}, "127.0.0.6"],
    ["not proxied", {}, {}, undefined],
    [
      "by metadata",
      {},
      {
        features: ["feature-transparent-proxy-in-dataplane-metadata"],
        transparentProxy: { redirect: { inbound: { enabled: true, port: 15006 } } },
      },
      "127.0.0.6",
    ],
    [
      "the feature without a proxy",
      { transparentProxying: { redirectPortInbound: 15006 } },
      { features: ["feature-transparent-proxy-in-dataplane-metadata"] },
      undefined,
    ],
  ])(
    "behind a transparent proxy comes from the address that is let through: %s",
    (_, networking, metadata, expected) => {
      const checks = healthChecksOf(
        {
          spec: {
            networking: { address: "10.0.0.1", inbound: [{ port: 80, serviceProbe: { tcp: {} } }], ...networking },
          },
        },
        readNodeMetadata(metadata),
        HEALTH_DEFAULTS,
      );
      expect(checks.checks[1]?.sourceAddress).toBe(expected);
    },
  );

  it("has a source address of its family, and none for loopback", () => {
    const source = (address: string) =>
      healthChecksOf(
        {
          spec: {
            networking: {
              address,
              transparentProxying: { redirectPortInbound: 15006 },
              inbound: [{ port: 80, serviceProbe: { tcp: {} } }],
            },
          },
        },
        readNodeMetadata({}),
        HEALTH_DEFAULTS,
      ).checks[1]?.sourceAddress;
    expect(["fd00::1", "::1", "127.0.0.1"].map(source)).toEqual(["::6", undefined, undefined]);
  });
});

describe("reports", () => {
  it("recorded ones are read", () => {
    expect(decodeHealthMessage(recorded("report-application.bin"))).toEqual({
      ok: true,
      value: {
        kind: "report",
        clusters: [
          { cluster: "kuma:envoy:admin", isHealthy: true },
          { cluster: "localhost:18080", isHealthy: true },
        ],
      },
    });
    const request = decodeHealthMessage(recorded("first-request.bin"));
    expect(request).toMatchObject({ ok: true, value: { kind: "request", node: { id: "default.west-web-1" } } });
  });

  it("malformed ones are errors", () => {
    expect(decodeHealthMessage(new Uint8Array([0x12, 9])).ok).toBe(false);
  });

  const inbound = (changes: JsonObject = {}): JsonObject => ({ port: 80, servicePort: 8080, ...changes });
  const specOf = (...inbounds: JsonObject[]): JsonObject => ({
    networking: { address: "10.0.0.1", inbound: inbounds },
  });
  const NOT_READY = { state: "NotReady", health: {} };
  const READY = { health: { ready: true } };
  const app = (isHealthy: boolean | undefined) => ({ cluster: "localhost:8080", isHealthy });
  const envoy = (isHealthy: boolean | undefined) => ({ cluster: "kuma:envoy:admin", isHealthy });

  it.each<[string, JsonObject, ClusterHealth[], JsonObject | undefined]>([
    ["an application that died", inbound(), [envoy(true), app(false)], inbound(NOT_READY)],
    ["one that came back", inbound(NOT_READY), [envoy(true), app(true)], inbound(READY)],
    ["nothing new", inbound(READY), [envoy(true), app(true)], undefined],
    ["still dead", inbound(NOT_READY), [app(false)], undefined],
    ["an Envoy that drains", inbound(), [envoy(false), app(true)], inbound(NOT_READY)],
    [
      "an Envoy by its unified name",
      inbound(),
      [{ cluster: "system_envoy_admin", isHealthy: false }],
      inbound(NOT_READY),
    ],
    ["an application that is not checked", inbound(NOT_READY), [envoy(true)], inbound(READY)],
    ["an application whose first check may not be over", inbound(), [envoy(true), app(undefined)], undefined],
    ["a new one whose first check may not be over", inbound(NOT_READY), [envoy(true), app(undefined)], undefined],
    ["an Envoy whose first check may not be over", inbound(), [envoy(undefined), app(true)], undefined],
    ["a dead application of an Envoy like that", inbound(), [envoy(undefined), app(false)], inbound(NOT_READY)],
    ["one that an operator ignores", inbound({ state: "Ignored" }), [app(false)], undefined],
    ["an unknown cluster", inbound(), [{ cluster: "localhost:1", isHealthy: false }], undefined],
  ])("%s", (_, before, report, after) => {
    expect(withHealth(specOf(before), report)).toEqual(after === undefined ? undefined : specOf(after));
  });

  it("change only the inbound that they are about", () => {
    const other = inbound({ port: 81, servicePort: 8081 });
    expect(withHealth(specOf(inbound(), other), [app(false)])).toEqual(specOf(inbound(NOT_READY), other));
  });
});

describe("the service", () => {
  const open: { stop(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const each of open.splice(0).reverse()) await each.stop();
  });
  const KEY = { type: "Dataplane", mesh: "default", name: "web-1" };
  const spec = (changes: JsonObject = {}): JsonObject => ({
    networking: {
      address: "10.0.0.1",
      inbound: [{ port: 80, servicePort: 8080, serviceProbe: { tcp: {} }, ...changes }],
    },
  });

  async function start(store: Store = createMemoryStore({ clock: new FakeClock() })) {
    const errors: unknown[] = [];
    const clock = new FakeClock();
    const onError = (error: unknown): unknown => errors.push(error);
    const target = new DataplaneHealth({ store, settings: HEALTH_DEFAULTS, clock, onError });
    let health: HealthService | undefined;
    const { server, admission, events, tls } = await startXds({
      services: (accepting, onEvent) => {
        health = new HealthService({ target, admission: accepting, onEvent });
        return [health];
      },
    });
    open.push(server);
    const connect = () => {
      const client = new HealthClient(server.port, tls.certificate);
      open.push({ stop: () => client.close() });
      return client;
    };
    return { server, store, clock, admission, events, errors, health, connect };
  }

  const put = (store: Store, next: JsonObject) =>
    store.commit([{ kind: "put", resource: { ...KEY, labels: { a: "b" }, spec: next } }]);
  const stateOf = (store: Store) => {
    const networking = store.get(KEY)?.spec["networking"] as { inbound: JsonObject[] } | undefined;
    return networking?.inbound[0]?.["state"];
  };

  it("tells what to check, stores what is reported, and tells anew when the resource changes", async () => {
    const { store, clock, connect, events, health } = await start();
    await put(store, spec());
    const client = connect();
    client.raw(withNode("default.web-1"));
    const first = await client.at(0);
    expect(first.clusterHealthChecks.map(({ clusterName }) => clusterName)).toEqual([
      "kuma:envoy:admin",
      "localhost:8080",
    ]);
    clock.advance(FIRST_CHECK_MS);
    client.report({ "kuma:envoy:admin": 1, "localhost:8080": 2 });
    await eventually(() => stateOf(store) === "NotReady");
    expect(store.get(KEY)?.labels).toEqual({ a: "b" });
    client.report({ "kuma:envoy:admin": 1, "localhost:8080": 1 });
    await eventually(() => stateOf(store) === undefined);
    // State changes of its own are none of the checks.
    expect(client.received).toHaveLength(1);
    await put(store, spec({ servicePort: 9090 }));
    expect((await client.at(1)).clusterHealthChecks[1]?.clusterName).toBe("localhost:9090");
    expect(health?.streams).toBe(1);
    await client.close();
    await eventually(() => events.some(({ kind }) => kind === "healthClosed"));
    expect(health?.streams).toBe(0);
  });

  it("puts right at once what somebody overwrote", async () => {
    const { store, clock, connect } = await start();
    await put(store, spec());
    const client = connect();
    client.raw(withNode("default.web-1"));
    await client.at(0);
    clock.advance(FIRST_CHECK_MS);
    client.report({ "localhost:8080": 2 });
    await eventually(() => stateOf(store) === "NotReady");
    await put(store, spec());
    await eventually(() => stateOf(store) === "NotReady");
  });

  it("takes nothing from who may not have been checked yet, and counts a check from its first success on", async () => {
    const { store, clock, connect } = await start();
    await put(store, spec());
    const before = store.revision;
    const client = connect();
    client.raw(withNode("default.web-1"));
    await client.at(0);
    clock.advance(FIRST_CHECK_MS - 1);
    client.report({ "kuma:envoy:admin": 2, "localhost:8080": 2 });
    client.report({ "kuma:envoy:admin": 1, "localhost:8080": 1 });
    client.report({ "kuma:envoy:admin": 2, "localhost:8080": 1 });
    await eventually(() => stateOf(store) === "NotReady");
    expect(store.revision).toBe(before + 1);
  });

  it("waits for a resource that does not exist yet", async () => {
    const { store, connect, events } = await start();
    const client = connect();
    client.raw(withNode("default.web-1"));
    await eventually(() => events.some(({ kind }) => kind === "healthOpened"));
    expect(client.received).toEqual([]);
    await put(store, spec());
    await client.at(0);
  });

  it("goes on when the store fails: the next report tries again", async () => {
    const real = createMemoryStore({ clock: new FakeClock() });
    await put(real, spec());
    let isBroken = true;
    const store: Store = Object.assign(Object.create(real) as Store, {
      get: real.get.bind(real),
      subscribe: real.subscribe.bind(real),
      commit: (ops: Parameters<Store["commit"]>[0]) =>
        isBroken ? Promise.reject(new Error("disk")) : real.commit(ops),
    });
    const { clock, connect, errors } = await start(store);
    const client = connect();
    client.raw(withNode("default.web-1"));
    await client.at(0);
    clock.advance(FIRST_CHECK_MS);
    client.report({ "localhost:8080": 2 });
    await eventually(() => errors.length === 1);
    isBroken = false;
    client.report({ "localhost:8080": 2 });
    await eventually(() => stateOf(real) === "NotReady");
  });

  it("refuses who is not authenticated, who reports before asking, who changes its name, and garbage", async () => {
    const { connect, admission } = await start();
    const early = connect();
    early.report({ "localhost:8080": 2 });
    expect((await early.ended()).code).toBe(GrpcCode.UNAUTHENTICATED);
    const liar = connect();
    liar.raw(withNode("default.web-1"));
    liar.raw(withNode("default.other"));
    expect((await liar.ended()).code).toBe(GrpcCode.INVALID_ARGUMENT);
    const garbage = connect();
    garbage.raw(new Uint8Array([0x0a, 200]));
    expect((await garbage.ended()).code).toBe(GrpcCode.INVALID_ARGUMENT);
    admission.answer = async () => err({ code: GrpcCode.UNAUTHENTICATED, details: "authentication failed" });
    const stranger = connect();
    stranger.raw(withNode("default.web-1"));
    expect(await stranger.ended()).toEqual({ code: GrpcCode.UNAUTHENTICATED, details: "authentication failed" });
    admission.answer = async () => ok(undefined);
  });

  it("ends a stream when the credential of its proxy counts no more", async () => {
    const { store, connect, admission, events } = await start();
    await put(store, spec());
    const client = connect();
    client.raw(withNode("default.web-1"));
    await client.at(0);
    for (const end of admission.watched) end({ code: GrpcCode.UNAUTHENTICATED, details: "token is revoked" });
    expect(await client.ended()).toEqual({ code: GrpcCode.UNAUTHENTICATED, details: "token is revoked" });
    await eventually(() => events.some(({ kind }) => kind === "healthClosed"));
    expect(admission.watched.size).toBe(0);
  });

  it("ends its streams when it stops", async () => {
    const { server, store, connect } = await start();
    await put(store, spec());
    const client = connect();
    client.raw(withNode("default.web-1"));
    await client.at(0);
    await server.stop();
    expect((await client.ended()).code).toBe(GrpcCode.UNAVAILABLE);
  });
});

function withNode(id: string): Uint8Array {
  return message({ requestType: { case: "healthCheckRequest", value: { node: { id } } } });
}

function message(
  init: Parameters<typeof create<typeof HealthCheckRequestOrEndpointHealthResponseSchema>>[1],
): Uint8Array {
  const schema = HealthCheckRequestOrEndpointHealthResponseSchema;
  return toBinary(schema, create(schema, init));
}

class HealthClient {
  readonly received: HealthCheckSpecifier[] = [];
  readonly #connection: GrpcConnection;
  readonly #write: (bytes: Uint8Array) => void;
  #status: GrpcStatus | undefined;

  constructor(port: number, ca: string) {
    this.#connection = new GrpcConnection({ address: `grpcs://127.0.0.1:${port}`, tls: { ca } });
    const stream = this.#connection.bidi(
      "/envoy.service.health.v3.HealthDiscoveryService/StreamHealthCheck",
      new Metadata(),
      {
        message: (bytes) => void this.received.push(fromBinary(HealthCheckSpecifierSchema, bytes)),
        closed: (status) => {
          this.#status = status;
        },
      },
    );
    this.#write = (bytes) => void stream.writer.write(Buffer.from(bytes));
  }

  raw(bytes: Uint8Array): void {
    this.#write(bytes);
  }

  /** Status by cluster: 1 healthy, 2 unhealthy. */
  report(statuses: Readonly<Record<string, HealthStatus>>): void {
    const clusterEndpointsHealth = Object.entries(statuses).map(([clusterName, healthStatus]) =>
      create(ClusterEndpointsHealthSchema, {
        clusterName,
        localityEndpointsHealth: [
          create(LocalityEndpointsHealthSchema, { endpointsHealth: [create(EndpointHealthSchema, { healthStatus })] }),
        ],
      }),
    );
    const value = create(EndpointHealthResponseSchema, { clusterEndpointsHealth });
    this.#write(message({ requestType: { case: "endpointHealthResponse", value } }));
  }

  at(index: number): Promise<HealthCheckSpecifier> {
    return eventually(() => this.received[index], { what: `message ${index}` });
  }

  ended(): Promise<GrpcStatus> {
    return eventually(() => this.#status, { what: "end of the stream" });
  }

  close(): Promise<void> {
    return this.#connection.close();
  }
}
