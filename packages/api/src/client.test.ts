import { describe, expect, it } from "vitest";
import { ApiClient } from "./client.ts";
import { ApiError } from "./error.ts";
import { holdSchema, type SyncStatus } from "./sync.ts";
import { whatIfRequestSchema } from "./what-if.ts";

interface Call {
  readonly method: string | undefined;
  readonly url: string;
  readonly headers: Headers;
  readonly body: unknown;
}

/** A server that answers each call with the next of the given answers. */
function clientOf(answers: readonly (readonly [status: number, body: unknown])[], token?: string) {
  const calls: Call[] = [];
  const rest = [...answers];
  const client = new ApiClient({
    baseUrl: "http://cp:5681/",
    ...(token === undefined ? {} : { token }),
    fetch: async (url, init) => {
      const body = init.body === undefined ? undefined : (JSON.parse(init.body) as unknown);
      calls.push({ method: init.method, url, headers: new Headers(init.headers), body });
      const [status, answer] = rest.shift() ?? [500, "no more answers"];
      return new Response(typeof answer === "string" ? answer : JSON.stringify(answer), { status });
    },
  });
  return { client, calls };
}

const item = (name: string) => ({ type: "Zone", name, enabled: true });

describe("listResources", () => {
  it("follows the pages, whatever host the links name", async () => {
    const { client, calls } = clientOf([
      [200, { total: 3, items: [item("a"), item("b")], next: "http://elsewhere/zones?offset=2&size=2" }],
      [200, { total: 3, items: [item("c")], next: null }],
    ]);
    const zones = await client.listResources("/zones", { size: 2, name: "x", labels: { "a/b": "c" } });
    expect(zones).toEqual([item("a"), item("b"), item("c")]);
    expect(calls.map(({ url }) => decodeURIComponent(url))).toEqual([
      "http://cp:5681/zones?size=2&name=x&filter[labels.a/b]=c",
      "http://cp:5681/zones?size=2&offset=2&name=x&filter[labels.a/b]=c",
    ]);
  });
});

describe("writes", () => {
  it("say whether they created, and pass warnings on", async () => {
    const { client, calls } = clientOf(
      [
        [201, {}],
        [200, { warnings: ["old"] }],
        [200, {}],
      ],
      "secret",
    );
    expect(await client.put("zones/a b", item("a b"))).toEqual({ created: true, warnings: [] });
    expect(await client.put("zones/a", item("a"))).toEqual({ created: false, warnings: ["old"] });
    await client.delete("zones/a");
    expect(calls.map(({ method, url, body }) => [method, url, body])).toEqual([
      ["PUT", "http://cp:5681/zones/a%20b", item("a b")],
      ["PUT", "http://cp:5681/zones/a", item("a")],
      ["DELETE", "http://cp:5681/zones/a", undefined],
    ]);
    expect(calls[0]?.headers.get("authorization")).toBe("Bearer secret");
    expect(calls[0]?.headers.get("content-type")).toBe("application/json");
  });
});

describe("errors", () => {
  const body = {
    type: "/std-errors",
    status: 400,
    title: "Could not process a resource",
    detail: "Resource is not valid",
    invalid_parameters: [{ field: "mesh", reason: "cannot be empty" }],
    details: "Resource is not valid",
  };

  it("carry title, detail and parameters", async () => {
    const error = await clientOf([[400, body]])
      .client.get("zones/a")
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({
      status: 400,
      title: "Could not process a resource",
      detail: "Resource is not valid",
      invalidParameters: [{ field: "mesh", reason: "cannot be empty" }],
      message: "Could not process a resource (Resource is not valid)\n* mesh: cannot be empty",
    });
  });

  it("may be plain text", async () => {
    await expect(clientOf([[404, "404: Page Not Found"]]).client.get("nothing")).rejects.toMatchObject({
      status: 404,
      title: "HTTP 404",
      detail: "404: Page Not Found",
    });
  });

  it("tell a missing resource from a missing page", async () => {
    const missing = { ...body, status: 404, detail: "Not found" };
    expect(await clientOf([[404, missing]]).client.find("zones/a")).toBeUndefined();
    await expect(clientOf([[404, "404: Page Not Found"]]).client.find("zonez/a")).rejects.toThrow(ApiError);
  });

  it.each([["<html>"], [{ items: 3 }], ["null"]])("name an answer that is not of the contract: %j", async (answer) => {
    await expect(clientOf([[200, answer]]).client.listResources("zones")).rejects.toMatchObject({
      status: 200,
      title: "Unexpected answer",
    });
  });
});

