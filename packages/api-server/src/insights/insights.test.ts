/** What is counted over all meshes and zones, and the services of ServiceInsights. */
import { readFileSync } from "node:fs";
import { globalInsightSchema, globalInsightsSchema } from "@isthmus/api";
import { textOf } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import { describe, expect, it } from "vitest";
import { itemsOf, mesh, type Rig, rig } from "../testing/rig.ts";

interface Pair {
  readonly name: string;
  readonly request: { readonly path: string };
  readonly response: { readonly json: JsonObject };
}

const pairs = JSON.parse(readFileSync(new URL("../../testdata/insights.json", import.meta.url), "utf8")) as Pair[];
const recorded = (name: string): JsonObject => pairs.find((pair) => pair.name === name)?.response.json ?? {};

async function get({ ask }: Rig, path: string): Promise<JsonObject> {
  const answer = await ask("GET", path);
  expect(answer.status, answer.text).toBe(200);
  return JSON.parse(answer.text) as JsonObject;
}

/** Times differ from run to run. */
const shown = (json: JsonObject): string =>
  JSON.stringify(json).replace(/("(?:createdAt|creationTime|modificationTime)":)"[^"]*"/g, '$1"<time>"');

const subscribed = (isOnline: boolean): JsonObject => ({
  subscriptions: [
    { id: "1", connectTime: "2026-01-01T00:00:00Z", ...(isOnline ? {} : { disconnectTime: "2026-01-01T00:00:01Z" }) },
  ],
});
const zoneProxies = (name: string, isOnline = true): JsonObject[] => [
  { type: "Zone", name },
  { type: "ZoneInsight", name, ...subscribed(isOnline) },
  { type: "ZoneIngress", name, networking: { address: "10.0.0.1", port: 1 } },
  { type: "ZoneIngressInsight", name, ...subscribed(isOnline) },
  { type: "ZoneEgress", name, networking: { address: "10.0.0.1", port: 1 } },
  { type: "ZoneEgressInsight", name, ...subscribed(isOnline) },
];
const named = (type: string, count: number, more: JsonObject = {}): JsonObject[] =>
  Array.from({ length: count }, (_, n) => ({ type, name: `${type.toLowerCase()}-${n}`, ...more }));

const generators = (count: number): JsonObject[] =>
  named("HostnameGenerator", count, { spec: { template: "{{ .DisplayName }}.mesh" } });

describe("what Kuma recorded", () => {
  it("a global counts the same, members in the same order", async () => {
    const global = rig();
    await global.seed(
      mesh("default"),
      ...itemsOf(recorded("global/meshes/insights")),
      ...zoneProxies("east"),
      ...zoneProxies("west"),
      ...generators(11),
      ...named("GlobalSecret", 4, { data: "c2VjcmV0" }),
    );
    for (const { name, request } of pairs.filter((pair) => pair.name.startsWith("global/"))) {
      expect(shown(await get(global, request.path)), name).toBe(shown(recorded(name)));
    }
  });

  it("a federated zone has no insights of meshes, and counts what it has itself", async () => {
    const zone = rig({ mode: "zone", zoneName: "west", isFederated: true });
    await zone.seed(mesh("default"), ...zoneProxies("west"), ...generators(9));
    const { request } = pairs.find(({ name }) => name === "west/system/global-insight") ?? { request: { path: "" } };
    expect(shown(await get(zone, request.path))).toBe(shown(recorded("west/system/global-insight")));
  });
});

describe("the global insight", () => {
  it("sums up meshes, services by kind and status, and who is online", async () => {
    const global = rig();
    const stat = (online: number): JsonObject => ({ total: online + 1, online, offline: 1 });
    await global.seed(
      ...["one", "two"].map(mesh),
      ...["one", "two"].map((name) => ({
        type: "MeshInsight",
        name,
        policies: { MeshTimeout: { total: 2 }, TrafficRoute: { total: 1 } },
        resources: { MeshTimeout: { total: 2 }, Dataplane: { total: 3 } },
        dataplanesByType: { standard: stat(2), gatewayBuiltin: { total: 1, partiallyDegraded: 1 } },
      })),
      serviceInsight("one", {
        a: { status: "online" },
        b: { status: "offline" },
        c: { status: "partially_degraded", serviceType: "gateway_builtin" },
        d: { status: "not_available", serviceType: "external" },
      }),
      serviceInsight("two", { a: { status: "online" }, e: { status: "online", serviceType: "gateway_delegated" } }),
      ...zoneProxies("east"),
      ...zoneProxies("west", false),
      // Never connected: there is no insight.
      { type: "Zone", name: "north" },
    );
    const insight = globalInsightSchema.parse(await get(global, "/global-insight"));
    const none = { offline: 0, online: 0, partiallyDegraded: 0, total: 0 };
    expect(insight).toMatchObject({
      meshes: { total: 2 },
      policies: { total: 6 },
      resources: { Dataplane: { total: 6 }, MeshTimeout: { total: 4 } },
      dataplanes: {
        standard: { online: 4, offline: 2, total: 6 },
        gatewayBuiltin: { partiallyDegraded: 2, total: 2 },
        gatewayDelegated: none,
      },
      services: {
        internal: { online: 2, offline: 1, partiallyDegraded: 0, total: 3 },
        external: { total: 1 },
        gatewayBuiltin: { ...none, partiallyDegraded: 1, total: 1 },
        gatewayDelegated: { ...none, online: 1, total: 1 },
      },
      zones: {
        controlPlanes: { online: 1, total: 2 },
        zoneIngresses: { online: 1, total: 2 },
        zoneEgresses: { online: 1, total: 2 },
      },
    });
  });

  it("of an empty control plane has all members", async () => {
    const empty = rig();
    globalInsightSchema.parse(await get(empty, "/global-insight"));
    const { resources } = globalInsightsSchema.parse(await get(empty, "/global-insights"));
    expect(Object.keys(resources)).toEqual([
      "GlobalSecret",
      "HostnameGenerator",
      "Mesh",
      "Zone",
      "ZoneEgress",
      "ZoneIngress",
    ]);
  });
});

