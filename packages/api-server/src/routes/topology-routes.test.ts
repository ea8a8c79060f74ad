import { ApiClient, type Explanation, type WhatIfRequest } from "@isthmus/api";
import { err, ok } from "@isthmus/std";
import { describe, expect, it } from "vitest";
import { mesh, rig } from "../testing/rig.ts";
import type { ExplainQuestion, TopologyApi, WhatIfFailure } from "../topology-api.ts";

const explanation: Explanation = {
  from: { mesh: "default", dataplane: "web", zone: "west" },
  to: { kind: "MeshService", mesh: "default", name: "backend", port: 80 },
  summary: "0 of 1 candidates are in",
  candidates: [
    {
      source: { kind: "none", what: "backend" },
      zone: "",
      service: { kind: "MeshService", mesh: "default", name: "backend" },
      endpoint: undefined,
      gate: "serviceUnknown",
      detail: "there is no such service",
      weightReason: "",
      priorityReason: "",
      syncAgeSeconds: undefined,
    },
  ],
  services: [],
  policies: [],
  overprovisioningFactor: undefined,
};
const proxyOf = (name: string) => ({ name, zone: "west", exposures: [], problems: ["nothing to forward"] });
const dataplane = { mesh: "default", name: "web", zone: "west", outbounds: [], listeners: [], problems: [] };

/** Knows the Dataplane `web` of mesh `default`, the ZoneIngress `in` and the ZoneEgress `out`. */
class OneOfEach implements TopologyApi {
  readonly asked: (ExplainQuestion | WhatIfRequest["down"])[] = [];
  failure: WhatIfFailure | undefined;

  explain(_mesh: string, name: string, question: ExplainQuestion) {
    if (name !== "web") return undefined;
    this.asked.push(question);
    return question.to === ""
      ? err([
          { field: "kind", reason: "must be a kind" },
          { field: "to", reason: "must be there" },
        ])
      : ok(explanation);
  }

  async dataplaneEndpoints(_mesh: string, name: string) {
    return name === "web" ? dataplane : undefined;
  }

  zoneIngressEndpoints(name: string) {
    return name === "in" ? proxyOf(name) : undefined;
  }

  zoneEgressEndpoints(name: string) {
    return name === "out" ? proxyOf(name) : undefined;
  }

  topology() {
    const known = { kind: "source", size: 1, inputs: [], recomputations: 0, lastFlushMs: 0, dependencies: 0 };
    return {
      collections: [{ ...known, name: "meshes", dependants: 0, failing: [], contested: [] }],
      problems: [{ kind: "malformed", resource: undefined, detail: "a range" }],
    };
  }

  async whatIf(down: WhatIfRequest["down"]) {
    this.asked.push(down);
    if (this.failure !== undefined) return err(this.failure);
    return ok({
      losses: down,
      unknown: [],
      servicesWithoutEndpoints: [],
      servicesInOneZoneOnly: [],
      loadShift: [],
      lostLoad: { before: 0, after: 0 },
      prioritiesUsed: [],
      policiesBlockingFailover: [],
    });
  }
}

async function zone() {
  const topology = new OneOfEach();
  const { ask, server } = rig({ mode: "zone", zoneName: "west", topology });
  await ask("PUT", "/meshes/default", mesh("default"));
  const client = new ApiClient({
    baseUrl: "http://cp",
    fetch: async (input, init) => {
      const method = init?.method === "POST" ? "POST" : "GET";
      const payload = typeof init?.body === "string" ? { payload: init.body } : {};
      const url = input.slice("http://cp".length);
      const answer = await server.inject({ method, url, ...payload });
      return new Response(answer.payload, { status: answer.statusCode });
    },
  });
  return { topology, ask, client };
}