describe("sync", () => {
  const hold = {
    id: "east/MeshService/global",
    reason: "first response",
    since: 5,
    keys: ["a"],
    wouldDelete: 3,
    of: 4,
    state: "held" as const,
  };

  it("reads the ledger, also of a newer server", async () => {
    const status: SyncStatus = { role: "zone", name: "east", historyId: "h", revision: 7, zones: [], holds: [hold] };
    expect(await clientOf([[200, { ...status, newer: true }]]).client.syncStatus()).toEqual(status);
    expect(holdSchema.safeParse({ ...hold, state: "gone" }).success).toBe(false);
  });

  it("lists and releases holds", async () => {
    const { client, calls } = clientOf([
      [200, { holds: [hold] }],
      [200, {}],
      [200, {}],
    ]);
    expect(await client.holds()).toEqual([hold]);
    await client.acceptHold(hold.id);
    await client.rejectHold(hold.id);
    expect(calls.slice(1).map(({ method, url }) => `${method} ${url}`)).toEqual([
      "POST http://cp:5681/sync/holds/east/MeshService/global/accept",
      "POST http://cp:5681/sync/holds/east/MeshService/global/reject",
    ]);
  });
});

describe("endpoint sets", () => {
  const ref = { kind: "MeshService", mesh: "default", name: "backend" };
  const explanation = {
    from: { mesh: "default", dataplane: "web", zone: "west" },
    to: { ...ref, port: 80 },
    summary: "1 of 2 candidates is in",
    candidates: [
      {
        source: { kind: "zoneIngress", zone: "east", name: "in" },
        zone: "east",
        service: ref,
        endpoint: { address: "10.0.0.1", port: 10001, weight: 1, priority: 0, tags: {}, labels: {} },
        detail: "ready",
        weightReason: "1",
        priorityReason: "0",
      },
    ],
    services: [],
    policies: [],
  };

  it("are asked for by name, whatever is in it", async () => {
    const proxy = { name: "in", zone: "east", exposures: [], problems: ["none"] };
    const dataplane = { mesh: "m/1", name: "a b", zone: "east", outbounds: [], listeners: [], problems: [] };
    const { client, calls } = clientOf([
      [200, explanation],
      [200, explanation],
      [200, dataplane],
      [200, proxy],
      [200, proxy],
    ]);
    await client.explain("m/1", "a b", { to: "web&x:80" });
    const explained = await client.explain("default", "web", { to: "backend", kind: "legacy" });
    expect(await client.dataplaneEndpoints("m/1", "a b")).toEqual(dataplane);
    expect(await client.zoneIngressEndpoints("in/1")).toEqual(proxy);
    expect(await client.zoneEgressEndpoints("out")).toEqual(proxy);
    expect(explained.candidates[0]).toEqual(explanation.candidates[0]);
    expect(calls.map(({ url }) => url)).toEqual([
      "http://cp:5681/meshes/m%2F1/dataplanes/a%20b/_explain?to=web%26x%3A80",
      "http://cp:5681/meshes/default/dataplanes/web/_explain?to=backend&kind=legacy",
      "http://cp:5681/meshes/m%2F1/dataplanes/a%20b/_endpoints",
      "http://cp:5681/zoneingresses/in%2F1/_endpoints",
      "http://cp:5681/zoneegresses/out/_endpoints",
    ]);
  });

  it.each([
    ["a gate that is none", { gate: "rain" }],
    ["a source that is none", { source: { kind: "moon" } }],
    ["an endpoint without address", { endpoint: { port: 1 } }],
  ])("with %s are not of the contract", async (_, wrong) => {
    const candidates = [{ ...explanation.candidates[0], ...wrong }];
    await expect(
      clientOf([[200, { ...explanation, candidates }]]).client.explain("m", "d", { to: "x" }),
    ).rejects.toMatchObject({ title: "Unexpected answer" });
  });

  it("are compared by what-if", async () => {
    const report = {
      losses: { zones: ["east"], ingresses: [], services: [] },
      unknown: [],
      servicesWithoutEndpoints: [
        { service: ref, displayName: "backend", port: 80, zone: "", clients: 2, reasons: ["x"] },
      ],
      servicesInOneZoneOnly: [],
      loadShift: [{ zone: "east", before: 1, after: 0 }],
      lostLoad: { before: 0, after: 1 },
      prioritiesUsed: [{ priority: 0, before: 2, after: 0 }],
      policiesBlockingFailover: [],
    };
    const { client, calls } = clientOf([[200, report]]);
    expect(await client.whatIf({ zones: ["east"] })).toEqual(report);
    expect(calls[0]).toMatchObject({
      method: "POST",
      url: "http://cp:5681/_what-if",
      body: { down: { zones: ["east"] } },
    });
  });
});

