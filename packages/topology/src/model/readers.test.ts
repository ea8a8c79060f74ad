import type { JsonObject, JsonValue } from "@isthmus/std";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dataplane, LOCAL, remoteLabels, resource } from "../testing/resources.ts";
import { healthyInstancesLabel, healthyInstancesOf } from "./healthy-instances.ts";
import { readProxyInsight } from "./proxy-insight.ts";
import { readMesh, readZoneAddress, readZoneEgress, readZoneIngress } from "./read-doors.ts";
import { readProxy } from "./read-proxy.ts";
import { readService } from "./read-service.ts";

const proxy = (networking: JsonObject, labels = {}) =>
  readProxy(resource("Dataplane", "dp", { labels, spec: { networking } }));
const inboundOf = (given: JsonObject, networking: JsonObject = {}) =>
  proxy({ address: "10.0.0.1", ...networking, inbound: [{ port: 80, ...given }] }).inbounds[0];

describe("readProxy", () => {
  it.each<[string, JsonObject, JsonObject, object]>([
    [
      "defaults",
      {},
      {},
      {
        section: "80",
        name: undefined,
        port: 80,
        address: "10.0.0.1",
        workload: { address: "10.0.0.1", port: 80 },
        tags: {},
        protocol: "tcp",
        ownProtocol: "tcp",
        state: "Ready",
        isHealthy: true,
      },
    ],
    [
      "its own address",
      { address: "10.0.0.2" },
      {},
      { address: "10.0.0.2", workload: { address: "10.0.0.2", port: 80 } },
    ],
    [
      "the advertised address for others only",
      { address: "10.0.0.2" },
      { advertisedAddress: "192.0.2.1" },
      { address: "192.0.2.1", workload: { address: "10.0.0.2", port: 80 } },
    ],
    [
      "the workload behind it",
      { serviceAddress: "127.0.0.1", servicePort: 18_080 },
      {},
      { address: "10.0.0.1", port: 80, workload: { address: "127.0.0.1", port: 18_080 } },
    ],
    ["IPv6", { address: "fd00::1" }, {}, { address: "fd00::1" }],
    ["its name", { name: "http" }, {}, { section: "http", name: "http" }],
    [
      "the protocol of the field before the tag",
      { protocol: "grpc", tags: { "kuma.io/protocol": "http" } },
      {},
      { protocol: "grpc", ownProtocol: "grpc" },
    ],
    ["the protocol of the tag", { tags: { "kuma.io/protocol": "HTTP" } }, {}, { protocol: "http", ownProtocol: "tcp" }],
    ["an unknown protocol", { protocol: "smtp" }, {}, { protocol: "tcp" }],
    ["state NotReady", { state: "NotReady" }, {}, { state: "NotReady", isHealthy: false }],
    ["state by number", { state: 2 }, {}, { state: "Ignored", isHealthy: false }],
    ["a state of a newer version", { state: "Draining" }, {}, { state: "NotReady", isHealthy: false }],
    ["health false, as proto3 prints it", { health: {} }, {}, { state: "Ready", isHealthy: false }],
    ["health true", { health: { ready: true } }, {}, { isHealthy: true }],
    ["tags that are no text", { tags: { a: "1", b: 2 } }, {}, { tags: { a: "1" } }],
  ])("inbound: %s", (_, given, networking, expected) => {
    expect(inboundOf(given, networking)).toMatchObject(expected);
  });

  it("leaves out what has no port or address, and says so", () => {
    const inbound = [{ port: 0 }, { port: 80 }, { port: 65_536 }, "odd", { port: 80.5 }];
    const listeners = [{ port: 1 }, { type: "ZoneIngress" }, { type: "ZoneEgress", port: 10_002 }];
    const view = proxy({ address: "10.0.0.1", inbound, listeners, outbound: [{ port: -1 }] });
    expect(view.inbounds.map(({ port }) => port)).toEqual([80]);
    expect(view.listeners).toEqual([
      { kind: "ZoneEgress", section: "10002", address: "10.0.0.1", port: 10_002, isReady: true },
    ]);
    expect(view.problems).toEqual([
      ...[0, 2, 3, 4].map((index) => `networking.inbound[${index}] is ignored: port is not a number from 1 to 65535`),
      "networking.listeners[0] is ignored: type is neither ZoneIngress nor ZoneEgress",
      "networking.listeners[1] is ignored: port is not a number from 1 to 65535",
      "networking.outbound[0] is ignored: port is not a number from 1 to 65535",
    ]);
    expect(proxy({ inbound: [{ port: 80 }] }).problems).toEqual([
      "networking.inbound[0] is ignored: it has no address",
    ]);
  });

  it.each<[string, object, JsonObject, string]>([
    ["the label", { "kuma.io/zone": "east" }, { inbound: [{ port: 80, tags: { "kuma.io/zone": "west" } }] }, "east"],
    ["the tag of an inbound", {}, { inbound: [{ port: 80 }, { port: 81, tags: { "kuma.io/zone": "west" } }] }, "west"],
    ["the tag of the gateway", {}, { gateway: { tags: { "kuma.io/zone": "west" } } }, "west"],
    ["nothing", {}, {}, ""],
  ])("zone from %s", (_, labels, networking, zone) => {
    expect(proxy({ address: "10.0.0.1", ...networking }, labels).zone).toBe(zone);
  });

  it("reads gateway, outbounds and what may be reached", () => {
    const view = proxy({
      address: "10.0.0.1",
      gateway: { type: "BUILTIN", tags: { a: "1" } },
      outbound: [
        { port: 1, tags: { "kuma.io/service": "x" } },
        { address: "10.0.0.1", port: 2, backendRef: { kind: "MeshService", name: "b", port: 80 } },
      ],
      transparentProxying: {
        redirectPortOutbound: 15_001,
        reachableServices: ["x"],
        reachableBackends: {
          refs: [
            { kind: "MeshService", name: "b", port: 80 },
            { kind: "MeshService", labels: { a: "1" } },
          ],
        },
      },
    });
    expect(view).toMatchObject({
      gateway: { type: "BUILTIN", tags: { a: "1" } },
      isTransparent: true,
      reachableServices: ["x"],
    });
    expect(view.outbounds).toEqual([
      { address: "127.0.0.1", port: 1, tags: { "kuma.io/service": "x" }, backendRef: undefined },
      { address: "10.0.0.1", port: 2, tags: {}, backendRef: { kind: "MeshService", name: "b", labels: {}, port: 80 } },
    ]);
    expect(view.reachableBackends).toEqual([
      { kind: "MeshService", name: "b", namespace: undefined, port: 80, labels: {} },
      { kind: "MeshService", name: undefined, namespace: undefined, port: undefined, labels: { a: "1" } },
    ]);
    expect(proxy({ gateway: {} }).gateway).toEqual({ type: "DELEGATED", tags: {} });
  });

  it("tells reachable backends that are empty from those that are absent", () => {
    expect(proxy({ transparentProxying: { reachableBackends: {} } }).reachableBackends).toEqual([]);
    expect(proxy({ transparentProxying: { reachableServices: [] } })).toMatchObject({
      reachableBackends: undefined,
      reachableServices: undefined,
      isTransparent: false,
    });
  });
});

