/** What the inspect endpoints answer; that they answer as Kuma does is shown by `e2e/contract`. */
import type { JsonObject } from "@isthmus/std";
import { describe, expect, it } from "vitest";
import { dataplane, exclusive, get, policy, service, timeout, zoneWith } from "../testing/inspected-zone.ts";
import { mesh } from "../testing/rig.ts";

const MT = "kri_mt_default___";
const BACKEND = "kri_msvc_default___backend_http";
const dp = (path: string) => `/meshes/default/dataplanes/web/${path}`;

describe("_rules", () => {
  it("show what is said of inbounds, destinations and the proxy, in the order in which types are applied", async () => {
    const zone = await zoneWith(
      exclusive,
      dataplane("web"),
      service("backend"),
      policy("MeshMetric", "m", { default: { sidecar: { includeUnused: true } } }),
      timeout("t", {
        rules: [
          {
            matches: [{ spiffeID: { type: "Exact", value: "spiffe://td/a" } }],
            default: { http: { requestTimeout: "1s" } },
          },
          { default: { idleTimeout: "2s" } },
        ],
        to: [
          { targetRef: { kind: "Mesh" }, default: { idleTimeout: "3s" } },
          {
            targetRef: { kind: "MeshService", name: "backend", sectionName: "http" },
            default: { connectionTimeout: "4s" },
          },
        ],
      }),
      policy("MeshTrafficPermission", "p", {
        from: [
          { targetRef: { kind: "Mesh" }, default: { action: "Deny" } },
          { targetRef: { kind: "MeshSubset", tags: { team: "a" } }, default: { action: "Allow" } },
        ],
      }),
    );
    const { rules } = await get(zone, dp("_rules"));
    const inbound = { name: "http", port: 8080, tags: { "kuma.io/service": "web", "kuma.io/protocol": "http" } };
    const meta = { labels: {}, mesh: "default", name: "t", type: "MeshTimeout" };
    expect(rules).toMatchObject([
      {
        type: "MeshTimeout",
        inboundRules: [
          {
            inbound,
            rules: [
              {
                match: { spiffeID: { type: "Exact", value: "spiffe://td/a" } },
                conf: [{ http: { requestTimeout: "1s" } }],
                origin: [{ resourceMeta: meta, ruleIndex: 0 }],
              },
              { conf: [{ idleTimeout: "2s" }], origin: [{ resourceMeta: meta, ruleIndex: 1 }] },
            ],
          },
        ],
        fromRules: [],
        toRules: [],
        toResourceRules: [
          {
            resourceMeta: { type: "MeshService", name: "backend" },
            resourceSectionName: "http",
            conf: [{ connectionTimeout: "4s", idleTimeout: "3s" }],
          },
          { resourceMeta: { type: "Mesh", name: "default" }, resourceSectionName: "", conf: [{ idleTimeout: "3s" }] },
        ],
        warnings: [],
      },
      {
        type: "MeshTrafficPermission",
        inboundRules: [],
        fromRules: [
          {
            inbound,
            rules: [
              { matchers: [{ key: "team", value: "a", not: false }], conf: { action: "Allow" } },
              { matchers: [{ key: "team", value: "a", not: true }], conf: { action: "Deny" } },
            ],
          },
        ],
      },
      { type: "MeshMetric", proxyRule: { conf: { sidecar: { includeUnused: true } }, origin: [{ name: "m" }] } },
    ]);
  });

  it("say what is wrong with policies, and why there are no rules", async () => {
    const many = Array.from({ length: 40 }, (_each, index) => ({
      targetRef: { kind: "MeshSubset", tags: { [`t-${index}`]: "x" } },
      default: { idleTimeout: "1s" },
    }));
    const zone = await zoneWith(
      mesh("default"),
      dataplane("web"),
      timeout("broken", { targetRef: { kind: "MeshHTTPRoute", name: "gone" }, to: [] }),
      timeout("many", { from: many, to: [{ targetRef: { kind: "Mesh" }, default: { idleTimeout: "3s" } }] }),
    );
    expect((await get(zone, dp("_rules")))["rules"]).toMatchObject([
      {
        type: "MeshTimeout",
        fromRules: [],
        toRules: [{ matchers: [], conf: { idleTimeout: "3s" } }],
        warnings: [
          `unable to resolve TargetRef on policy: mesh:default name:broken error:"couldn't resolve MeshHTTPRoute targetRef with name 'gone'"`,
          "couldn't create From rules: the tags of 40 items can be combined in more than 10000 ways",
        ],
      },
    ]);
  });

  it("of a MeshGateway are those of a proxy of it", async () => {
    const gateway = (selectors: JsonObject[]): JsonObject => ({
      type: "MeshGateway",
      mesh: "default",
      name: "edge",
      selectors,
      conf: { listeners: [{ port: 80, protocol: "HTTP" }] },
    });
    const edge = timeout("t", {
      targetRef: { kind: "MeshGateway", name: "edge" },
      to: [{ targetRef: { kind: "Mesh" }, default: { idleTimeout: "3s" } }],
    });
    const zone = await zoneWith(exclusive, edge, gateway([{ match: { "kuma.io/service": "gw" } }]));
    expect(await get(zone, "/meshes/default/meshgateways/edge/_rules")).toMatchObject({
      resource: { type: "MeshGateway", name: "edge" },
      rules: [{ type: "MeshTimeout", toResourceRules: [{ conf: [{ idleTimeout: "3s" }] }] }],
    });
    const without = await zoneWith(exclusive, gateway([]));
    expect(await get(without, "/meshes/default/meshgateways/edge/_rules")).toMatchObject({
      status: 400,
      title: "Invalid MeshGateway",
    });
  });
});

