/** What the inspect endpoints answer; that they answer as Kuma does is shown by `e2e/contract`. */
import type { JsonObject } from "@isthmus/std";
import { describe, expect, it } from "vitest";
import { mesh, type Rig, rig } from "../testing/rig.ts";

const exclusive = { ...mesh("default"), meshServices: { mode: "Exclusive" } };
const dataplane = (name: string, more: JsonObject = {}): JsonObject => ({
  type: "Dataplane",
  mesh: "default",
  name,
  networking: {
    address: "10.0.0.1",
    inbound: [{ port: 8080, name: "http", tags: { "kuma.io/service": name, "kuma.io/protocol": "http" } }],
    ...more,
  },
});
const policy = (type: string, name: string, spec: JsonObject, labels: JsonObject = {}): JsonObject => ({
  type,
  mesh: "default",
  name,
  labels,
  spec,
});
const service = (name: string): JsonObject =>
  policy("MeshService", name, {
    selector: { dataplaneTags: { "kuma.io/service": name } },
    ports: [{ port: 80, name: "http", targetPort: 8080, appProtocol: "http" }],
  });
const timeout = (name: string, spec: JsonObject): JsonObject => policy("MeshTimeout", name, spec);
const MT = "kri_mt_default___";
const BACKEND = "kri_msvc_default___backend_http";

async function zoneWith(...documents: readonly JsonObject[]): Promise<Rig> {
  const zone = rig({ mode: "zone", zoneName: "east" });
  await zone.seed(...documents);
  return zone;
}
async function get({ ask }: Rig, path: string): Promise<Record<string, unknown>> {
  const { status, text } = await ask("GET", path);
  return { status, ...(JSON.parse(text) as JsonObject) };
}
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

describe("Dataplanes of a resource", async () => {
  const zone = await zoneWith(
    exclusive,
    dataplane("web"),
    dataplane("web-2"),
    dataplane("other"),
    service("web"),
    policy("MeshService", "by-name", { selector: { dataplaneRef: { name: "other" } } }),
    policy("MeshService", "by-labels", { selector: { dataplaneLabels: { matchLabels: { a: "b" } } } }),
    policy("MeshService", "by-nothing", { selector: {} }),
    timeout("t", { targetRef: { kind: "MeshSubset", tags: { "kuma.io/service": "web-2" } } }),
    timeout("all", {}),
    {
      type: "TrafficLog",
      mesh: "default",
      name: "log",
      sources: [{ match: { "kuma.io/service": "web" } }],
      destinations: [],
    },
    { type: "TrafficTrace", mesh: "default", name: "trace", selectors: [{ match: { "kuma.io/service": "*" } }] },
  );
  const names = async (path: string) => {
    const { items, total, next } = await get(zone, `/meshes/default/${path}`);
    return { names: (items as readonly { name: string }[]).map(({ name }) => name), total, next };
  };

  it.each<[string, readonly string[]]>([
    ["meshtimeouts/t/_resources/dataplanes", ["web-2"]],
    ["meshtimeouts/all/_resources/dataplanes?name=web", ["web", "web-2"]],
    ["traffic-logs/log/_resources/dataplanes", ["web"]],
    ["traffic-traces/trace/_resources/dataplanes", ["other", "web", "web-2"]],
    ["meshservices/web/_resources/dataplanes", ["web"]],
    ["meshservices/web/_dataplanes", ["web"]],
    ["meshservices/by-name/_dataplanes", ["other"]],
    ["meshservices/by-labels/_dataplanes", []],
    ["meshservices/by-nothing/_dataplanes", []],
  ])("%s", async (path, expected) => {
    expect(await names(path)).toEqual({ names: expected, total: expected.length, next: undefined });
  });

  it("come in pages", async () => {
    expect(await names("meshtimeouts/all/_resources/dataplanes?size=2")).toEqual({
      names: ["other", "web"],
      total: 3,
      next: "http://localhost:5681/meshes/default/meshtimeouts/all/_resources/dataplanes?offset=2&size=2",
    });
  });

  it("in the older form are attachments, none for policies that are not in effect", async () => {
    expect(await get(zone, "/meshes/default/meshtimeouts/t/dataplanes")).toEqual({
      status: 200,
      total: 1,
      items: [
        {
          kind: "SidecarDataplane",
          dataplane: { mesh: "default", name: "web-2" },
          attachments: [{ type: "dataplane" }],
        },
      ],
    });
    for (const path of ["traffic-logs/log", "meshtimeouts/none"]) {
      expect(await get(zone, `/meshes/default/${path}/dataplanes`)).toEqual({ status: 200, total: 0, items: [] });
    }
  });

  it.each<[string, number, string]>([
    ["/meshes/none/meshtimeouts/t/_resources/dataplanes", 404, "Failed to retrieve Mesh"],
    ["/meshes/default/meshtimeouts/none/_resources/dataplanes", 404, "Could not retrieve policy"],
    ["/meshes/default/meshtimeouts/t/_resources/dataplanes?size=x", 400, "Could not retrieve policy"],
    ["/meshes/default/meshtimeouts/t/_resources/dataplanes?offset=x", 400, "failed inspect"],
    ["/meshes/default/meshservices/none/_dataplanes", 404, "Could not retrieve policy"],
    ["/meshes/none/meshtimeouts/t/dataplanes", 404, "Could not list Dataplanes"],
    ["/meshes/default/meshgateways/none/dataplanes", 404, "Could not find MeshGateway"],
  ])("%s is refused", async (path, status, title) => {
    expect(await get(zone, path)).toMatchObject({ status, title });
  });

  it("of a MeshGateway are its builtin gateways", async () => {
    const gateways = await zoneWith(
      exclusive,
      dataplane("sidecar"),
      dataplane("gw", { inbound: [], gateway: { type: "BUILTIN", tags: { "kuma.io/service": "gw" } } }),
      dataplane("delegated", { inbound: [], gateway: { tags: { "kuma.io/service": "gw" } } }),
      {
        type: "MeshGateway",
        mesh: "default",
        name: "edge",
        selectors: [{ match: { "kuma.io/service": "gw" } }],
        conf: { listeners: [{ port: 80, protocol: "HTTP" }] },
      },
    );
    expect(await get(gateways, "/meshes/default/meshgateways/edge/dataplanes")).toEqual({
      status: 200,
      total: 1,
      items: [{ dataplane: { mesh: "default", name: "gw" } }],
    });
    expect(await get(gateways, "/meshes/default/dataplanes/gw/policies")).toEqual({
      status: 200,
      kind: "MeshGatewayDataplane",
      gateway: { mesh: "default", name: "edge" },
      listeners: [{ port: 80, protocol: "HTTP", hosts: [] }],
    });
  });
});