describe("readService", () => {
  const service = (spec: JsonObject, status: JsonObject = {}, labels = {}) =>
    readService(resource("MeshService", "backend-x", { spec, status, labels }));

  it.each<[JsonObject, object | undefined]>([
    [{ dataplaneTags: { a: "1" } }, { tags: { a: "1" } }],
    [{ dataplaneLabels: { matchLabels: { a: "1" } } }, { labels: { a: "1" } }],
    [{ dataplaneLabels: {} }, { labels: {} }],
    [{ dataplaneRef: { name: "dp" }, dataplaneTags: { a: "1" } }, { name: "dp" }],
    [{ dataplaneTags: {}, dataplaneLabels: {} }, { tags: {} }],
    [{}, undefined],
  ])("selector %j", (selector, expected) => {
    expect(service({ selector })?.proxies).toEqual(expected);
  });

  it.each<[JsonObject, object]>([
    [{ port: 80 }, { port: 80, section: "80", target: 80, protocol: "tcp" }],
    [
      { port: 80, name: "http", targetPort: "web", appProtocol: "http" },
      { port: 80, section: "http", target: "web", protocol: "http" },
    ],
    [
      { port: 80, name: "", targetPort: 8080, appProtocol: "odd" },
      { port: 80, section: "80", target: 8080, protocol: "tcp" },
    ],
    [
      { port: 80, targetPort: "" },
      { port: 80, section: "80", target: 80, protocol: "tcp" },
    ],
  ])("port %j", (port, expected) => {
    expect(service({ ports: [port] })?.ports).toEqual([expected]);
  });

  it("knows its owner by labels and its user's name", () => {
    expect(service({ state: "Available" }, {}, remoteLabels("east", "backend"))).toMatchObject({
      name: "backend-x",
      displayName: "backend",
      zone: "east",
      isLocal: false,
      isAvailable: true,
    });
    expect(service({}, {}, LOCAL)).toMatchObject({
      displayName: "backend-x",
      zone: "west",
      isLocal: true,
      isAvailable: false,
    });
    expect(service({})).toMatchObject({ zone: "", isLocal: true });
  });

  it("reads addresses and host names", () => {
    const status = {
      vips: [{ ip: "241.0.0.1" }, {}],
      addresses: [{ hostname: "a" }, { hostname: "b" }, { hostname: "a" }, "odd"],
    };
    expect(service({}, status)).toMatchObject({ vips: ["241.0.0.1"], hostnames: ["a", "b"] });
  });

  it("reads the other kinds", () => {
    const all = resource("MeshMultiZoneService", "all", {
      spec: { selector: { meshService: { matchLabels: { a: "1" } } }, ports: [{ port: 80, appProtocol: "http" }] },
    });
    expect(readService(all)).toMatchObject({
      members: { a: "1" },
      proxies: undefined,
      ports: [{ port: 80, section: "80" }],
    });
    const external = resource("MeshExternalService", "x", {
      spec: { match: { port: 443, protocol: "http2" } },
      status: { vip: { ip: "242.0.0.1" } },
    });
    expect(readService(external)).toMatchObject({
      members: undefined,
      ports: [{ port: 443, section: "443", target: 443, protocol: "http2" }],
      vips: ["242.0.0.1"],
    });
    expect(readService(resource("MeshTimeout", "x"))).toBeUndefined();
  });
});