describe("a zone", async () => {
  const { topology, ask, client } = await zone();

  it("explains, and its client reads what was answered", async () => {
    expect(await client.explain("default", "web", { to: "a b&c:80", kind: "legacy" })).toEqual(explanation);
    expect(topology.asked.at(-1)).toEqual({ to: "a b&c:80", kind: "legacy" });
  });

  it("says all that is wrong with a question", async () => {
    const { status, text } = await ask("GET", "/meshes/default/dataplanes/web/_explain");
    expect(topology.asked.at(-1)).toEqual({ to: "", kind: "" });
    expect([status, JSON.parse(text)]).toEqual([
      400,
      {
        type: "/std-errors",
        status: 400,
        title: "Could not explain endpoints",
        detail: "The question is not valid",
        invalid_parameters: [
          { field: "kind", reason: "must be a kind" },
          { field: "to", reason: "must be there" },
        ],
        details: "The question is not valid",
        causes: [
          { field: "kind", message: "must be a kind" },
          { field: "to", message: "must be there" },
        ],
      },
    ]);
  });

  it("shows the endpoints of every proxy", async () => {
    expect(await client.dataplaneEndpoints("default", "web")).toEqual(dataplane);
    expect(await client.zoneIngressEndpoints("in")).toEqual(proxyOf("in"));
    expect(await client.zoneEgressEndpoints("out")).toEqual(proxyOf("out"));
    expect((await ask("GET", "/zone-ingresses/in/_endpoints")).status).toBe(200);
  });

  it("shows what is derived, and what is wrong with what it was given", async () => {
    expect(await client.topology()).toEqual(topology.topology());
  });

  it.each([
    ["/meshes/default/dataplanes/none/_explain?to=x", "Could not retrieve a resource"],
    ["/meshes/default/dataplanes/none/_endpoints", "Could not retrieve a resource"],
    ["/meshes/none/dataplanes/web/_explain?to=x", "Failed to retrieve Mesh"],
    ["/meshes/none/dataplanes/web/_endpoints", "Failed to retrieve Mesh"],
    ["/zoneingresses/out/_endpoints", "Could not retrieve a resource"],
    ["/zoneegresses/in/_endpoints", "Could not retrieve a resource"],
  ])("has no %s", async (path, title) => {
    const { status, text } = await ask("GET", path);
    expect([status, JSON.parse(text)]).toMatchObject([404, { status: 404, title, detail: "Not found" }]);
  });

  it("answers what-if", async () => {
    const down = { zones: ["east"], ingresses: [], services: [] };
    expect((await client.whatIf({ zones: ["east"] })).losses).toEqual(down);
    expect(topology.asked.at(-1)).toEqual(down);
  });

  it.each([
    ["", 400, [], /not JSON/],
    ["{", 400, [], /not JSON/],
    ["[]", 400, [""], /not valid/],
    [{ down: { zones: [1], ingress: [] } }, 400, ["down.zones[0]", "down"], /not valid/],
    [{ down: { services: [] } }, 400, ["down"], /not valid/],
    [{ down: { zones: ["x".repeat(300 * 1024)] } }, 413, [], /262144 bytes/],
  ])("does not take %j as what-if", async (body, expected, fields, detail) => {
    const { status, text } = await ask("POST", "/_what-if", body);
    const error = JSON.parse(text) as { detail: string; invalid_parameters?: { field: string }[] };
    expect(status).toBe(expected);
    expect(error.detail).toMatch(detail);
    expect((error.invalid_parameters ?? []).map(({ field }) => field)).toEqual(fields);
  });

  it.each([
    ["busy", 503],
    ["timeout", 504],
    ["failed", 500],
  ] as const)("that is %s says so", async (kind, status) => {
    topology.failure = { kind, detail: "one sentence" };
    await expect(client.whatIf({ zones: ["east"] })).rejects.toMatchObject({
      status,
      title: "Could not answer what-if",
      detail: "one sentence",
    });
  });

  it("knows no other methods", async () => {
    expect((await ask("GET", "/_what-if")).status).toBe(405);
    expect((await ask("PUT", "/zoneingresses/in/_endpoints", {})).status).toBe(405);
  });
});

it.each([
  ["GET", "/meshes/default/dataplanes/web/_explain?to=x"],
  ["GET", "/meshes/default/dataplanes/web/_endpoints"],
  ["GET", "/zoneingresses/in/_endpoints"],
  ["GET", "/zoneegresses/out/_endpoints"],
  ["GET", "/_topology"],
  ["POST", "/_what-if"],
])("a global refuses %s %s", async (method, path) => {
  const { ask } = rig({ mode: "global", topology: new OneOfEach() });
  const { status, text } = await ask(method, path);
  expect([status, JSON.parse(text)]).toMatchObject([
    405,
    { title: "Method not allowed", detail: expect.stringMatching(/^Not allowed on global CP/) },
  ]);
});
