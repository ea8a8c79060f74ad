import type { Labels, Resource } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import { describe, expect, it } from "vitest";
import { readService } from "../model/read-service.ts";
import type { Service } from "../model/service.ts";
import {
  dataplane,
  insight,
  LOCAL,
  mesh,
  meshService,
  remoteLabels,
  resource,
  SETTINGS,
  secureMesh,
} from "../testing/resources.ts";
import { snapshotWorld } from "../world/snapshot-world.ts";
import type { TopologySettings } from "../world/world.ts";
import { type MeshServiceFacts, meshServiceFacts, withMeshServiceFacts } from "./mesh-service-facts.ts";
import type { GeneratorSettings } from "./wanted-mesh-service.ts";

const GENERATOR: GeneratorSettings = {
  isByWorkload: false,
  propagation: { isEnabled: false, allowedKeys: [] },
  deletionGracePeriodMs: 0,
};
const OPEN = mesh("default", { meshServices: { mode: "Exclusive" } });

function viewOf(service: Resource): Service {
  const view = readService(service);
  if (view === undefined) throw new Error("no service");
  return view;
}

function factsOf(
  service: Resource,
  others: readonly Resource[],
  settings: TopologySettings = SETTINGS,
): MeshServiceFacts {
  const meshes = others.some(({ type }) => type === "Mesh") ? [] : [OPEN];
  const facts = meshServiceFacts(snapshotWorld([...meshes, service, ...others], settings), viewOf(service), GENERATOR);
  if (facts === undefined) throw new Error("no facts");
  return facts;
}

const instance = (name: string, given: { state?: string; tags?: Labels; labels?: Labels } = {}): Resource =>
  dataplane(
    name,
    [
      {
        port: 80,
        service: "backend",
        tags: given.tags ?? {},
        ...(given.state === undefined ? {} : { state: given.state }),
      },
    ],
    {
      labels: given.labels ?? LOCAL,
    },
  );

const BACKEND = meshService("backend", [80]);

function identity(
  name: string,
  matchLabels: Labels | undefined,
  spec: JsonObject = {},
  ready = "True",
  reason = "Ready",
): Resource {
  return resource("MeshIdentity", name, {
    spec: { ...(matchLabels === undefined ? {} : { selector: { dataplane: { matchLabels } } }), ...spec },
    status: { conditions: [{ type: "Ready", status: ready, reason, message: "" }] },
  });
}

const trust = (trustDomain: string, meshName = "default"): Resource =>
  resource("MeshTrust", `trust-${trustDomain}`, { mesh: meshName, spec: { trustDomain, caBundles: [] } });

