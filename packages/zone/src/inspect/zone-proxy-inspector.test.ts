import { DEFAULT_SETTINGS } from "@isthmus/envoy";
import type { AdminQuestion } from "@isthmus/kds";
import { builtinTypes, Registry } from "@isthmus/resources";
import { err, type JsonObject, ok, type Result } from "@isthmus/std";
import type { ResourceDraft } from "@isthmus/store";
import { describe, expect, it } from "vitest";
import { StoreWorld } from "../testing/store-world.ts";
import { dataplane, draft, WEST, westStore } from "../testing/west.ts";
import type { AdminQuery } from "./envoy-admin-client.ts";
import { ZoneProxyInspector } from "./zone-proxy-inspector.ts";

const registry = new Registry(builtinTypes);
const CA = {
  cert: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
  key: "-----BEGIN RSA PRIVATE KEY-----\nBBBB\n-----END RSA PRIVATE KEY-----\n",
};
const secret = (text: string): ResourceDraft =>
  draft("GlobalSecret", "envoy-admin-ca", { data: Buffer.from(text).toString("base64") }, { mesh: "" });
const insight = (type: string, name: string, spec: JsonObject): ResourceDraft =>
  draft(
    type,
    name,
    { subscriptions: [{ id: "1", connectTime: "2026-01-01T00:00:00Z" }], ...spec },
    { mesh: type === "DataplaneInsight" ? "default" : "" },
  );

async function zone(answer: Result<string, string>, ...others: readonly ResourceDraft[]) {
  const store = await westStore(secret(CA.cert + CA.key), ...others);
  const asked: AdminQuery[] = [];
  const world = new StoreWorld(store, registry, WEST);
  const inspector = new ZoneProxyInspector({
    store,
    registry,
    world: () => world.world(),
    settings: DEFAULT_SETTINGS,
    adminPort: 9901,
    ask: async (query) => {
      asked.push(query);
      return answer;
    },
  });
  const stored = (type: string, name: string) => {
    const found = store.get({ type, mesh: type === "Dataplane" ? "default" : "", name });
    if (found === undefined) throw new Error(`no ${type} ${name}`);
    return found;
  };
  return { inspector, asked, stored, web: stored("Dataplane", "web") };
}

describe("a zone asks the Envoys of its proxies", () => {
  it("what it is asked, in Envoy's words", async () => {
    const { inspector, asked, web } = await zone(ok("{}"));
    await inspector.configDump(web, { includeEds: false });
    await inspector.configDump(web, { includeEds: true });
    await inspector.clusters(web, { format: "text" });
    await inspector.clusters(web, { format: "json" });
    await inspector.stats(web, { format: "text", usedOnly: false });
    await inspector.stats(web, { format: "json", usedOnly: true });
    expect(asked.map(({ path }) => path)).toEqual([
      "/config_dump",
      "/config_dump?include_eds=true",
      "/clusters",
      "/clusters?format=json",
      "/stats",
      "/stats?format=json&usedonly",
    ]);
    expect(new Set(asked.map(({ host, port, ca }) => JSON.stringify([host, port, ca])))).toEqual(
      new Set([JSON.stringify(["10.0.0.1", 9901, CA])]),
    );
  });

  it.each<[string, string, string, ResourceDraft[], [string, number, boolean]]>([
    ["a ZoneIngress at its own address", "ZoneIngress", "in-west", [], ["10.0.0.9", 9901, true]],
    ["a ZoneEgress", "ZoneEgress", "out-west", [], ["10.0.0.8", 9901, true]],
    [
      "a Dataplane with another port, at the address that others reach",
      "Dataplane",
      "web",
      [dataplane("web", "10.0.0.1", { admin: { port: 7 }, advertisedAddress: "192.0.2.5" })],
      ["192.0.2.5", 7, true],
    ],
    [
      "a Dataplane of the own machine whose admin API is a socket, through its listener",
      "Dataplane",
      "web",
      [
        dataplane("web", "127.0.0.1"),
        insight("DataplaneInsight", "web", {
          metadata: { "dataplane.admin.port": "9901", "dataplane.admin.socketPath": "/tmp/a.sock" },
        }),
      ],
      ["127.0.0.1", 9901, true],
    ],
    [
      "a Dataplane of the own machine whose admin API has a port",
      "Dataplane",
      "web",
      [
        dataplane("web", "127.0.0.1"),
        insight("DataplaneInsight", "web", { metadata: { "dataplane.admin.port": "9901" } }),
      ],
      ["127.0.0.1", 9901, false],
    ],
  ])("%s", async (_, type, name, others, [host, port, isTls]) => {
    const { inspector, asked, stored } = await zone(ok("said"), ...others);
    expect(await inspector.clusters(stored(type, name), { format: "text" })).toEqual(ok("said"));
    expect(asked).toEqual([{ host, port, path: "/clusters", ca: isTls ? CA : undefined }]);
  });

  it("and tells why there is no answer, and who is not connected", async () => {
    const gone = await zone(err("ECONNREFUSED"));
    const reason = "the admin API of Envoy at 10.0.0.1:9901 cannot be asked: ECONNREFUSED";
    expect(await gone.inspector.stats(gone.web, { format: "text", usedOnly: true })).toEqual(
      err({ kind: "unreachable", reason: `${reason}, and the proxy is not connected` }),
    );
    const online = await zone(err("ECONNREFUSED"), insight("DataplaneInsight", "web", {}));
    expect(await online.inspector.stats(online.web, { format: "text", usedOnly: true })).toEqual(
      err({ kind: "unreachable", reason }),
    );
    const bare = await zone(ok("said"), secret("no certificate"));
    expect(await bare.inspector.clusters(bare.web, { format: "text" })).toEqual(
      err({ kind: "unreachable", reason: "the zone has no GlobalSecret envoy-admin-ca with a CA" }),
    );
    expect(bare.asked).toEqual([]);
    const garbled = await zone(ok("half a dum"));
    expect(await garbled.inspector.configDump(garbled.web, { includeEds: false })).toMatchObject({
      ok: false,
      error: { kind: "unreachable", reason: expect.stringContaining("no JSON") },
    });
  });
});

