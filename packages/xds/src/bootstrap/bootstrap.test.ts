import { readFileSync } from "node:fs";
import { createServer, request, type Server } from "node:http";
import { selfSignedPair } from "@isthmus/grpc-kit";
import { envoyFromJson } from "@isthmus/proto/envoy";
import { BootstrapSchema } from "@isthmus/proto/envoy/config/bootstrap/v3/bootstrap";
import { builtinTypes, Registry } from "@isthmus/resources";
import type { JsonObject, JsonValue } from "@isthmus/std";
import { createMemoryStore, type ResourceDraft } from "@isthmus/store";
import { FakeClock } from "@isthmus/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { type BootstrapSettings, bootstrapDocument } from "./bootstrap-document.ts";
import { bootstrapHandler } from "./bootstrap-handler.ts";
import { readBootstrapRequest } from "./bootstrap-request.ts";
import { BootstrapResponder, type BootstrapResponderOptions } from "./bootstrap-responder.ts";

const testdata = (name: string): string =>
  readFileSync(new URL(`../../testdata/bootstrap/${name}`, import.meta.url), "utf8");

interface RecordedExchange {
  readonly proxy: string;
  readonly host: string;
  readonly request: JsonObject;
  readonly sidecar: JsonObject;
  readonly document: JsonObject;
}
interface RecordedAnswer {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body?: JsonObject | string;
  readonly response: {
    readonly status: number;
    readonly contentType: string | null;
    readonly text?: string;
    readonly json?: JsonObject;
  };
}

const exchanges = testdata("recorded.jsonl")
  .trimEnd()
  .split("\n")
  .map((line) => JSON.parse(line) as RecordedExchange);
const answers = JSON.parse(testdata("answers.json")) as readonly RecordedAnswer[];

const SETTINGS: BootstrapSettings = {
  adminAddress: "127.0.0.1",
  adminPort: 9901,
  isAdminUnixSocket: true,
  adminAccessLogPath: "/dev/null",
  xdsConnectTimeout: "1s",
  xdsGrpcMaxReceiveMessageBytes: 4_194_304,
  usesTokenFiles: false,
  isHealthServed: true,
  gatewayMaxConnections: 0,
};

/** Subject names of the recorded control plane. */
const NAMES = ["10.78.2.1", "127.0.0.1", "::1", "fe80::2cc2:4aff:fe75:cf2", "west-cp", "localhost"];
const pair = await selfSignedPair({ names: [...NAMES, "10.77.2.1", "10.77.1.1", "10.78.1.1"], nowMs: Date.now() });
const recordedPair = await selfSignedPair({ names: NAMES, nowMs: Date.now() });

const mesh = (name: string, spec: JsonObject = {}): ResourceDraft => ({
  type: "Mesh",
  mesh: "",
  name,
  labels: {},
  spec,
});
const EXCLUSIVE = { meshServices: { mode: "Exclusive" } };

async function responder(options: Partial<BootstrapResponderOptions> = {}, resources: readonly ResourceDraft[] = []) {
  const store = createMemoryStore({ clock: new FakeClock() });
  const meshes = [mesh("default", EXCLUSIVE), mesh("idm", EXCLUSIVE)];
  await store.commit([...meshes, ...resources].map((resource) => ({ kind: "put" as const, resource })));
  return new BootstrapResponder({
    registry: new Registry(builtinTypes),
    store,
    settings: SETTINGS,
    isTokenRequired: () => true,
    certificate: () => pair.certificate,
    xdsHost: "",
    xdsPort: () => 5678,
    lookup: async () => [],
    isNamedByWorkload: false,
    ...options,
  });
}

/** Kuma's features come out of a map, in any order. */
function withSortedFeatures(document: JsonValue): JsonValue {
  const copy = structuredClone(document) as { node: { metadata: { features: string[] } } };
  copy.node.metadata.features.sort();
  return copy;
}