describe("_policies and _routes", async () => {
  const matches = [{ path: { type: "Exact", value: "/" } }];
  const zone = await zoneWith(
    exclusive,
    dataplane("web"),
    service("backend"),
    policy("MeshHTTPRoute", "r", {
      to: [
        {
          targetRef: { kind: "MeshService", name: "backend" },
          rules: [
            { matches, default: { backendRefs: [{ kind: "MeshService", name: "backend", port: 80, weight: 1 }] } },
          ],
        },
      ],
    }),
    policy("MeshTCPRoute", "tcp", { to: [{ targetRef: { kind: "MeshService", name: "backend" }, rules: [] }] }),
    policy("MeshTrace", "trace", { default: { tags: [{ name: "a", literal: "b" }] } }),
    timeout("t", {
      to: [
        { targetRef: { kind: "Mesh" }, default: { idleTimeout: "3s" } },
        { targetRef: { kind: "MeshHTTPRoute", name: "r" }, default: { idleTimeout: "4s" } },
      ],
      rules: [{ default: { idleTimeout: "2s" } }],
    }),
  );

  it("of the proxy", async () => {
    expect(await get(zone, dp("_policies"))).toEqual({
      status: 200,
      policies: [
        {
          conf: { tags: [{ name: "a", literal: "b" }] },
          kind: "MeshTrace",
          origins: [{ kri: "kri_mtr_default___trace_" }],
        },
      ],
    });
  });

  it.each(["http", ""])("of the inbound %j", async (section) => {
    expect(await get(zone, dp(`_inbounds/kri_dp_default_east__web_${section}/_policies`))).toEqual({
      status: 200,
      policies: [
        {
          kind: "MeshTimeout",
          origins: [{ kri: `${MT}t_` }],
          rules: [{ conf: { idleTimeout: "2s" }, kri: `${MT}t_` }],
        },
      ],
    });
  });

  it.each([BACKEND, "kri_msvc_default___gone_http"])("of the outbound %s", async (kri) => {
    expect((await get(zone, dp(`_outbounds/${kri}/_policies`)))["policies"]).toContainEqual({
      conf: [{ idleTimeout: "3s" }],
      kind: "MeshTimeout",
      origins: [{ kri: `${MT}t_` }],
    });
  });

  it("of a route before those of its outbound", async () => {
    const ofRoute = async (name: string) =>
      (await get(zone, dp(`_outbounds/${BACKEND}/_routes/kri_mhttpr_default___${name}_/_policies`)))["policies"];
    expect(await ofRoute("r")).toEqual([
      { conf: [{ idleTimeout: "4s" }], kind: "MeshTimeout", origins: [{ kri: `${MT}t_` }, { kri: `${MT}t_` }] },
    ]);
    expect(await ofRoute("other")).toMatchObject([{ conf: [{ idleTimeout: "3s" }] }]);
  });

  it("as routes", async () => {
    const kri = "kri_mhttpr_default___r_";
    const backendRefs = [{ kind: "MeshService", name: "backend", port: 80, weight: 1 }];
    expect((await get(zone, dp(`_outbounds/${BACKEND}/_routes`)))["routes"]).toMatchObject([
      { kind: "MeshHTTPRoute", origins: [{ kri }], rules: [{ conf: { backendRefs }, kri, matches }] },
      {
        kind: "MeshTCPRoute",
        rules: [
          { conf: { backendRefs: [{ kind: "MeshService", name: "backend", weight: 1 }] }, kri: "", matches: null },
        ],
      },
    ]);
    expect((await get(zone, dp("_outbounds/kri_dp_default___x_/_routes")))["routes"]).toEqual([]);
  });

  it.each<[string, number, string, string]>([
    [dp("_inbounds/kri_dp_default_east__web_none/_policies"), 404, "Failed building response", "inbound not found"],
    [dp("_outbounds/nonsense/_policies"), 400, "Bad Request", 'bad request: invalid identifier string: "nonsense"'],
    [
      dp(`_outbounds/${BACKEND}/_routes/nonsense/_policies`),
      400,
      "Bad Request",
      'bad request: invalid identifier string: "nonsense"',
    ],
    ["/meshes/none/dataplanes/web/_policies", 404, "Failed to retrieve Mesh", "Not found"],
    ["/meshes/default/dataplanes/none/_policies", 404, "Could not retrieve Dataplane", "Not found"],
    ["/meshes/none/dataplanes/web/_rules", 404, "Failed to retrieve Mesh", "Not found"],
    ["/meshes/default/dataplanes/none/_rules", 404, "Could not retrieve Dataplane", "Not found"],
    ["/meshes/default/meshgateways/none/_rules", 404, "Could not retrieve MeshGateway", "Not found"],
    ["/meshes/none/dataplanes/web/_layout", 404, "Failed to build MeshContext", "Not found"],
    ["/meshes/default/dataplanes/none/_layout", 404, "Failed to retrieve Dataplane", "Not found"],
    ["/meshes/none/dataplanes/web/policies", 404, "Could not build MeshContext", "Not found"],
    ["/meshes/default/dataplanes/none/rules", 404, "Could not get MatchedPolicies", "Not found"],
  ])("%s is refused", async (path, status, title, detail) => {
    expect(await get(zone, path)).toMatchObject({ status, title, detail });
  });

  it.each(["_policies", "_layout"])("%s need a mesh of services", async (endpoint) => {
    const older = await zoneWith(mesh("default"), dataplane("web"));
    expect(await get(older, dp(endpoint))).toMatchObject({
      status: 400,
      title: "Bad Request",
      detail: `bad request: can't use ${endpoint} endpoint without meshService enabled`,
    });
  });
});

