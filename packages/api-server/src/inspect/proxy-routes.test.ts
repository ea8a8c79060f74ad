import { err, type JsonObject, ok } from "@isthmus/std";
import { describe, expect, it } from "vitest";
import { type AccessRules, DEFAULT_ACCESS } from "../access/access-rules.ts";
import { mesh, type Rig, rig } from "../testing/rig.ts";
import type { InspectFailure, ProxyInspector } from "./proxy-inspector.ts";

const DATAPLANE = "/meshes/default/dataplanes/web";
const dataplane: JsonObject = {
  type: "Dataplane",
  mesh: "default",
  name: "web",
  labels: { "kuma.io/zone": "east", "kuma.io/origin": "zone" },
  networking: { address: "10.0.0.1", inbound: [{ port: 8080, tags: { "kuma.io/service": "web" } }] },
};
const door = (type: string, zone: string): JsonObject => ({
  type,
  name: `${type.toLowerCase()}-${zone}`,
  zone,
  networking: { address: "10.0.0.2", port: 10001 },
});
const insight: JsonObject = { type: "DataplaneInsight", mesh: "default", name: "web", subscriptions: [] };

/** Answers with what it was asked. */
const echo: ProxyInspector = {
  configDump: async ({ name }, options) => ok(JSON.stringify({ dump: name, ...options })),
  clusters: async ({ name }, options) => ok(JSON.stringify({ clusters: name, ...options })),
  stats: async ({ name }, options) => ok(JSON.stringify({ stats: name, ...options })),
  config: async (_dataplane, { isShadow }) => ok({ "type/x": { a: isShadow ? 2 : 1 } }),
};

async function controlPlane(
  mode: "global" | "zone",
  options: { readonly inspector?: ProxyInspector; readonly access?: AccessRules } = {},
): Promise<Rig> {
  const made = rig(mode === "zone" ? { mode, zoneName: "east", ...options } : options);
  await made.seed(
    mesh("default"),
    dataplane,
    ...["ZoneIngress", "ZoneEgress"].flatMap((type) => [door(type, "east"), door(type, "west")]),
  );
  return made;
}

describe("what a proxy says of itself", async () => {
  const zone = await controlPlane("zone", { inspector: echo });
  it.each<[string, string, JsonObject]>([
    [`${DATAPLANE}/xds`, "application/json", { dump: "web", includeEds: false }],
    [`${DATAPLANE}/xds?include_eds=true`, "application/json", { dump: "web", includeEds: true }],
    [`${DATAPLANE}/xds?include_eds=maybe`, "application/json", { dump: "web", includeEds: false }],
    [`${DATAPLANE}/clusters`, "text/plain", { clusters: "web", format: "text" }],
    [`${DATAPLANE}/clusters?format=json`, "application/json", { clusters: "web", format: "json" }],
    [`${DATAPLANE}/stats`, "text/plain", { stats: "web", format: "text", usedOnly: true }],
    [
      `${DATAPLANE}/stats?usedonly=false&format=json`,
      "application/json",
      { stats: "web", format: "json", usedOnly: false },
    ],
    [`${DATAPLANE}/stats?usedonly=maybe`, "text/plain", { stats: "web", format: "text", usedOnly: true }],
    ["/zoneingresses/zoneingress-east/xds", "application/json", { dump: "zoneingress-east", includeEds: false }],
    ["/zoneegresses/zoneegress-east/clusters", "text/plain", { clusters: "zoneegress-east", format: "text" }],
  ])("%s", async (path, contentType, expected) => {
    const { status, text, headers } = await zone.ask("GET", path);
    expect([status, headers["content-type"], JSON.parse(text)]).toEqual([200, contentType, expected]);
  });

  it.each<[string, number, string]>([
    [`${DATAPLANE}/nonsense`, 404, "Could not execute admin operation"],
    ["/meshes/default/dataplanes/none/xds", 404, "Could not get dataplane resource"],
    ["/zoneingresses/none/xds", 404, "Could not get zone ingress resource"],
    ["/zoneegresses/none/xds", 404, "Could not get zone ingress resource"],
    ["/zoneingresses/zoneingress-west/xds", 400, "Could not connect to zone ingress that resides in another zone"],
    ["/zoneegresses/zoneegress-west/stats", 400, "Could not connect to zone ingress that resides in another zone"],
  ])("%s is refused", async (path, status, title) => {
    const answer = await zone.ask("GET", path);
    expect([answer.status, JSON.parse(answer.text)]).toMatchObject([status, { status, title }]);
  });

  it("is asked of all zones by a global", async () => {
    const global = await controlPlane("global", { inspector: echo });
    expect((await global.ask("GET", "/zoneingresses/zoneingress-west/xds")).status).toBe(200);
  });
});

describe("rights", () => {
  const rights = [
    ["viewConfigDump", "xds"],
    ["viewConfigDump", "_config"],
    ["viewStats", "stats"],
    ["viewClusters", "clusters"],
  ] as const;
  it.each(rights)("%s is asked for %s", async (right, path) => {
    const nobody = { ...DEFAULT_ACCESS, [right]: { users: [], groups: [] } };
    const zone = await controlPlane("zone", { inspector: echo, access: nobody });
    await zone.seed(insight);
    const refused = await zone.ask("GET", `${DATAPLANE}/${path}`);
    expect([refused.status, JSON.parse(refused.text)]).toMatchObject([
      403,
      { title: "Access Denied", detail: expect.stringContaining("cannot access envoy proxy info") },
    ]);
    const others = rights.filter(([other]) => other !== right).map(([, other]) => `${DATAPLANE}/${other}`);
    for (const other of others) expect((await zone.ask("GET", other)).status).toBe(200);
  });
});