describe("a zone answers its global", () => {
  const question: AdminQuestion = {
    stream: "StreamStats",
    requestId: "1",
    type: "Dataplane",
    mesh: "default",
    name: "web",
    includeEds: false,
    usedOnly: true,
    format: "json",
  };

  it("what the Envoy says", async () => {
    const { inspector, asked } = await zone(ok("{}"));
    for (const stream of ["StreamStats", "StreamXDSConfigs", "StreamClusters"] as const) {
      expect(await inspector.answer({ ...question, stream, includeEds: true })).toEqual(ok(Buffer.from("{}")));
    }
    const paths = asked.map(({ path }) => path);
    expect(paths).toEqual(["/stats?format=json&usedonly", "/config_dump?include_eds=true", "/clusters?format=json"]);
  });

  it.each([
    [{ name: "nobody" }, 'resource not found: type="Dataplane" name="nobody" mesh="default"'],
    [
      { type: "GlobalSecret", mesh: "", name: "envoy-admin-ca" },
      'resource not found: type="GlobalSecret" name="envoy-admin-ca" mesh=""',
    ],
    [{}, "the admin API of Envoy at 10.0.0.1:9901 cannot be asked: ECONNREFUSED, and the proxy is not connected"],
  ])("why there is nothing: %j", async (change, reason) => {
    const { inspector } = await zone(err("ECONNREFUSED"));
    expect(await inspector.answer({ ...question, ...change })).toEqual(err(reason));
  });
});

describe("what a Dataplane would be given", () => {
  it("follows what its Envoy said of itself", async () => {
    const unified = insight("DataplaneInsight", "web", {
      metadata: { features: ["feature-unified-resource-naming"], "dataplane.admin.port": "9901" },
    });
    const { inspector, web } = await zone(ok(""), unified);
    const config = await inspector.config(web, { isShadow: false });
    const listeners = config.ok ? config.value["type.googleapis.com/envoy.config.listener.v3.Listener"] : {};
    expect(Object.keys(listeners as JsonObject)).toContain("system_envoy_admin");
  });

  it("is nothing once the Dataplane is gone", async () => {
    const { inspector, web } = await zone(ok(""));
    expect(await inspector.config({ ...web, name: "gone" }, { isShadow: false })).toMatchObject({ ok: false });
  });
});
