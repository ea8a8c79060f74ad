import { readFileSync } from "node:fs";
import { GrpcCode, selfSignedPair } from "@isthmus/grpc-kit";
import type { DiscoveryResponse } from "@isthmus/proto/envoy/service/discovery/v3/discovery";
import { err, ok } from "@isthmus/std";
import { eventually } from "@isthmus/testkit";
import { afterEach, describe, expect, it } from "vitest";
import { AdsClient } from "../testing/ads-client.ts";
import { startXds } from "../testing/xds-rig.ts";
import { CLUSTER_TYPE, ENDPOINT_TYPE } from "../type-urls.ts";
import type { XdsEvent } from "../xds-events.ts";

const tls = await selfSignedPair({ names: ["127.0.0.1"], nowMs: Date.now() });
const recorded = (name: string): Buffer => readFileSync(new URL(`../../testdata/${name}`, import.meta.url));
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const clusters = (named: Record<string, string>) =>
  new Map([[CLUSTER_TYPE, Object.fromEntries(Object.entries(named).map(([name, text]) => [name, bytes(text)]))]]);

const open: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.stop();
});

async function start() {
  const { server, source, admission, events } = await startXds({ tls });
  open.push(server);
  const connect = (variant: "state" | "delta" = "state", authorization?: string): AdsClient => {
    const client = new AdsClient({
      port: server.port,
      ca: tls.certificate,
      variant,
      ...(authorization && { authorization }),
    });
    open.push({ stop: () => client.close() });
    return client;
  };
  const of = <K extends XdsEvent["kind"]>(kind: K) =>
    events.filter((event): event is Extract<XdsEvent, { kind: K }> => event.kind === kind);
  return { server, source, admission, events, connect, of };
}

const NODE = { id: "default.web-1", metadata: { "dataplane.proxyType": "dataplane" } };

describe("a stream", () => {
  it.each(["state", "delta"] as const)(
    "%s: the recorded first request of an Envoy 1.40 is understood and answered",
    async (variant) => {
      const { source, connect, admission, of } = await start();
      source.push(clusters({ a: "1" }));
      const client = connect(variant, "token");
      client.raw(recorded(`ads-first-request-${variant}.bin`));
      if (variant === "state") {
        const { typeUrl, nonce, resources, controlPlane } = await client.stateAt(0);
        expect([typeUrl, nonce, controlPlane?.identifier]).toEqual([CLUSTER_TYPE, "1", "cp-1"]);
        expect(resources.map(({ value }) => new TextDecoder().decode(value))).toEqual(["1"]);
      } else {
        const { typeUrl, nonce, resources, removedResources, controlPlane } = await client.deltaAt(0);
        expect([typeUrl, nonce, controlPlane?.identifier, removedResources]).toEqual([CLUSTER_TYPE, "1", "cp-1", []]);
        expect(resources.map(({ name }) => name)).toEqual(["a"]);
      }
      const [candidate] = admission.candidates;
      expect(candidate?.id).toEqual({ type: "dataplane", mesh: "default", name: "west-web-1" });
      expect(candidate?.credential).toBe("token");
      expect(candidate?.metadata).toMatchObject({
        admin: { port: 9901, address: "127.0.0.1" },
        readinessPort: 9902,
        dnsPort: 15054,
        ipv6Enabled: true,
        systemCaPath: "/etc/ssl/certs/ca-certificates.crt",
        version: { kumaDp: { version: "2.14.3" }, envoy: { version: "1.40.0" } },
      });
      expect(candidate?.metadata.features.has("feature-strict-inbound-ports")).toBe(true);
      expect(JSON.parse(candidate?.metadata.resource ?? "")).toMatchObject({ type: "Dataplane", name: "west-web-1" });
      expect(of("connected")).toMatchObject([{ variant, proxy: { id: candidate?.id } }]);
    },
  );

  it("is told of changes, and its ACKs and NACKs are seen", async () => {
    const { source, connect, of } = await start();
    source.push(clusters({ a: "1" }));
    const client = connect();
    client.state({ typeUrl: CLUSTER_TYPE, node: NODE });
    const first = await client.stateAt(0);
    client.state({ typeUrl: CLUSTER_TYPE, versionInfo: first.versionInfo, responseNonce: first.nonce });
    await eventually(() => of("ads").some(({ note }) => note.note === "converged" && note.revision === 1));
    source.push(clusters({ a: "2" }));
    const second = await client.stateAt(1);
    client.state({
      typeUrl: CLUSTER_TYPE,
      versionInfo: first.versionInfo,
      responseNonce: second.nonce,
      errorDetail: { message: "Error adding/updating cluster(s) a: no" },
    });
    const nack = await eventually(() => of("ads").find(({ note }) => note.note === "nacked"));
    expect(nack.note).toMatchObject({ typeUrl: CLUSTER_TYPE, resources: ["a"], version: second.versionInfo });
    expect(of("sent").map(({ typeUrl, resources }) => [typeUrl, resources])).toEqual([
      [CLUSTER_TYPE, 1],
      [CLUSTER_TYPE, 1],
    ]);
  });

  it("of a slow reader holds one state, not a queue; all of a large one arrives", async () => {
    const { source, connect } = await start();
    const content = (generation: number) =>
      clusters(
        Object.fromEntries(Array.from({ length: 2_000 }, (_, i) => [`c${i}`, `${generation} ${"x".repeat(1_000)}`])),
      );
    source.push(content(0));
    const client = connect();
    client.state({ typeUrl: CLUSTER_TYPE, node: NODE });
    for (let generation = 1; generation <= 20; generation += 1) source.push(content(generation));
    const isLast = ({ resources }: DiscoveryResponse) =>
      new TextDecoder().decode(resources[0]?.value).startsWith("20 ");
    let response = await client.stateAt(0);
    expect(response.resources).toHaveLength(2_000);
    for (let index = 1; !isLast(response); index += 1) {
      client.state({ typeUrl: CLUSTER_TYPE, responseNonce: response.nonce });
      response = await client.stateAt(index);
    }
    // Of twenty states those that were overtaken were never sent.
    expect(client.states.length).toBeLessThanOrEqual(2);
  });

  it("that goes away is forgotten", async () => {
    const { server, source, connect, admission, of } = await start();
    const client = connect();
    client.state({ typeUrl: CLUSTER_TYPE, node: NODE });
    await eventually(() => source.open === 1);
    expect(server.ads.connected).toBe(1);
    await client.close();
    await eventually(() => source.open === 0);
    expect(server.ads.connected).toBe(0);
    expect(of("disconnected")).toMatchObject([{ isReplaced: false }]);
    expect(admission.log).toEqual(["admit default.web-1", "register default.web-1", "released default.web-1"]);
  });

  it("ends when the credential of its proxy counts no more", async () => {
    const { connect, admission, of } = await start();
    const client = connect();
    client.state({ typeUrl: CLUSTER_TYPE, node: NODE });
    await eventually(() => admission.watched.size === 1);
    for (const end of admission.watched) end({ code: GrpcCode.UNAUTHENTICATED, details: "token is revoked" });
    expect(await client.ended()).toMatchObject({ code: GrpcCode.UNAUTHENTICATED, details: "token is revoked" });
    await eventually(() => of("disconnected").some(({ reason }) => reason === "token is revoked"));
    expect(admission.watched.size).toBe(0);
    expect(admission.log).toContain("released default.web-1");
  });
});

