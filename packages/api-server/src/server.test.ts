import { type Hold, type SyncStatus, syncStatusSchema } from "@isthmus/api";
import type { JsonObject } from "@isthmus/std";
import { StoreError } from "@isthmus/store";
import { describe, expect, it } from "vitest";
import { INDEX, itemsOf, mesh, rig } from "./testing/rig.ts";

const service = (name: string, labels: Record<string, string> = {}) => ({
  type: "MeshMultiZoneService",
  mesh: "default",
  name,
  labels,
  spec: { selector: { meshService: { matchLabels: { a: "b" } } }, ports: [{ port: 80 }] },
});
const PATH = "/meshes/default/meshmultizoneservices";
const errorOf = (text: string): Record<string, unknown> => JSON.parse(text) as Record<string, unknown>;

describe("every type with a path", async () => {
  const { ask, server } = rig();
  const { resources } = JSON.parse((await ask("GET", "/_resources")).text) as {
    resources: { name: string; path: string; scope: string }[];
  };
  await ask("PUT", "/meshes/default", mesh("default"));

  it("is there", () => expect([resources.length, server.name]).toEqual([53, "api-server"]));

  it.each(resources)("$name lists, and says what is not there", async ({ path, scope }) => {
    const collection = scope === "Mesh" ? `/meshes/default/${path}` : `/${path}`;
    for (const list of [collection, `/${path}`]) {
      const answer = await ask("GET", list);
      expect(answer.status).toBe(200);
      expect(JSON.parse(answer.text)).toMatchObject({
        total: expect.any(Number),
        items: expect.any(Array),
        next: null,
      });
    }
    expect(await ask("GET", `${collection}/none`)).toMatchObject({
      status: 404,
      text: expect.stringContaining('"title": "Could not retrieve a resource"'),
    });
    expect([404, 405]).toContain((await ask("DELETE", `${collection}/none`)).status);
    expect([400, 405]).toContain((await ask("PUT", `${collection}/none`, {})).status);
    expect((await ask("POST", collection, {})).status).toBe(405);
  });
});