describe("counts of proxies and availability", () => {
  it.each<[string, readonly Resource[], MeshServiceFacts["proxies"], boolean]>([
    ["no proxies", [], { connected: 0, healthy: 0, total: 0 }, false],
    ["a proxy that was never connected", [instance("a")], { connected: 0, healthy: 1, total: 1 }, true],
    ["a connected one", [instance("a"), insight("a")], { connected: 1, healthy: 1, total: 1 }, true],
    [
      "one that has gone",
      [instance("a"), insight("a", { isOnline: false })],
      { connected: 0, healthy: 1, total: 1 },
      true,
    ],
    [
      "one that is not ready",
      [instance("a", { state: "NotReady" }), insight("a")],
      { connected: 1, healthy: 0, total: 1 },
      false,
    ],
    ["one that is ignored", [instance("a", { state: "Ignored" })], { connected: 0, healthy: 0, total: 1 }, false],
    ["one of two", [instance("a"), instance("b", { state: "NotReady" })], { connected: 0, healthy: 1, total: 2 }, true],
    [
      "others in the mesh",
      [dataplane("x", [{ port: 80, service: "other" }])],
      { connected: 0, healthy: 0, total: 0 },
      false,
    ],
    [
      "others in another mesh",
      [dataplane("x", [{ port: 80, service: "backend" }], { mesh: "other" })],
      { connected: 0, healthy: 0, total: 0 },
      false,
    ],
  ])("with %s", (_, others, proxies, isAvailable) => {
    expect(factsOf(BACKEND, others)).toMatchObject({ proxies, isAvailable });
  });

  it("a proxy is healthy when it serves every port", () => {
    const two = meshService("backend", [80, 81]);
    const both = dataplane("a", [{ port: 80, service: "backend" }, { port: 81 }]);
    const oneDown = dataplane("b", [
      { port: 80, service: "backend" },
      { port: 81, state: "NotReady" },
    ]);
    const one = dataplane("c", [{ port: 80, service: "backend" }]);
    expect(factsOf(two, [both, oneDown, one]).proxies).toEqual({ connected: 0, healthy: 1, total: 3 });
  });

  it("a port leads to its targetPort: a number to a port, a text to a name", () => {
    const service = (targetPort: number | string) => meshService("backend", [{ port: 8080, targetPort }]);
    const proxy = dataplane("a", [{ port: 80, service: "backend", name: "http" }]);
    expect(factsOf(service(80), [proxy]).isAvailable).toBe(true);
    expect(factsOf(service(8080), [proxy]).isAvailable).toBe(false);
    expect(factsOf(service("http"), [proxy]).isAvailable).toBe(true);
    expect(factsOf(service("80"), [proxy]).isAvailable).toBe(false);
    expect(factsOf(meshService("backend", [{ port: 80 }]), [proxy]).isAvailable).toBe(true);
  });

  it("health that an older peer reports counts", () => {
    const networking = {
      address: "10.0.0.1",
      inbound: [{ port: 80, tags: { "kuma.io/service": "backend" }, health: {} }],
    };
    const proxy = resource("Dataplane", "a", { spec: { networking } });
    expect(factsOf(BACKEND, [proxy]).proxies).toEqual({ connected: 0, healthy: 0, total: 1 });
  });

  it.each<[string, JsonObject, number]>([
    ["labels", { dataplaneLabels: { matchLabels: { team: "a" } } }, 1],
    ["a name", { dataplaneRef: { name: "b" } }, 1],
    ["nothing", {}, 0],
  ])("selects by %s", (_, selector, total) => {
    const service = meshService("s", [80], { spec: { selector } });
    const proxies = [instance("a", { labels: { team: "a" } }), instance("b")];
    expect(factsOf(service, proxies).proxies.total).toBe(total);
  });
});

describe("identities", () => {
  it("are the tags of all inbounds and the gateway, sorted, else the workload", () => {
    const two = dataplane("a", [
      { port: 80, service: "backend" },
      { port: 81, service: "admin" },
    ]);
    const tagless = dataplane("c", [{ port: 80 }], { labels: { "kuma.io/workload": "wl" } });
    const selector = { dataplaneLabels: { matchLabels: {} } };
    const { identities } = factsOf(meshService("all", [80], { spec: { selector } }), [two, instance("b"), tagless]);
    expect(identities).toEqual(["admin", "backend", "wl"].map((value) => ({ type: "ServiceTag", value })));
  });

  const labels = { "kuma.io/workload": "wl", "kuma.io/zone": "west", team: "a" };
  const spiffe = (identities: readonly Resource[], proxyLabels: Labels = labels): readonly string[] =>
    factsOf(BACKEND, [instance("a", { labels: proxyLabels }), ...identities])
      .identities.filter(({ type }) => type === "SpiffeID")
      .map(({ value }) => value);

  it.each<[string, readonly Resource[], readonly string[]]>([
    ["the defaults", [identity("i", {})], ["spiffe://default.west.mesh.local/workload/wl"]],
    ["none without a selector", [identity("i", undefined)], []],
    ["none for others", [identity("i", { team: "b" })], []],
    ["none before it is ready", [identity("i", {}, {}, "False", "Failure")], []],
    [
      "one that only gives ids",
      [identity("i", {}, {}, "False", "PartiallyReady")],
      ["spiffe://default.west.mesh.local/workload/wl"],
    ],
    [
      "all that match, sorted",
      [
        identity("i", {}, { spiffeID: { trustDomain: "z.example", path: "/x" } }),
        identity("j", { team: "a" }, { spiffeID: { trustDomain: "a.example" } }),
      ],
      ["spiffe://a.example/workload/wl", "spiffe://z.example/x"],
    ],
    [
      "labels",
      [identity("i", {}, { spiffeID: { trustDomain: "{{ .Zone }}.example", path: '/t/{{ label "team" }}' } })],
      ["spiffe://west.example/t/a"],
    ],
    ["none when a label is missing", [identity("i", {}, { spiffeID: { path: '/{{ label "nope" }}' } })], []],
    ["none for a broken template", [identity("i", {}, { spiffeID: { path: "/{{" } })], []],
    [
      "none that is no SPIFFE id",
      [
        identity("i", {}, { spiffeID: { trustDomain: "UPPER" } }),
        identity("j", {}, { spiffeID: { path: "/a//b" } }),
        identity("k", {}, { spiffeID: { path: "/../b" } }),
      ],
      [],
    ],
  ])("SPIFFE: %s", (_, identities, expected) => {
    expect(spiffe(identities)).toEqual(expected);
  });

  it("SPIFFE: the own zone where the proxy does not say, and none without a workload", () => {
    expect(spiffe([identity("i", {})], { "kuma.io/workload": "wl" })).toEqual([
      "spiffe://default.west.mesh.local/workload/wl",
    ]);
    expect(spiffe([identity("i", {})], {})).toEqual([]);
  });

  it("SPIFFE: by service account on Kubernetes", () => {
    const kubernetes = {
      "kuma.io/env": "kubernetes",
      "k8s.kuma.io/namespace": "ns",
      "k8s.kuma.io/service-account": "sa",
    };
    expect(spiffe([identity("i", {})], kubernetes)).toEqual(["spiffe://default.west.mesh.local/ns/ns/sa/sa"]);
  });
});

