/**
 * An independent client of the state-of-the-world variant: gRPC's own, which resolves `xds:///` names by listeners, routes, clusters and
 * endpoints. It speaks plaintext to a TLS forwarder here, having no credentials for a self-signed server.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createServer, type Socket, type Server as TcpServer } from "node:net";
import { createInterface } from "node:readline";
import { connect as connectTls } from "node:tls";
import { fileURLToPath } from "node:url";
import { create } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { envoyFromJson, envoyToBinary } from "@isthmus/proto/envoy";
import {
  type Cluster,
  Cluster_DiscoveryType,
  Cluster_EdsClusterConfigSchema,
  Cluster_LbPolicy,
  ClusterSchema,
} from "@isthmus/proto/envoy/config/cluster/v3/cluster";
import { AggregatedConfigSourceSchema, ConfigSourceSchema } from "@isthmus/proto/envoy/config/core/v3/config_source";
import { ClusterLoadAssignmentSchema } from "@isthmus/proto/envoy/config/endpoint/v3/endpoint";
import { ListenerSchema } from "@isthmus/proto/envoy/config/listener/v3/listener";
import { RouteConfigurationSchema } from "@isthmus/proto/envoy/config/route/v3/route";
import { RouterSchema } from "@isthmus/proto/envoy/extensions/filters/http/router/v3/router";
import { HttpConnectionManagerSchema } from "@isthmus/proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager";
import { eventually } from "@isthmus/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startXds, type XdsRig } from "../testing/xds-rig.ts";
import { CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE, ROUTE_TYPE } from "../type-urls.ts";

let rig: XdsRig;
const stops: (() => Promise<void> | void)[] = [];
let client: GrpcXdsClient;
let ports: Record<"a" | "b", number>;

beforeAll(async () => {
  rig = await startXds();
  const { server, tls } = rig;
  stops.push(() => server.stop());
  const plain = await forwarder(server.port, tls.certificate);
  stops.push(() => void plain.close());
  ports = { a: await backend("a"), b: await backend("b") };
  client = new GrpcXdsClient({
    xds_servers: [
      { server_uri: `127.0.0.1:${portOf(plain)}`, channel_creds: [{ type: "insecure" }], server_features: ["xds_v3"] },
    ],
    node: { id: "default.client-1", locality: {}, metadata: { "dataplane.proxyType": "dataplane" } },
  });
  stops.push(() => client.stop());
});
afterAll(async () => {
  for (const stop of stops.reverse()) await stop();
});

describe("gRPC's own xDS client", () => {
  it("finds a service by listener, route, cluster and endpoints", async () => {
    push({ to: "a" });
    expect(await client.call()).toBe("a");
    expect(rig.admission.candidates[0]?.id).toEqual({ type: "dataplane", mesh: "default", name: "client-1" });
    const types = rig.events.flatMap((event) => (event.kind === "sent" ? [event.typeUrl] : []));
    expect(new Set(types)).toEqual(new Set([LISTENER_TYPE, ROUTE_TYPE, CLUSTER_TYPE, ENDPOINT_TYPE]));
    await eventually(() => lastRevision() === 1);
  });

  it("follows its endpoints, of which alone it is told", async () => {
    const before = rig.events.length;
    push({ to: "b" });
    await eventually(async () => (await client.call()) === "b");
    const sent = rig.events.slice(before).flatMap((event) => (event.kind === "sent" ? [event.typeUrl] : []));
    expect(sent).toEqual([ENDPOINT_TYPE]);
    await eventually(() => lastRevision() === 2);
  });

  it("refuses what it cannot use, which is named and not sent again, and goes on with what it had", async () => {
    const before = rig.events.length;
    // A load balancing policy that it does not know.
    push({ to: "b", cluster: { lbPolicy: Cluster_LbPolicy.CLUSTER_PROVIDED } });
    const nack = await eventually(() =>
      rig.events.slice(before).find((event) => event.kind === "ads" && event.note.note === "nacked"),
    );
    expect(nack).toMatchObject({ note: { typeUrl: CLUSTER_TYPE } });
    expect(await client.call()).toBe("b");
    push({ to: "a", cluster: { lbPolicy: Cluster_LbPolicy.CLUSTER_PROVIDED } });
    await eventually(async () => (await client.call()) === "a");
    const nacks = rig.events.slice(before).filter((event) => event.kind === "ads" && event.note.note === "nacked");
    expect(nacks).toHaveLength(1);
  });

  it("takes the cluster again when it is right", async () => {
    push({ to: "b" });
    await eventually(async () => (await client.call()) === "b");
    await eventually(() => lastRevision() === 5);
  });

  it("goes to another cluster when the route does, and the old one is withdrawn", async () => {
    push({ to: "a", name: "second" });
    await eventually(async () => (await client.call()) === "a");
    await eventually(() => lastRevision() === 6);
  });
});

const ADS = create(ConfigSourceSchema, {
  configSourceSpecifier: { case: "ads", value: create(AggregatedConfigSourceSchema) },
});

function push(options: { to: "a" | "b"; name?: string; cluster?: { lbPolicy: Cluster_LbPolicy } }): void {
  const { to, name = "backend", cluster } = options;
  const manager = create(HttpConnectionManagerSchema, {
    routeSpecifier: {
      case: "rds",
      value: { routeConfigName: "routes", configSource: ADS },
    },
    httpFilters: [
      { name: "router", configType: { case: "typedConfig", value: anyPack(RouterSchema, create(RouterSchema)) } },
    ],
  });
  const listener = create(ListenerSchema, {
    name: "echo",
    apiListener: { apiListener: anyPack(HttpConnectionManagerSchema, manager) },
  });
  const clusterMessage: Cluster = create(ClusterSchema, {
    name,
    clusterDiscoveryType: { case: "type", value: Cluster_DiscoveryType.EDS },
    edsClusterConfig: create(Cluster_EdsClusterConfigSchema, { edsConfig: ADS }),
    ...cluster,
  });
  rig.source.push(
    new Map([
      [LISTENER_TYPE, { echo: envoyToBinary(ListenerSchema, listener) }],
      [
        ROUTE_TYPE,
        {
          routes: fromJson(RouteConfigurationSchema, {
            name: "routes",
            virtualHosts: [
              { name: "all", domains: ["*"], routes: [{ match: { prefix: "" }, route: { cluster: name } }] },
            ],
          }),
        },
      ],
      [CLUSTER_TYPE, { [name]: envoyToBinary(ClusterSchema, clusterMessage) }],
      [
        ENDPOINT_TYPE,
        {
          [name]: fromJson(ClusterLoadAssignmentSchema, {
            clusterName: name,
            endpoints: [
              {
                locality: { zone: "east" },
                loadBalancingWeight: 1,
                lbEndpoints: [
                  { endpoint: { address: { socketAddress: { address: "127.0.0.1", portValue: ports[to] } } } },
                ],
              },
            ],
          }),
        },
      ],
    ]),
  );
}

function fromJson(
  schema: typeof RouteConfigurationSchema | typeof ClusterLoadAssignmentSchema,
  json: object,
): Uint8Array {
  const message = envoyFromJson(schema as typeof RouteConfigurationSchema, JSON.parse(JSON.stringify(json)));
  if (!message.ok) throw new Error(message.error);
  return envoyToBinary(schema as typeof RouteConfigurationSchema, message.value);
}

function lastRevision(): number | undefined {
  const revisions = rig.events.flatMap((event) =>
    event.kind === "ads" && event.note.note === "converged" ? [event.note.revision] : [],
  );
  return revisions.at(-1);
}

class GrpcXdsClient {
  readonly #process: ChildProcess;
  readonly #waiting: ((answer: string) => void)[] = [];

  constructor(bootstrap: object) {
    this.#process = spawn(
      process.execPath,
      [fileURLToPath(new URL("../testing/grpc-xds-client.mjs", import.meta.url))],
      {
        stdio: ["pipe", "pipe", "inherit"],
        env: { ...process.env, GRPC_XDS_BOOTSTRAP_CONFIG: JSON.stringify(bootstrap) },
      },
    );
    if (this.#process.stdout === null) throw new Error("no output");
    createInterface({ input: this.#process.stdout }).on("line", (line) => this.#waiting.shift()?.(line));
  }

  /** Name of the backend that answered, or the error. */
  call(): Promise<string> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#process.stdin?.write("call\n");
    });
  }

  async stop(): Promise<void> {
    const exited = new Promise((resolve) => this.#process.once("exit", resolve));
    this.#process.kill("SIGKILL");
    await exited;
  }
}

async function backend(name: string): Promise<number> {
  const server = new Server();
  const identity = (value: Buffer): Buffer => value;
  server.addService(
    {
      who: {
        path: "/test.Echo/Who",
        requestStream: false,
        responseStream: false,
        requestSerialize: identity,
        requestDeserialize: identity,
        responseSerialize: identity,
        responseDeserialize: identity,
      },
    },
    { who: (_: unknown, done: (error: null, value: Buffer) => void) => done(null, Buffer.from(name)) },
  );
  stops.push(() => server.forceShutdown());
  return new Promise((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) =>
      error === null ? resolve(port) : reject(error),
    );
  });
}

/** Plaintext in, TLS out. */
async function forwarder(port: number, ca: string): Promise<TcpServer> {
  const sockets = new Set<Socket>();
  const server = createServer((inner) => {
    const outer = connectTls({ host: "127.0.0.1", port, ca, ALPNProtocols: ["h2"] });
    for (const socket of [inner, outer]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        inner.destroy();
        outer.destroy();
      });
    }
    inner.pipe(outer).pipe(inner);
  });
  stops.push(() => {
    for (const socket of sockets) socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  return server;
}

function portOf(server: TcpServer): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("not listening");
  return address.port;
}