describe("_hostnames", () => {
  const generator = (name: string, matchLabels: JsonObject, template: string): JsonObject => ({
    type: "HostnameGenerator",
    name,
    spec: { selector: { meshService: { matchLabels } }, template },
  });
  const backend = { ...service("backend"), labels: { "kuma.io/origin": "zone", "kuma.io/zone": "east" } };
  const generators = [
    generator("zone", { "kuma.io/origin": "zone" }, "{{ .DisplayName }}.own"),
    generator("global", { "kuma.io/origin": "global" }, "{{ .DisplayName }}.{{ .Zone }}.other"),
    generator("loud", { "kuma.io/zone": "east" }, "{{ .DisplayName }}_X"),
    generator("broken", { "kuma.io/zone": "east" }, '{{ label "none" }}'),
  ];
  const item = (hostname: string) => ({ hostname, zones: [{ name: "east" }] });

  it("on a zone are those of the service as it is there", async () => {
    const zone = await zoneWith(exclusive, backend, ...generators);
    expect(await get(zone, "/meshes/default/meshservices/backend/_hostnames")).toEqual({
      status: 200,
      items: [item("backend.own"), item("backend_X")],
      total: 2,
    });
  });

  it("on a global are those of the service as any zone sees it", async () => {
    const global = rig();
    await global.seed(exclusive, backend, ...generators);
    expect(await get(global, "/meshes/default/meshservices/backend/_hostnames")).toMatchObject({
      items: [item("backend.east.other"), item("backend.own"), item("backend_X")],
      total: 3,
    });
  });

  it("are null where there are none, and only of services", async () => {
    const zone = await zoneWith(exclusive, backend, dataplane("web"));
    expect(await get(zone, "/meshes/default/meshservices/backend/_hostnames")).toEqual({
      status: 200,
      items: null,
      total: 0,
    });
    expect(await get(zone, "/meshes/default/meshservices/none/_hostnames")).toMatchObject({
      status: 404,
      title: "could not retrieve service",
    });
    expect(await get(zone, "/meshes/default/meshtimeouts/t/_hostnames")).toMatchObject({
      status: 400,
      title: 'only "meshservices,meshexternalservices,meshmultizoneservices" are available for inspection',
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