describe("refused", () => {
  it.each([
    ["no node", {}, "invalid node id: Envoy ID must not be nil"],
    ["a node id without name", { node: { id: "default." } }, "invalid node id: name must not be empty"],
    [
      "a node id without mesh",
      { node: { id: "default" } },
      "invalid node id: the name should be provided after the dot",
    ],
    [
      "an unknown proxy type",
      { node: { id: "a.b", metadata: { "dataplane.proxyType": "gateway" } } },
      'unknown proxy type "gateway"',
    ],
  ])("%s", async (_, request, details) => {
    const { connect, of, admission } = await start();
    const client = connect();
    client.state({ typeUrl: CLUSTER_TYPE, ...request });
    expect(await client.ended()).toEqual({ code: GrpcCode.INVALID_ARGUMENT, details });
    expect(of("refused").map(({ reason }) => reason)).toEqual([details]);
    expect(admission.log).toEqual([]);
  });

  it("who is not admitted, with the reason", async () => {
    const { connect, admission, source } = await start();
    admission.answer = async () => err({ code: GrpcCode.UNAUTHENTICATED, details: "authentication failed: no token" });
    const client = connect();
    client.state({ typeUrl: CLUSTER_TYPE, node: NODE });
    expect(await client.ended()).toEqual({
      code: GrpcCode.UNAUTHENTICATED,
      details: "authentication failed: no token",
    });
    expect(source.followed).toEqual([]);
    expect(admission.log).toEqual(["admit default.web-1"]);
  });

  it("everybody, when admission is broken, but the server goes on", async () => {
    const { connect, admission, of, source } = await start();
    admission.answer = () => Promise.reject(new Error("the disk is gone"));
    const client = connect();
    client.state({ typeUrl: CLUSTER_TYPE, node: NODE });
    expect(await client.ended()).toEqual({ code: GrpcCode.INTERNAL, details: "stream failed" });
    expect(of("defect")).toHaveLength(1);
    admission.answer = async () => ok(undefined);
    source.push(clusters({ a: "1" }));
    const next = connect();
    next.state({ typeUrl: CLUSTER_TYPE, node: NODE });
    await next.stateAt(0);
  });

  it("garbage, and a stream that changes its node", async () => {
    const { connect, of } = await start();
    const garbage = connect();
    garbage.raw(new Uint8Array([0x0a, 200]));
    expect((await garbage.ended()).code).toBe(GrpcCode.INVALID_ARGUMENT);
    expect(of("garbage")).toHaveLength(1);
    const liar = connect();
    liar.state({ typeUrl: CLUSTER_TYPE, node: NODE });
    liar.state({ typeUrl: ENDPOINT_TYPE, node: { id: "default.other" } });
    expect(await liar.ended()).toMatchObject({ details: "the node id must not change within a stream" });
  });

  it("a flood of requests before the proxy is admitted", async () => {
    const { connect, admission } = await start();
    admission.answer = () => new Promise(() => {});
    const client = connect();
    for (let i = 0; i < 200; i += 1) client.state({ typeUrl: CLUSTER_TYPE, node: NODE });
    expect((await client.ended()).code).toBe(GrpcCode.RESOURCE_EXHAUSTED);
  });
});