describe("a proxy that does not answer", () => {
  it.each<[InspectFailure, number, string, string]>([
    [{ kind: "unknown-zone" }, 404, "Could not execute admin operation", "Not found"],
    [
      { kind: "zone-offline" },
      400,
      "Could not execute admin operation",
      "couldn't execute Stats operation, zone is offline",
    ],
    [{ kind: "stream-not-connected" }, 400, "Bad Request", "stream to execute Stats operations is not yet connected"],
    [{ kind: "refused", reason: "no" }, 400, "Could not execute admin operation", "could not send StatsRequest: no"],
    [{ kind: "unreachable", reason: "no answer" }, 503, "Could not execute admin operation", "no answer"],
  ])("%j", async (failure, status, title, detail) => {
    const fail = async () => err(failure);
    const inspector = { configDump: fail, clusters: fail, stats: fail, config: fail };
    const { ask } = await controlPlane("zone", { inspector });
    const answer = await ask("GET", `${DATAPLANE}/stats`);
    expect([answer.status, JSON.parse(answer.text)]).toMatchObject([status, { title, detail }]);
  });
});

describe("without a way to ask proxies", () => {
  const subscription = (more: JsonObject): JsonObject => ({ id: "1", connectTime: "2026-01-01T00:00:00Z", ...more });
  it.each<[string, readonly JsonObject[] | undefined, number, string]>([
    ["a zone that is not known", undefined, 404, "Not found"],
    [
      "a zone that is away",
      [subscription({ disconnectTime: "2026-01-02T00:00:00Z" })],
      400,
      "couldn't execute XDS Config Dump operation, zone is offline",
    ],
    [
      "a zone that is there",
      [subscription({})],
      400,
      "stream to execute XDS Config Dump operations is not yet connected",
    ],
  ])("a global tells of %s", async (_title, subscriptions, status, detail) => {
    const global = await controlPlane("global");
    if (subscriptions !== undefined)
      await global.seed({ type: "ZoneInsight", name: "east", subscriptions: [...subscriptions] });
    const answer = await global.ask("GET", `${DATAPLANE}/xds`);
    expect([answer.status, JSON.parse(answer.text)]).toMatchObject([status, { detail }]);
  });

  it("a zone says so", async () => {
    const { ask } = await controlPlane("zone");
    expect((await ask("GET", `${DATAPLANE}/xds`)).status).toBe(503);
  });
});

describe("_config", () => {
  it("is what the proxy is given, what it would be given, and the difference", async () => {
    const zone = await controlPlane("zone", { inspector: echo });
    await zone.seed(insight);
    const shown = async (query: string): Promise<unknown> =>
      JSON.parse((await zone.ask("GET", `${DATAPLANE}/_config${query}`)).text);
    expect(await shown("")).toEqual({ xds: { "type/x": { a: 1 } } });
    expect(await shown("?shadow=true")).toEqual({ xds: { "type/x": { a: 2 } } });
    expect(await shown("?shadow=1&include=diff")).toEqual({
      diff: [
        { op: "test", path: "/type~1x/a", value: 1 },
        { op: "remove", path: "/type~1x/a", value: 1 },
        { op: "add", path: "/type~1x/a", value: 2 },
      ],
      xds: { "type/x": { a: 2 } },
    });
    expect(await shown("?include=diff")).toMatchObject({ diff: [] });
  });

  it.each<[string, number, string, string]>([
    ["/meshes/none/dataplanes/web/_config", 404, "Failed to retrieve Mesh", "Not found"],
    [
      `${DATAPLANE}/_config?shadow=maybe`,
      400,
      "Bad Request",
      "bad request: unsupported value for query parameter 'shadow'",
    ],
    [
      `${DATAPLANE}/_config?include=diff,x`,
      400,
      "Bad Request",
      "bad request: unsupported value for query parameter 'include'",
    ],
    [`${DATAPLANE}/_config`, 404, "Failed to fetch dataplane insight", "Not found"],
    ["/meshes/default/meshgateways/edge/_config", 404, "Failed to fetch dataplane insight", "Not found"],
  ])("%s is refused", async (path, status, title, detail) => {
    const { ask } = await controlPlane("zone", { inspector: echo });
    const answer = await ask("GET", path);
    expect([answer.status, JSON.parse(answer.text)]).toMatchObject([status, { title, detail }]);
  });

  it("of a proxy whose Dataplane is gone, or that nothing reaches", async () => {
    const zone = await controlPlane("zone");
    await zone.seed(insight, { ...insight, name: "gone" });
    expect((await zone.ask("GET", "/meshes/default/dataplanes/gone/_config")).status).toBe(404);
    expect((await zone.ask("GET", `${DATAPLANE}/_config`)).status).toBe(503);
  });

  it("is not for globals", async () => {
    const global = await controlPlane("global");
    expect((await global.ask("GET", `${DATAPLANE}/_config`)).status).toBe(405);
  });
});