describe("TLS readiness", () => {
  const td = "default.west.mesh.local";
  it.each<[string, readonly Resource[], MeshServiceFacts["tls"]]>([
    ["neither mTLS nor identity", [instance("a")], "never"],
    ["mTLS and no proxies", [secureMesh()], "ready"],
    ["mTLS and all certificates", [secureMesh(), instance("a"), insight("a", { issuedBackend: "ca-1" })], "ready"],
    ["mTLS and a proxy without certificate", [secureMesh(), instance("a"), insight("a")], "notReady"],
    [
      "mTLS and a proxy without insight",
      [secureMesh(), instance("a"), instance("b"), insight("a", { issuedBackend: "ca-1" })],
      "notReady",
    ],
    [
      "mTLS decides before identities",
      [secureMesh(), instance("a"), insight("a", { issuedBackend: "ca-1" }), identity("i", {})],
      "ready",
    ],
    ["identity and trust", [instance("a"), identity("i", {}), trust(td)], "ready"],
    ["identity without trust", [instance("a"), identity("i", {}), trust("elsewhere")], "notReady"],
    ["trust of another mesh", [instance("a"), identity("i", {}), trust(td, "other")], "notReady"],
    ["identity that does not match", [instance("a"), identity("i", { team: "a" }), trust(td)], "notReady"],
    [
      "identity that is not ready",
      [instance("a"), identity("i", {}, {}, "False", "PartiallyReady"), trust(td)],
      "notReady",
    ],
    ["identity of Spire", [instance("a"), identity("i", {}, { provider: { type: "Spire" } })], "ready"],
    [
      "the most specific identity decides",
      [
        instance("a"),
        identity("i", {}),
        identity("j", { "kuma.io/zone": "west" }, { spiffeID: { trustDomain: "x" } }),
        trust(td),
      ],
      "notReady",
    ],
    [
      "of two alike the smaller name",
      [instance("a"), identity("j", {}, { spiffeID: { trustDomain: "x" } }), identity("i", {}), trust(td)],
      "ready",
    ],
  ])("with %s: %s", (_, others, expected) => {
    expect(factsOf(BACKEND, others).tls).toBe(expected);
  });

  const facts = (tls: MeshServiceFacts["tls"]) => ({ ...factsOf(BACKEND, []), tls });
  const after = (before: string | undefined, tls: MeshServiceFacts["tls"]) => {
    const status = before === undefined ? { tls: {} } : { tls: { status: before } };
    return withMeshServiceFacts({ ...BACKEND, status }, facts(tls)).status?.tls;
  };

  it.each([
    ["Ready", "notReady", "Ready"],
    ["Ready", "never", "NotReady"],
    ["NotReady", "ready", "Ready"],
    ["NotReady", "notReady", "NotReady"],
    [undefined, "ready", "Ready"],
    [undefined, "notReady", "NotReady"],
  ] as const)("from %s, found %s, to %s", (before, tls, expected) => {
    expect(after(before, tls)).toEqual({ status: expected });
  });
});