describe("recorded bootstraps", () => {
  for (const { proxy, host, request: body, sidecar, document } of exchanges) {
    it(`${proxy}: equal field for field`, async () => {
      const answer = await (await responder()).answer(body, host.split(":")[0] ?? "");
      if (!answer.ok) throw new Error(answer.error.reason);
      expect(withSortedFeatures(answer.value.document)).toEqual(withSortedFeatures(document));
      expect(answer.value.sidecar).toEqual(sidecar);
      expect(envoyFromJson(BootstrapSchema, answer.value.document)).toMatchObject({ ok: true });
    });
  }
});

describe("recorded answers", () => {
  let server: Server;
  let port: number;
  const refused: string[] = [];
  beforeAll(async () => {
    const handler = bootstrapHandler({
      responder: await responder({ certificate: () => recordedPair.certificate }),
      onRefused: ({ reason }) => refused.push(reason),
      onError: (error) => {
        throw error;
      },
    });
    server = createServer(handler);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("not listening");
    port = address.port;
  });
  afterAll(() => void server.close());

  it("are 21", () => expect(answers).toHaveLength(21));

  for (const { name, method, path, headers, body, response } of answers) {
    it(name, async () => {
      const text =
        typeof body === "string" ? body : body === undefined ? undefined : JSON.stringify(withCertificate(name, body));
      const answer = await send(port, { method, path, headers: { host: "localhost:5678", ...headers } }, text);
      expect(answer.status).toBe(response.status);
      expect(answer.contentType).toBe(response.contentType ?? undefined);
      if (response.json !== undefined) {
        const json = JSON.parse(answer.body) as { bootstrap: string };
        expect({ ...json, bootstrap: "<base64 yaml>" }).toEqual(response.json);
        const document = parse(Buffer.from(json.bootstrap, "base64").toString()) as JsonObject;
        expect(envoyFromJson(BootstrapSchema, document)).toMatchObject({ ok: true });
      } else if (response.contentType === "text/x-yaml") {
        const recordedStart = (response.text ?? "").split("<jwt>")[0] ?? "";
        expect(answer.body.startsWith(recordedStart)).toBe(true);
      } else {
        expect(answer.body).toBe(response.text);
      }
    });
  }

  it("have a reason in the log where the body is empty", () => {
    expect(refused.filter((reason) => reason === "")).toEqual([]);
    expect(refused.length).toBeGreaterThan(10);
  });

  it("a body without end is refused", async () => {
    const answer = await send(
      port,
      { method: "POST", path: "/bootstrap", headers: { host: "localhost" } },
      "x".repeat(5_000_000),
    );
    expect(answer.status).toBe(400);
  });

  function withCertificate(name: string, body: JsonObject): JsonObject {
    if (body["caCert"] !== "<the control plane certificate>") return body;
    return { ...body, caCert: name === "CA is not PEM" ? "no certificate" : recordedPair.certificate };
  }
});