describe("service insights", async () => {
  const global = rig();
  await global.seed(
    ...["one", "two", "bare"].map(mesh),
    {
      ...serviceInsight("one", {
        shop: {
          status: "partially_degraded",
          dataplanes: { online: 70, offline: 30 },
          issuedBackends: { "ca-1": 70 },
          zones: ["east"],
        },
        edge: { status: "online", dataplanes: { online: 1 }, serviceType: "gateway_delegated" },
        mail: { status: "not_available", dataplanes: {}, serviceType: "external", addressPort: "mail.test:25" },
      }),
      labels: { "kuma.io/display-name": "all-services-one", "kuma.io/mesh": "one" },
    },
    serviceInsight("two", { web: { status: "online", dataplanes: { online: 2 } } }),
  );
  const names = async (path: string): Promise<string[]> =>
    itemsOf(await get(global, path)).map((item) => `${textOf(item, "mesh")}/${textOf(item, "name")}`);

  it("are items by mesh and name, with total and address filled in and without the label of the whole", async () => {
    expect(await names("/service-insights")).toEqual(["one/edge", "one/mail", "one/shop", "two/web"]);
    const [edge, mail, shop] = itemsOf(await get(global, "/meshes/one/service-insights"));
    const meta = { creationTime: "2026-01-01T00:00:00Z", modificationTime: "2026-01-01T00:00:00Z" };
    const head = (name: string): JsonObject => ({
      type: "ServiceInsight",
      mesh: "one",
      name,
      ...meta,
      labels: { "kuma.io/mesh": "one" },
    });
    const expected = [
      { ...head("edge"), status: "online", dataplanes: { total: 1, online: 1 }, serviceType: "gateway_delegated" },
      {
        ...head("mail"),
        status: "not_available",
        dataplanes: {},
        serviceType: "external",
        addressPort: "mail.test:25",
      },
      {
        ...head("shop"),
        status: "partially_degraded",
        dataplanes: { total: 100, online: 70, offline: 30 },
        issuedBackends: { "ca-1": 70 },
        addressPort: "shop.mesh:80",
        zones: ["east"],
      },
    ];
    expect(JSON.stringify([edge, mail, shop])).toBe(JSON.stringify(expected));
  });

  it("are filtered by name and type", async () => {
    expect(await names("/service-insights?name=e")).toEqual(["one/edge", "two/web"]);
    expect(await names("/service-insights?type=external,%20Gateway_Delegated")).toEqual(["one/edge", "one/mail"]);
    expect(await names("/meshes/one/service-insights?type=internal&name=sh")).toEqual(["one/shop"]);
    expect(await names("/meshes/bare/service-insights")).toEqual([]);
  });

  it("come in pages", async () => {
    const first = await get(global, "/service-insights?size=3");
    expect([first["total"], itemsOf(first).length]).toEqual([4, 3]);
    const { pathname, search } = new URL(textOf(first, "next"));
    expect(`${pathname}${search}`).toBe("/service-insights?offset=3&size=3");
    expect(await get(global, `${pathname}${search}`)).toMatchObject({ total: 4, items: [{ name: "web" }], next: null });
    expect(await get(global, "/service-insights?offset=9")).toMatchObject({ total: 4, items: [], next: null });
  });

  it("of a service that nobody knows are empty, of a mesh that has none are not found", async () => {
    expect(await get(global, "/meshes/one/service-insights/nobody")).toMatchObject({
      name: "nobody",
      dataplanes: {},
      addressPort: "nobody.mesh:80",
    });
    expect(await get(global, "/meshes/one/service-insights/__proto__")).toMatchObject({ dataplanes: {} });
    expect(await get(global, "/meshes/one/service-insights/shop")).toMatchObject({ dataplanes: { total: 100 } });
    expect((await global.ask("GET", "/meshes/bare/service-insights/shop")).status).toBe(404);
  });

  it.each([
    ["/service-insights?type=nonsense", 400, "Bad Request", "bad request: unsupported service type"],
    ["/service-insights?size=0", 400, "Could not paginate resources", "Invalid page size"],
    [
      "/service-insights?offset=x",
      400,
      "Could not paginate resources",
      'invalid: invalid offset: strconv.Atoi: parsing "x": invalid syntax',
    ],
    ["/meshes/nope/service-insights", 404, "Failed to retrieve Mesh", "Not found"],
    ["/meshes/nope/service-insights/shop", 404, "Failed to retrieve Mesh", "Not found"],
    ["/meshes/bare/service-insights/shop", 404, "Could not retrieve a resource", "Not found"],
  ])("%s is refused", async (path, status, title, detail) => {
    const answer = await global.ask("GET", path);
    expect(JSON.parse(answer.text)).toMatchObject({ status, title, detail });
    expect(answer.status).toBe(status);
  });

  it.each(["PUT", "DELETE"])("cannot be written (%s)", async (method) => {
    const path = "/meshes/one/service-insights/shop";
    const answer = await global.ask(method, path, { type: "ServiceInsight", mesh: "one", name: "shop" });
    expect(answer.status).toBe(405);
  });
});

function serviceInsight(of: string, services: JsonObject): JsonObject {
  return { type: "ServiceInsight", mesh: of, name: `all-services-${of}`, services };
}