it.each<[unknown, readonly string[]]>([
  [{}, ["down"]],
  [{ down: {} }, ["down"]],
  [{ down: { zones: [] } }, ["down"]],
  [{ down: { zone: ["east"] } }, ["down", "down"]],
  [{ down: { zones: ["", 3], services: "all" } }, ["down.zones.0", "down.zones.1", "down.services"]],
  [{ down: { zones: Array.from({ length: 1001 }, () => 7) } }, ["down.zones"]],
])("what-if does not take %j", (body, paths) => {
  const issues = whatIfRequestSchema.safeParse(body).error?.issues ?? [];
  expect(issues.map(({ path }) => path.join("."))).toEqual(paths);
});

describe("tokens", () => {
  it("are plain text", async () => {
    const { client, calls } = clientOf([
      [200, "a.b.c\n"],
      [200, "d.e.f"],
      [200, "g.h.i"],
    ]);
    expect(
      await client.dataplaneToken({ mesh: "default", tags: { "kuma.io/service": ["web"] }, validFor: "24h0m0s" }),
    ).toBe("a.b.c");
    expect(await client.zoneToken({ zone: "east", scope: [] })).toBe("d.e.f");
    expect(await client.userToken({ name: "me", groups: ["mesh-system:admin"], validFor: "1h0m0s" })).toBe("g.h.i");
    expect(calls.map(({ method, url, body }) => [method, url, body])).toEqual([
      [
        "POST",
        "http://cp:5681/tokens/dataplane",
        { mesh: "default", tags: { "kuma.io/service": ["web"] }, validFor: "24h0m0s" },
      ],
      ["POST", "http://cp:5681/tokens/zone", { zone: "east", scope: [] }],
      ["POST", "http://cp:5681/tokens/user", { name: "me", groups: ["mesh-system:admin"], validFor: "1h0m0s" }],
    ]);
  });
});

describe("inspection", () => {
  it("reads what applies to a proxy", async () => {
    const meta = { mesh: "default", name: "p" };
    const { client, calls } = clientOf([
      [
        200,
        { kind: "SidecarDataplane", total: 1, items: [{ type: "dataplane", matchedPolicies: { MeshRetry: [meta] } }] },
      ],
      [200, { kind: "MeshGatewayDataplane", gateway: meta, listeners: null, policies: { MeshTrace: meta } }],
      [200, { total: 1, items: [{ kind: "SidecarDataplane", dataplane: meta, attachments: [{ type: "dataplane" }] }] }],
      [200, { total: 0, items: null }],
      [200, { total: 0, items: null }],
    ]);
    expect(await client.dataplanePolicies("default", "a b")).toMatchObject({
      items: [{ matchedPolicies: { MeshRetry: [meta] } }],
    });
    expect(await client.dataplanePolicies("default", "gw")).toMatchObject({
      listeners: [],
      policies: { MeshTrace: meta },
    });
    expect((await client.policyDataplanes("meshes/default/meshretries/p")).items[0]?.attachments).toEqual([
      { type: "dataplane" },
    ]);
    expect((await client.matchedDataplanes("meshes/default/meshservices/s", { size: 2, offset: "2" })).items).toEqual(
      [],
    );
    expect((await client.hostnames("meshes/default/meshservices/s")).items).toEqual([]);
    expect(calls.map(({ url }) => url.replace("http://cp:5681", ""))).toEqual([
      "/meshes/default/dataplanes/a%20b/policies",
      "/meshes/default/dataplanes/gw/policies",
      "/meshes/default/meshretries/p/dataplanes",
      "/meshes/default/meshservices/s/_resources/dataplanes?size=2&offset=2",
      "/meshes/default/meshservices/s/_hostnames",
    ]);
  });

  it("passes on what a proxy says", async () => {
    const { client, calls } = clientOf([[200, "a::b\n"]]);
    expect(await client.text("zoneegresses/out/stats", { usedonly: "false" })).toBe("a::b\n");
    expect(calls[0]?.url).toBe("http://cp:5681/zoneegresses/out/stats?usedonly=false");
  });
});