describe("lists", async () => {
  const { ask, store } = rig();
  await ask("PUT", "/meshes/default", mesh("default"));
  for (const number of [1, 2, 3, 4, 5])
    await ask("PUT", `${PATH}/s-${number}`, service(`s-${number}`, { n: `${number % 2}` }));

  it("come in pages that lead to the next", async () => {
    const seen: string[] = [];
    let path: string | null = `${PATH}?size=2&filter[labels.kuma.io/mesh]=default`;
    while (path !== null) {
      const page = JSON.parse((await ask("GET", path)).text) as {
        total: number;
        items: { name: string }[];
        next: string | null;
      };
      expect(page.total).toBe(5);
      seen.push(...page.items.map(({ name }) => name));
      expect(page.next ?? "http://localhost:5681/").toMatch(/^http:\/\/localhost:5681\//);
      path = page.next?.slice("http://localhost:5681".length) ?? null;
    }
    expect(seen).toEqual(["s-1", "s-2", "s-3", "s-4", "s-5"]);
  });

  it.each([
    ["name=s-3", ["s-3"]],
    ["filter[labels.n]=0", ["s-2", "s-4"]],
    ["filter[labels.n]=1&filter[labels.n]=0", ["s-2", "s-4"]],
    ["filter[labels.n]=0&filter[labels.kuma.io/mesh]=other", []],
    ["offset=4", ["s-5"]],
    ["offset=99999999999999999", []],
    ["unknown=1", ["s-1", "s-2", "s-3", "s-4", "s-5"]],
  ])("%s", async (query, expected) => {
    const { items } = JSON.parse((await ask("GET", `/meshmultizoneservices?${query}`)).text) as {
      items: { name: string }[];
    };
    expect(items.map(({ name }) => name)).toEqual(expected);
  });

  it.each([
    ["size=0", "must be greater than 0"],
    ["size=-1", "must be greater than 0"],
    ["size=1.5", "invalid format"],
    ["size=1001", "invalid page size of 1001. Maximum page size is 1000"],
    ["offset=-1", "invalid: invalid offset: must be non-negative"],
    ["offset=9223372036854775807", "invalid: invalid offset: exceeds maximum value"],
    [
      "offset=9223372036854775808",
      'invalid: invalid offset: strconv.Atoi: parsing \\"9223372036854775808\\": value out of range',
    ],
    ["filter[name]=x", "/meshes/{mesh}/meshmultizoneservices.filter[name]"],
    ["filter[labels.a][eq]=x", "advanced filters are not supported"],
    ["filter[labels.a=x", "advanced filters are not supported"],
  ])("refuses %s", async (query, reason) => {
    const { status, text } = await ask("GET", `${PATH}?${query}`);
    expect(status).toBe(400);
    expect(text).toContain('"title": "Could not retrieve resources"');
    expect(text).toContain(reason);
  });

  it("filters Dataplanes by tag and kind of gateway", async () => {
    const dataplane = (name: string, networking: object) => ({
      type: "Dataplane",
      mesh: "default",
      name,
      labels: {},
      spec: { networking },
    });
    await store.commit(
      [
        dataplane("a", {
          inbound: [{ tags: { "kuma.io/service": "web", v: "1:2" } }, { tags: { "kuma.io/service": "db" } }],
        }),
        dataplane("b", { gateway: { tags: { "kuma.io/service": "edge" } } }),
        dataplane("c", { gateway: { type: "BUILTIN", tags: { "kuma.io/service": "web-edge" } } }),
      ].map((resource) => ({
        kind: "put",
        resource: { ...resource, spec: JSON.parse(JSON.stringify(resource.spec)) },
      })),
    );
    const found = async (query: string): Promise<string[]> => {
      const { items } = JSON.parse((await ask("GET", `/dataplanes?${query}`)).text) as { items: { name: string }[] };
      return items.map(({ name }) => name);
    };
    expect(await found("tag=kuma.io/service:web")).toEqual(["a", "c"]);
    expect(await found("tag=kuma.io/service:web&tag=v:1:2")).toEqual(["a"]);
    expect(await found("tag=kuma.io/service:db&tag=v:1")).toEqual([]);
    expect(await found("tag=v:*")).toEqual(["a"]);
    expect(await found("tag=nonsense")).toEqual(["a", "b", "c"]);
    expect(await found("gateway=FALSE")).toEqual(["a"]);
    expect(await found("gateway=true")).toEqual(["b", "c"]);
    expect(await found("gateway=builtin")).toEqual(["c"]);
    expect(await found("gateway=delegated")).toEqual(["b"]);
    expect((await ask("GET", "/dataplanes?gateway=maybe")).text).toContain(
      "shoud use `true`, `false`, 'builtin' or 'delegated' instead of maybe",
    );
  });
});

describe("bad requests", () => {
  it("have clear answers, and the server goes on", async () => {
    const { ask } = rig({ bodyLimit: 1000 });
    await ask("PUT", "/meshes/default", mesh("default"));
    const path = `${PATH}/s`;
    expect((await ask("PUT", path, "{")).text).toContain("unexpected end of JSON input");
    expect((await ask("PUT", path, "[]")).status).toBe(400);
    expect((await ask("PUT", path, "null")).status).toBe(400);
    expect((await ask("PUT", path, "[".repeat(400) + "]".repeat(400))).text).toContain("nested deeper");
    expect(await ask("PUT", path, " ".repeat(1001))).toMatchObject({
      status: 413,
      text: expect.stringContaining("the body of a request may have 1000 bytes"),
    });
    expect(await ask("PUT", path, "a: b", { "content-type": "application/yaml" })).toMatchObject({
      status: 415,
      text: "415: Unsupported Media Type",
    });
    expect((await ask("GET", "/meshes/%zz")).status).toBe(400);
    expect(await ask("GET", `/meshes/${"a".repeat(60_000)}`)).toMatchObject({
      status: 404,
      text: expect.stringContaining("Could not retrieve a resource"),
    });
    expect((await ask("GET", `/meshes/%zz${"a".repeat(60_000)}`)).text.length).toBeLessThan(10_000);
    expect(await ask("GET", "/nothing/here")).toMatchObject({ status: 404, text: "404: Page Not Found" });
    expect((await ask("PUT", path, service("s"))).status).toBe(201);
  });

  it("cannot reach prototypes", async () => {
    const { ask, store } = rig();
    await ask("PUT", "/meshes/default", mesh("default"));
    const text = JSON.stringify(service("s")).replace(
      '"spec"',
      '"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"spec"',
    );
    expect((await ask("PUT", `${PATH}/s`, text)).status).toBe(201);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
    expect(JSON.stringify(store.list("MeshMultiZoneService"))).not.toContain("polluted");
    expect((await ask("GET", "/meshes/__proto__")).status).toBe(404);
    expect((await ask("GET", `${PATH}?filter[labels.__proto__]=x`)).status).toBe(200);
  });

  it("of which the store knows nothing are the server's fault and reported", async () => {
    const errors: unknown[] = [];
    const { ask, store } = rig({ onError: (error) => errors.push(error) });
    store.commit = () => Promise.reject(new StoreError("IO", "disk is full"));
    const { status, text } = await ask("PUT", "/meshes/m", mesh("m"));
    expect([status, errorOf(text)["detail"]]).toEqual([500, "Internal Server Error"]);
    expect(errors).toEqual([expect.objectContaining({ message: "disk is full" })]);
  });
});

it("lets nothing be written where all is read-only", async () => {
  const { ask } = rig({ isReadOnly: true });
  expect((await ask("PUT", "/meshes/m", mesh("m"))).status).toBe(405);
  expect((await ask("DELETE", "/meshes/m")).status).toBe(405);
  expect((await ask("GET", "/_resources")).text).not.toContain('"readOnly": false');
});

it("serves the index, members in Kuma's order", async () => {
  const index = JSON.parse((await rig().ask("GET", "/")).text) as JsonObject;
  expect(index).toEqual(INDEX);
  expect(Object.keys(index)).toEqual(["clusterId", "gui", "hostname", "instanceId", "product", "version"]);
});

describe("zones with their insights", async () => {
  const { ask, seed } = rig();
  const subscription = { id: "1", connectTime: "2026-01-01T00:00:00Z" };
  const disconnectTime = "2026-01-01T00:00:01Z";
  await seed(
    { type: "Zone", name: "gone", enabled: true },
    { type: "Zone", name: "never", enabled: true },
    { type: "Zone", name: "off", enabled: false },
    { type: "Zone", name: "on", enabled: true },
    { type: "ZoneInsight", name: "gone", subscriptions: [{ ...subscription, disconnectTime }] },
    { type: "ZoneInsight", name: "off", subscriptions: [subscription] },
    { type: "ZoneInsight", name: "on", subscriptions: [subscription] },
  );

  it.each(["/zones/_overview", "/zones+insights"])("GET %s", async (path) => {
    const items = itemsOf(JSON.parse((await ask("GET", path)).text));
    expect(items.map(({ name, zone, zoneInsight }) => [name, zone, zoneInsight])).toEqual([
      ["gone", { enabled: true }, { subscriptions: [{ ...subscription, disconnectTime }] }],
      // Kuma: absent in a list, empty in an item.
      ["never", { enabled: true }, undefined],
      ["off", { enabled: false }, { subscriptions: [subscription] }],
      ["on", { enabled: true }, { subscriptions: [subscription] }],
    ]);
  });

  it.each(["/zones/never/_overview", "/zones+insights/never"])("GET %s", async (path) => {
    const overview = JSON.parse((await ask("GET", path)).text) as JsonObject;
    expect(overview).toMatchObject({ type: "ZoneOverview", name: "never", zone: { enabled: true }, zoneInsight: {} });
    expect((await ask("GET", path.replace("never", "nobody"))).status).toBe(404);
  });

  it("insights are read, never written", async () => {
    expect(itemsOf(JSON.parse((await ask("GET", "/zone-insights")).text))).toHaveLength(3);
    expect((await ask("GET", "/zone-insights/on")).status).toBe(200);
    expect((await ask("GET", "/zone-insights/never")).status).toBe(404);
    expect((await ask("PUT", "/zone-insights/on", { type: "ZoneInsight", name: "on" })).status).toBe(405);
    expect((await ask("DELETE", "/zone-insights/on")).status).toBe(405);
  });
});

it("tells how each request went", async () => {
  const seen: unknown[] = [];
  const { ask } = rig({
    onRequest: (route, method, status, _seconds, bytes) => seen.push([route, method, status, bytes > 0]),
  });
  await ask("PUT", "/meshes/m", mesh("m"));
  await ask("GET", "/meshes/m/meshretries/x");
  await ask("GET", "/nothing");
  expect(seen).toEqual([
    ["/meshes/{name}", "PUT", 201, true],
    ["/meshes/{mesh}/meshretries/{name}", "GET", 404, true],
    ["", "GET", 404, true],
  ]);
});

describe("/sync", () => {
  const hold: Hold = {
    id: "east/MeshService/global",
    reason: "r",
    since: 1,
    keys: ["a"],
    wouldDelete: 3,
    of: 4,
    state: "held",
  };
  const status: SyncStatus = { role: "global", name: "global", historyId: "h", revision: 7, zones: [], holds: [hold] };

  it("shows the ledger and lets holds go", async () => {
    const calls: string[] = [];
    const { ask } = rig({
      sync: {
        status: () => status,
        holds: () => [hold],
        accept: async (id) => calls.push(`accept ${id}`) > 0 && id === hold.id,
        reject: async (id) => calls.push(`reject ${id}`) > 0 && id === hold.id,
      },
    });
    expect(syncStatusSchema.parse(JSON.parse((await ask("GET", "/sync")).text))).toEqual(status);
    expect(JSON.parse((await ask("GET", "/sync/holds")).text)).toEqual({ holds: [hold] });
    expect(await ask("POST", "/sync/holds/east/MeshService/global/accept")).toMatchObject({
      status: 200,
      text: "{}\n",
    });
    expect((await ask("POST", "/sync/holds/east/MeshService/global/reject", {})).status).toBe(200);
    expect((await ask("POST", "/sync/holds/none/accept")).status).toBe(404);
    expect((await ask("POST", "/sync/holds/east/MeshService/global/keep")).status).toBe(404);
    expect(calls).toEqual([`accept ${hold.id}`, `reject ${hold.id}`, "accept none"]);
  });

  it("is unknown without a sync", async () => expect((await rig().ask("GET", "/sync")).status).toBe(404));
});