describe("two streams of one proxy", () => {
  it("the newer is served, and the proxy is not released", async () => {
    const { server, source, connect, admission, of } = await start();
    source.push(clusters({ a: "1" }));
    const old = connect();
    old.state({ typeUrl: CLUSTER_TYPE, node: NODE });
    await old.stateAt(0);
    const next = connect("delta");
    next.delta({ typeUrl: CLUSTER_TYPE, node: NODE });
    await next.deltaAt(0);
    expect(await old.ended()).toEqual({ code: GrpcCode.ABORTED, details: "a newer stream of this proxy is served" });
    await eventually(() => of("disconnected").length === 1);
    expect(of("disconnected")).toMatchObject([{ isReplaced: true }]);
    expect(of("nameConflict")).toMatchObject([{ outcome: "replaced" }]);
    const entry = ["admit default.web-1", "register default.web-1"];
    expect(admission.log).toEqual([...entry, ...entry, "released default.web-1, replaced"]);
    expect(server.ads.connected).toBe(1);
    expect(source.open).toBe(1);
  });

  it("that throw each other out: the one that is served stays, and of the other nothing is stored", async () => {
    const { source, connect, admission, of } = await start();
    source.push(clusters({ a: "1" }));
    const clients = [];
    for (let i = 0; i < 5; i += 1) {
      const client = connect();
      client.state({ typeUrl: CLUSTER_TYPE, node: NODE });
      clients.push(client);
      await eventually(() => client.states.length > 0 || client.status);
    }
    expect(clients.map(({ status }) => status?.code)).toEqual([
      GrpcCode.ABORTED,
      GrpcCode.ABORTED,
      GrpcCode.ABORTED,
      undefined,
      GrpcCode.ALREADY_EXISTS,
    ]);
    expect(clients[4]?.status?.details).toBe("there is already an active stream from this node, try again later");
    expect(of("nameConflict").map(({ outcome }) => outcome)).toEqual(["replaced", "replaced", "replaced", "refused"]);
    expect(admission.log.filter((entry) => entry.startsWith("admit "))).toHaveLength(5);
    expect(admission.log.filter((entry) => entry.startsWith("register "))).toHaveLength(4);
    expect(source.open).toBe(1);
  });

  it("of which the newer cannot be registered: the older is served on", async () => {
    const { source, connect, admission } = await start();
    source.push(clusters({ a: "1" }));
    const old = connect();
    old.state({ typeUrl: CLUSTER_TYPE, node: NODE });
    await old.stateAt(0);
    admission.registration = err({ code: GrpcCode.INVALID_ARGUMENT, details: "not a member of the mesh" });
    const next = connect();
    next.state({ typeUrl: CLUSTER_TYPE, node: NODE });
    expect(await next.ended()).toEqual({ code: GrpcCode.INVALID_ARGUMENT, details: "not a member of the mesh" });
    source.push(clusters({ a: "2" }));
    old.state({ typeUrl: CLUSTER_TYPE, responseNonce: old.states[0]?.nonce ?? "" });
    await old.stateAt(1);
    expect(admission.log.filter((entry) => entry.startsWith("released"))).toEqual([]);
  });

  it("a sidecar and an ingress with the same node id are two proxies", async () => {
    const { server, connect } = await start();
    for (const type of ["dataplane", "ingress", "egress"]) {
      connect().state({ typeUrl: CLUSTER_TYPE, node: { id: ".web", metadata: { "dataplane.proxyType": type } } });
    }
    await eventually(() => server.ads.connected === 3);
  });
});

it("a server that stops ends every stream and refuses new ones", async () => {
  const { server, connect, source } = await start();
  const client = connect();
  client.state({ typeUrl: CLUSTER_TYPE, node: NODE });
  await eventually(() => source.open === 1);
  await server.stop();
  expect(await client.ended()).toEqual({
    code: GrpcCode.UNAVAILABLE,
    details: "the control plane is shutting down",
  });
  expect(source.open).toBe(0);
});