describe("_layout", () => {
  it("shows what is listened on, what is reached, and the identity", async () => {
    const zone = await zoneWith(
      exclusive,
      {
        ...dataplane("web", {
          listeners: [{ type: "ZoneEgress", name: "out", port: 10002 }],
          inbound: [{ port: 9090, protocol: "grpc", tags: { "kuma.io/service": "web", "kuma.io/protocol": "http" } }],
        }),
        labels: { "kuma.io/workload": "w", "kuma.io/zone": "east" },
      },
      service("backend"),
      {
        ...policy("MeshIdentity", "id", {
          selector: { dataplane: {} },
          provider: { type: "Bundled", bundled: { meshTrustCreation: "Enabled", insecureAllowSelfSigned: true } },
        }),
        status: { conditions: [{ type: "Ready", status: "True", reason: "Ready", message: "" }] },
      },
    );
    expect(await get(zone, dp("_layout"))).toMatchObject({
      kri: "kri_dp_default_east__web_",
      labels: { "kuma.io/workload": "w" },
      inbounds: [
        {
          kri: "kri_dp_default_east__web_9090",
          port: 9090,
          protocol: "grpc",
          proxyResourceName: "self_inbound_dp_9090",
        },
      ],
      listeners: [
        {
          kri: "kri_dp_default_east__web_out",
          port: 10002,
          proxyResourceName: "self_zoneegress_dp_out",
          type: "ZoneEgress",
        },
      ],
      outbounds: [{ kri: BACKEND, port: 80, protocol: "http", proxyResourceName: BACKEND }],
      spiffeId: "spiffe://default.east.mesh.local/workload/w",
    });
  });
});

describe("what came before _rules", () => {
  it("shows policies by type, and rules by tags", async () => {
    const zone = await zoneWith(
      mesh("default"),
      dataplane("web", { outbound: [{ port: 1000, tags: { "kuma.io/service": "backend" } }] }),
      timeout("t", {
        to: [{ targetRef: { kind: "MeshService", name: "backend" }, default: { idleTimeout: "1s" } }],
        from: [{ targetRef: { kind: "MeshSubset", tags: { team: "a" } }, default: { idleTimeout: "2s" } }],
      }),
      policy("MeshMetric", "m", { default: {} }),
    );
    expect(await get(zone, dp("policies"))).toMatchObject({
      kind: "SidecarDataplane",
      total: 1,
      items: [
        {
          type: "dataplane",
          matchedPolicies: {
            MeshMetric: [{ type: "MeshMetric", name: "m", kri: "kri_mm_default___m_" }],
            MeshTimeout: [{ type: "MeshTimeout", name: "t" }],
          },
        },
      ],
    });
    const origins = [{ mesh: "default", name: "t" }];
    expect(await get(zone, dp("rules"))).toMatchObject({
      total: 3,
      items: [
        { type: "SingleItem", policyType: "MeshMetric", subset: {}, conf: {} },
        {
          type: "DestinationSubset",
          name: "backend",
          addresses: ["127.0.0.1:1000"],
          service: "backend",
          subset: { "kuma.io/service": "backend" },
          conf: { idleTimeout: "1s" },
          origins,
        },
        {
          type: "ClientSubset",
          addresses: ["10.0.0.1:8080"],
          service: "web",
          subset: { team: "a" },
          conf: { idleTimeout: "2s" },
          origins,
        },
      ],
    });
  });
});