describe("a bootstrap", () => {
  const REQUEST: JsonObject = {
    mesh: "default",
    name: "web-1",
    proxyType: "dataplane",
    dataplaneToken: "token",
    workdir: "/run/dp",
    dataplaneResource: JSON.stringify({
      type: "Dataplane",
      mesh: "default",
      name: "web-1",
      networking: { address: "10.0.0.9", inbound: [{ port: 80, tags: { "kuma.io/service": "web" } }] },
    }),
  };
  async function documentOf(changes: JsonObject, options: Partial<BootstrapResponderOptions> = {}) {
    const answer = await (await responder(options)).answer({ ...REQUEST, ...changes }, "localhost");
    if (!answer.ok) throw new Error(`${answer.error.status}: ${answer.error.reason}`);
    const parsed = envoyFromJson(BootstrapSchema, answer.value.document);
    if (!parsed.ok) throw new Error(parsed.error);
    return parsed.value;
  }

  it("of a proxy that reads its token from a file: no cluster of the control plane, no token in the document", async () => {
    const settings = { ...SETTINGS, usesTokenFiles: true };
    const document = await documentOf({ dataplaneTokenPath: "/run/dp/token" }, { settings });
    expect(document.staticResources?.clusters.map(({ name }) => name)).toEqual(["access_log_sink"]);
    const service = document.dynamicResources?.adsConfig?.grpcServices[0];
    expect(service?.initialMetadata).toEqual([]);
    expect(service?.targetSpecifier).toMatchObject({ case: "googleGrpc", value: { targetUri: "localhost:5678" } });
    expect(
      JSON.stringify(document.hdsConfig, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value)),
    ).not.toContain('"token"');
  });

  it("of a builtin gateway: runtime over ADS, limits of connections and memory", async () => {
    const gateway = JSON.stringify({
      type: "Dataplane",
      mesh: "default",
      name: "web-1",
      networking: { address: "10.0.0.9", gateway: { type: "BUILTIN", tags: { "kuma.io/service": "edge" } } },
    });
    const document = await documentOf({ dataplaneResource: gateway, resources: { maxHeapSizeBytes: 2_000_000 } });
    expect(document.node?.cluster).toBe("edge");
    expect(document.layeredRuntime?.layers.map(({ name }) => name)).toEqual(["kuma", "gateway.listeners"]);
    expect(document.overloadManager?.resourceMonitors).toHaveLength(2);
    expect(document.overloadManager?.actions.map(({ name }) => name)).toEqual([
      "envoy.overload_actions.shrink_heap",
      "envoy.overload_actions.stop_accepting_requests",
    ]);
  });

  it("without a work directory, or where Unix sockets are off, has its admin interface on a port", async () => {
    for (const document of [
      await documentOf({ workdir: "" }),
      await documentOf({}, { settings: { ...SETTINGS, isAdminUnixSocket: false } }),
    ]) {
      expect(document.admin?.address?.address).toMatchObject({
        case: "socketAddress",
        value: { address: "127.0.0.1", portSpecifier: { value: 9901 } },
      });
    }
  });

  it("asks for IPv4 only where the control plane's name has nothing else", async () => {
    const names = { certificate: () => pair.certificate, xdsHost: "west-cp" };
    const family = async (addresses: string[]) => {
      const document = await documentOf({}, { ...names, lookup: async () => addresses });
      return document.staticResources?.clusters.find(({ name }) => name === "ads_cluster")?.dnsLookupFamily;
    };
    expect(await family(["10.0.0.1"])).toBe(1);
    expect(await family(["10.0.0.1", "::1"])).toBe(0);
    expect(await family([])).toBe(0);
    const failing = await documentOf({}, { ...names, lookup: () => Promise.reject(new Error("no such host")) });
    expect(failing.staticResources?.clusters[1]?.dnsLookupFamily).toBe(0);
  });

  it.each([
    [true, 1],
    [false, 0],
  ])("asks for localhost where it is answered: IPv4 only %s", async (listensOnIpv4Only, expected) => {
    const document = await documentOf({}, { listensOnIpv4Only });
    const cluster = document.staticResources?.clusters.find(({ name }) => name === "ads_cluster");
    expect(cluster?.dnsLookupFamily).toBe(expected);
  });

  it("by a setting of its own host: the certificate need not be valid for the host of the request", async () => {
    const answer = await (await responder({ xdsHost: "elsewhere", xdsPort: () => 15_678 })).answer(
      REQUEST,
      "not.in.it",
    );
    expect(answer).toMatchObject({ ok: true });
    expect(answer.ok && JSON.stringify(answer.value.document)).toContain('"portValue":15678');
  });

  it("uses the stored resource when the request brings none", async () => {
    const stored: ResourceDraft = {
      type: "Dataplane",
      mesh: "default",
      name: "web-1",
      labels: { "kuma.io/workload": "shop" },
      spec: {
        networking: {
          address: "10.0.0.9",
          admin: { port: 9905 },
          inbound: [{ port: 80, tags: { "kuma.io/service": "web" } }],
        },
      },
    };
    const bootstrap = await responder({ isNamedByWorkload: true }, [stored]);
    const answer = await bootstrap.answer({ ...REQUEST, dataplaneResource: "" }, "localhost");
    expect(answer).toMatchObject({
      ok: true,
      value: { document: { node: { cluster: "shop", metadata: { "dataplane.admin.port": "9905" } } } },
    });
  });

  it("tells kuma-dp which applications to scrape", async () => {
    const conf = {
      aggregate: [
        { name: "app", port: 8080, path: "/m" },
        { name: "off", port: 1, enabled: false },
      ],
    };
    const metrics = { enabledBackend: "p", backends: [{ name: "p", type: "prometheus", conf }] };
    const bootstrap = await responder({ corefileTemplate: Buffer.from(". {}") }, [mesh("observed", { metrics })]);
    const resource = JSON.stringify({
      type: "Dataplane",
      mesh: "observed",
      name: "web-1",
      networking: { address: "10.0.0.9", inbound: [{ port: 80, tags: { "kuma.io/service": "web" } }] },
      metrics: {
        type: "prometheus",
        conf: { aggregate: [{ name: "app", port: 9090, path: "/own", address: "10.0.0.1" }] },
      },
    });
    const answer = await bootstrap.answer({ ...REQUEST, mesh: "observed", dataplaneResource: resource }, "localhost");
    expect(answer.ok && answer.value.sidecar).toEqual({
      networking: { address: "10.0.0.9", corefileTemplate: Buffer.from(". {}").toString("base64") },
      metrics: { aggregate: [{ name: "app", address: "10.0.0.1", port: 9090, path: "/own" }] },
    });
  });

  it.each<[string, number, string]>([
    ["leaf.pem", 400, "A data plane proxy is trying to verify the control plane using the certificate which is not a"],
    ["without-constraints.pem", 200, ""],
  ])("with the CA %s: %d", async (file, status, text) => {
    const answer = await (await responder()).answer({ ...REQUEST, caCert: testdata(file) }, "localhost");
    expect(answer.ok ? 200 : answer.error.status).toBe(status);
    if (!answer.ok) expect(answer.error.text.startsWith(text)).toBe(true);
  });

  it("needs no token where none is asked for", async () => {
    const bootstrap = await responder({ isTokenRequired: () => false });
    const answer = await bootstrap.answer({ ...REQUEST, dataplaneToken: "" }, "localhost");
    expect(answer.ok && JSON.stringify(answer.value.document)).not.toContain("authorization");
  });

  it("has a path of its sockets that Unix allows, however deep the work directory is", () => {
    const request = readBootstrapRequest({ ...REQUEST, workdir: `/${"deep/".repeat(40)}` });
    if (!request.ok) throw new Error(request.error);
    const facts = {
      proxyType: "dataplane",
      service: "web",
      xdsHost: "localhost",
      xdsPort: 5678,
      isHostIpv4Only: false,
      ca: undefined,
      resourceAdminPort: 0,
      isBuiltinGateway: false,
      isMeshExclusive: false,
    };
    const text = JSON.stringify(bootstrapDocument(request.value, facts, SETTINGS));
    const paths = [...text.matchAll(/"(?:path|dataplane\.admin\.socketPath)":"([^"]+\.sock)"/g)].map(
      ([, path]) => path ?? "",
    );
    expect(paths).toHaveLength(3);
    for (const path of paths) expect(Buffer.byteLength(path)).toBe(103);
  });

  it.each<JsonValue>([
    [],
    "text",
    { mesh: 1 },
    { features: "all" },
    { features: [1] },
    { dnsPort: -1 },
    { dnsPort: "15054" },
    { ipv6Enabled: "yes" },
    { resources: [] },
    { version: "2" },
  ])("of %j is refused as unreadable", async (body) => {
    expect(await (await responder()).answer(body, "localhost")).toMatchObject({ error: { status: 400, text: "" } });
  });
});

interface Answer {
  readonly status: number;
  readonly contentType: string | undefined;
  readonly body: string;
}

function send(
  port: number,
  options: { readonly method: string; readonly path: string; readonly headers: Record<string, string> },
  body: string | undefined,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: "127.0.0.1", port, agent: false, ...options }, (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => (text += chunk.toString()));
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, contentType: response.headers["content-type"], body: text }),
      );
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}