describe("doors", () => {
  it.each<[JsonObject, object]>([
    [{}, { hasMtls: false, mode: "Disabled", routing: { zoneEgress: false, isLocalityAware: false } }],
    [{ mtls: { enabledBackend: "" } }, { hasMtls: false }],
    [
      { mtls: { enabledBackend: "ca" }, meshServices: { mode: "Exclusive" } },
      { hasMtls: true, mode: "Exclusive" },
    ],
    [{ meshServices: {} }, { mode: "Disabled" }],
    [{ meshServices: { mode: "Newer" } }, { mode: "Disabled" }],
    [
      { routing: { zoneEgress: true, localityAwareLoadBalancing: true } },
      { routing: { zoneEgress: true, isLocalityAware: true } },
    ],
  ])("mesh %j", (spec, expected) => {
    expect(readMesh(resource("Mesh", "default", { spec }))).toMatchObject(expected);
  });

  it.each<[JsonObject, object | undefined]>([
    [
      { advertisedAddress: "192.0.2.1", advertisedPort: 10_001 },
      { address: "192.0.2.1", port: 10_001 },
    ],
    [{ advertisedAddress: "192.0.2.1" }, undefined],
    [{ advertisedPort: 10_001 }, undefined],
    [{ advertisedAddress: "192.0.2.1", advertisedPort: 70_000 }, undefined],
    [{}, undefined],
  ])("ingress with %j", (networking, advertised) => {
    const view = readZoneIngress(resource("ZoneIngress", "zi", { spec: { networking } }));
    expect(view.advertised).toEqual(advertised);
    expect(view.problems.length).toBe(advertised === undefined ? 1 : 0);
  });

  it("reads where doors are, and whose", () => {
    const spec = {
      zone: "east",
      networking: { address: "10.0.0.1", port: 10_001 },
      availableServices: [{ mesh: "m", instances: 2 }, { instances: 1 }],
    };
    expect(readZoneIngress(resource("ZoneIngress", "zi", { spec }))).toMatchObject({
      zone: "east",
      address: "10.0.0.1",
      port: 10_001,
      availableServices: [{ mesh: "m", tags: {}, instances: 2, isExternal: false }],
    });
    expect(readZoneEgress(resource("ZoneEgress", "ze", { spec }))).toMatchObject({
      zone: "east",
      address: "10.0.0.1",
      port: 10_001,
    });
    expect(readZoneEgress(resource("ZoneEgress", "ze", { labels: LOCAL }))).toMatchObject({ zone: "west" });
    const address = resource("MeshZoneAddress", "a", { labels: LOCAL, spec: { address: "east.example", port: 1 } });
    expect(readZoneAddress(address)).toMatchObject({ zone: "west", address: "east.example", port: 1 });
    expect(readZoneAddress({ ...address, spec: { address: "east.example" } })).toBeUndefined();
  });
});

describe("insights", () => {
  it.each<[JsonObject, boolean]>([
    [{}, false],
    [{ subscriptions: [{ connectTime: "t" }] }, true],
    [{ subscriptions: [{ connectTime: "t", disconnectTime: "t" }] }, false],
    [{ subscriptions: [{ connectTime: "t" }, { connectTime: "t", disconnectTime: "t" }] }, true],
    [{ subscriptions: [{}] }, false],
  ])("%j is online: %s", (spec, isOnline) => {
    expect(readProxyInsight(resource("DataplaneInsight", "dp", { spec })).isOnline).toBe(isOnline);
  });
});