describe("the label for other zones", () => {
  const proxies = ["a", "b"].map((name) => instance(name));

  it("is the number of healthy instances in mode isthmus", () => {
    expect(factsOf(BACKEND, proxies).healthyLabel).toBe("2");
    const written = withMeshServiceFacts(BACKEND, factsOf(BACKEND, proxies));
    expect(written.labels).toEqual({ ...LOCAL, "isthmus.io/healthy-instances": "2" });
  });

  it("is taken away in mode kuma", () => {
    const marked = { ...BACKEND, labels: { ...LOCAL, "isthmus.io/healthy-instances": "2" } };
    const written = withMeshServiceFacts(marked, factsOf(marked, proxies, { ...SETTINGS, remoteWeights: "kuma" }));
    expect(written.labels).toEqual(LOCAL);
  });
});

describe("conditions", () => {
  const generated = meshService("backend", [{ name: "80", port: 80, targetPort: 80, appProtocol: "tcp" }], {
    labels: { ...LOCAL, "kuma.io/managed-by": "meshservice-generator" },
  });
  const other = dataplane("b", [{ port: 81, service: "backend" }]);

  it("name the Dataplanes whose ports differ, as long as they do", () => {
    const facts = factsOf(generated, [instance("a"), other]);
    expect(facts.conditions).toEqual([
      {
        type: "PortsConflict",
        status: "True",
        reason: "DataplanesDiffer",
        message: "Ports differ from those of the service: Dataplane(s) b",
      },
    ]);
    const conflicting = withMeshServiceFacts(generated, facts);
    expect(conflicting.status?.conditions).toEqual(facts.conditions);
    const healed = withMeshServiceFacts(conflicting, factsOf(generated, [instance("a")]));
    expect(healed.status).not.toHaveProperty("conditions");
  });

  it("say nothing of services made by hand", () => {
    expect(factsOf(BACKEND, [instance("a"), other]).conditions).toEqual([]);
  });

  it("name what is malformed", () => {
    const odd = meshService("backend", [{ port: 0 }, { port: 80 }, { port: 80, name: "again" }]);
    expect(factsOf(odd, []).conditions).toEqual([
      {
        type: "Malformed",
        status: "True",
        reason: "PartsIgnored",
        message:
          "spec.ports[0] is ignored: port is not a number from 1 to 65535; spec.ports[2] is ignored: port 80 is already taken",
      },
    ]);
  });
});

describe("writing facts", () => {
  it("keeps addresses and host names, and the order of Kuma", () => {
    const vips = [{ ip: "241.0.0.1" }];
    const addresses = [{ hostname: "backend.svc.mesh.local" }];
    const stored = { ...BACKEND, status: { dataplaneProxies: {}, vips, tls: {}, addresses, hostnameGenerators: [] } };
    const { spec, status } = withMeshServiceFacts(stored, factsOf(BACKEND, [instance("a")]));
    expect(status).toEqual({
      addresses,
      vips,
      tls: { status: "NotReady" },
      hostnameGenerators: [],
      dataplaneProxies: { healthy: 1, total: 1 },
    });
    expect(Object.keys(status ?? {})).toEqual(["addresses", "vips", "tls", "hostnameGenerators", "dataplaneProxies"]);
    expect(Object.keys(spec)).toEqual(["state", "selector", "ports", "identities"]);
  });

  it("keeps identities when no instance is left, follows the next one, and changes nothing twice", () => {
    const first = withMeshServiceFacts(BACKEND, factsOf(BACKEND, [instance("a")]));
    const facts = factsOf(first, []);
    const second = withMeshServiceFacts(first, facts);
    expect(second.spec).toEqual({ ...first.spec, state: "Unavailable" });
    expect(withMeshServiceFacts(second, facts)).toBe(second);
    const nameless = { ...factsOf(first, [instance("a")]), identities: [] };
    expect(withMeshServiceFacts(second, nameless).spec).toEqual({ ...BACKEND.spec, state: "Available" });
  });
});

describe("no facts", () => {
  it.each([
    ["a service of another zone", meshService("b", [80], { labels: remoteLabels("east", "b") }), [OPEN]],
    ["a mesh that is not known", BACKEND, []],
    ["a service of another kind", resource("MeshExternalService", "x"), [OPEN]],
  ])("for %s", (_, service, others) => {
    const world = snapshotWorld([service, ...others], SETTINGS);
    expect(meshServiceFacts(world, viewOf(service), GENERATOR)).toBeUndefined();
  });
});