describe("healthy instances", () => {
  const view = (labels: Record<string, string>, status?: JsonObject) => {
    const service = readService(resource("MeshService", "b", { labels, ...(status === undefined ? {} : { status }) }));
    if (service === undefined) throw new Error("no service");
    return healthyInstancesOf(service);
  };

  it.each<[string, number | undefined]>([
    ["0", 0],
    ["7", 7],
    ["999999999", 100_000],
    ["9999999999", undefined],
    ["-1", undefined],
    ["1.5", undefined],
    ["many", undefined],
    ["", undefined],
  ])("of another zone with label %j: %s", (label, expected) => {
    expect(view({ ...remoteLabels("east", "b"), "isthmus.io/healthy-instances": label })).toBe(expected);
  });

  it("of another zone that does not say are unknown; at home the status says it, not the label", () => {
    expect(view(remoteLabels("east", "b"), { dataplaneProxies: { healthy: 3 } })).toBeUndefined();
    expect(view({ ...LOCAL, "isthmus.io/healthy-instances": "9" }, { dataplaneProxies: { healthy: 3 } })).toBe(3);
    expect(view(LOCAL, { dataplaneProxies: {} })).toBe(0);
    expect(view(LOCAL)).toBeUndefined();
    const external = readService(resource("MeshExternalService", "x"));
    expect(external && healthyInstancesOf(external)).toBeUndefined();
  });

  it("are told exactly up to 15, then to four bits", () => {
    for (let count = 0; count <= 15; count += 1) expect(healthyInstancesLabel(count)).toBe(String(count));
    expect([16, 17, 18, 31, 32, 33, 100, 1000].map(healthyInstancesLabel)).toEqual([
      "16",
      "18",
      "18",
      "32",
      "32",
      "32",
      "104",
      "1024",
    ]);
    fc.assert(
      fc.property(fc.integer({ min: 16, max: 100_000 }), (count) => {
        expect(Math.abs(Number(healthyInstancesLabel(count)) - count) / count).toBeLessThanOrEqual(1 / 16);
      }),
    );
  });
});

describe("readers never throw", () => {
  const word = fc.constantFrom(
    "networking",
    "inbound",
    "port",
    "tags",
    "state",
    "health",
    "gateway",
    "listeners",
    "outbound",
    "backendRef",
    "spec",
    "transparentProxying",
    "reachableBackends",
    "refs",
    "selector",
    "dataplaneTags",
    "dataplaneRef",
    "dataplaneLabels",
    "matchLabels",
    "meshService",
    "ports",
    "targetPort",
    "match",
    "status",
    "vips",
    "vip",
    "addresses",
    "subscriptions",
    "mTLS",
    "mtls",
    "meshServices",
    "routing",
    "availableServices",
    "advertisedPort",
    "dataplaneProxies",
    "healthy",
  );
  const { json } = fc.letrec<{ json: JsonValue }>((tie) => ({
    json: fc.oneof(
      { maxDepth: 5, depthSize: "small" },
      fc.constantFrom<JsonValue>(null, true, 0, 80, -1, 1.5, 1e300, "", "a", "Ready"),
      fc.array(tie("json"), { maxLength: 3 }),
      fc.dictionary(word, tie("json"), { maxKeys: 5 }),
    ),
  }));
  const object = fc.dictionary(word, json, { maxKeys: 6 });

  it("whatever a resource holds", () => {
    fc.assert(
      fc.property(object, object, (spec, status) => {
        const odd = (type: string) => resource(type, "odd", { spec, status });
        readProxy(odd("Dataplane"));
        for (const kind of ["MeshService", "MeshMultiZoneService", "MeshExternalService"]) {
          const service = readService(odd(kind));
          if (service !== undefined) healthyInstancesOf(service);
        }
        readMesh(odd("Mesh"));
        readZoneIngress(odd("ZoneIngress"));
        readZoneEgress(odd("ZoneEgress"));
        readZoneAddress(odd("MeshZoneAddress"));
        readProxyInsight(odd("DataplaneInsight"));
      }),
      { numRuns: 500 },
    );
  });

  it("and what is fine beside it is kept", () => {
    const good = dataplane("dp", [{ port: 80, service: "web" }]);
    const networking = good.spec.networking as JsonObject;
    fc.assert(
      fc.property(json, (odd) => {
        const inbound = [odd, ...(networking.inbound as JsonValue[])];
        const view = readProxy({ ...good, spec: { networking: { ...networking, inbound } } });
        expect(view.inbounds.at(-1)).toEqual(readProxy(good).inbounds[0]);
      }),
    );
  });
});
