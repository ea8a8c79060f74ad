import type { Labels, Resource } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import { describe, expect, it } from "vitest";
import { matchPolicy } from "./match-policy.ts";
import { proxyOf } from "./proxy.ts";
import { dataplane, policy, resource } from "./testing/builders.ts";

const sectionsOf = (
  targetRef: JsonObject | undefined,
  proxy: Resource,
  labels: Labels = {},
  gateway?: Resource,
): readonly string[] | string => {
  const match = matchPolicy(
    policy("p", { labels, ...(targetRef === undefined ? {} : { targetRef }) }),
    proxyOf(proxy, gateway),
  );
  if (!match.matched) return match.reason;
  const { sections, isDelegatedGateway } = match.selection;
  return isDelegatedGateway ? ["the gateway"] : sections.map(({ address, port }) => `${address}:${port}`);
};

const BOTH = ["10.0.0.1:8080", "10.0.0.9:9090"];
const NOTHING = "selects no inbound, listener or gateway of the proxy";

const zoneProxy = resource("Dataplane", "zp", {
  networking: {
    address: "10.0.0.5",
    listeners: [
      { type: "ZoneIngress", port: 10001, name: "in" },
      { type: "ZoneEgress", address: "10.0.0.6", port: 10002 },
    ],
  },
});
const delegated = resource("Dataplane", "kong", {
  networking: { address: "10.0.0.7", gateway: { tags: { "kuma.io/service": "kong" } } },
});
const builtin = resource("Dataplane", "edge-1", {
  networking: { address: "10.0.0.8", gateway: { type: "BUILTIN", tags: { "kuma.io/service": "edge" } } },
});
const edge = resource(
  "MeshGateway",
  "edge.ns",
  {
    selectors: [{ match: { "kuma.io/service": "edge" } }],
    tags: { tier: "front" },
    conf: {
      listeners: [
        { port: 80, tags: { vhost: "a" } },
        { port: 443, hostname: "b.test", tags: { vhost: "b" } },
      ],
    },
  },
  { "kuma.io/display-name": "edge" },
);

describe("top-level targetRef", () => {
  const app = dataplane("web-1", { app: "web" });
  it.each<[string, JsonObject | undefined, Resource, readonly string[] | string]>([
    ["absent: everything", undefined, app, BOTH],
    ["Mesh", { kind: "Mesh" }, app, BOTH],
    ["Mesh for the proxy's type", { kind: "Mesh", proxyTypes: ["Sidecar"] }, app, BOTH],
    [
      "Mesh for another type",
      { kind: "Mesh", proxyTypes: ["Gateway"] },
      app,
      "is for proxies of type Gateway, this one is a Sidecar",
    ],
    ["Mesh with zone-proxy listeners", { kind: "Mesh" }, zoneProxy, ["10.0.0.5:10001", "10.0.0.6:10002"]],
    ["Mesh and a delegated gateway", { kind: "Mesh", proxyTypes: ["Gateway"] }, delegated, ["the gateway"]],
    ["Mesh and a proxy without sections", { kind: "Mesh" }, resource("Dataplane", "x", { networking: {} }), NOTHING],
    ["MeshSubset by a tag", { kind: "MeshSubset", tags: { version: "v2" } }, app, ["10.0.0.9:9090"]],
    ["MeshSubset by any value", { kind: "MeshSubset", tags: { version: "*" } }, app, BOTH],
    ["MeshSubset by a tag nobody has", { kind: "MeshSubset", tags: { region: "*" } }, app, NOTHING],
    ["MeshSubset without tags", { kind: "MeshSubset" }, app, BOTH],
    [
      "MeshSubset for another type",
      { kind: "MeshSubset", proxyTypes: ["Gateway"] },
      app,
      "is for proxies of type Gateway, this one is a Sidecar",
    ],
    ["MeshSubset never selects listeners", { kind: "MeshSubset" }, zoneProxy, NOTHING],
    [
      "MeshSubset and a delegated gateway",
      { kind: "MeshSubset", tags: { "kuma.io/service": "kong" } },
      delegated,
      ["the gateway"],
    ],
    ["MeshService", { kind: "MeshService", name: "web" }, app, ["10.0.0.1:8080"]],
    ["MeshService of others", { kind: "MeshService", name: "api" }, app, NOTHING],
    ["MeshServiceSubset", { kind: "MeshServiceSubset", name: "web", tags: { version: "v1" } }, app, ["10.0.0.1:8080"]],
    [
      "MeshServiceSubset with another tag",
      { kind: "MeshServiceSubset", name: "web", tags: { version: "v2" } },
      app,
      NOTHING,
    ],
    ["Dataplane without selector", { kind: "Dataplane" }, app, BOTH],
    ["Dataplane by labels", { kind: "Dataplane", labels: { app: "web" } }, app, BOTH],
    ["Dataplane by other labels", { kind: "Dataplane", labels: { app: "api" } }, app, "targets other Dataplanes"],
    ["Dataplane by no labels at all", { kind: "Dataplane", labels: {} }, app, BOTH],
    ["Dataplane by the absence of a label", { kind: "Dataplane", labels: { tier: "" } }, app, BOTH],
    ["Dataplane by name", { kind: "Dataplane", name: "web-1" }, app, BOTH],
    ["Dataplane by another name", { kind: "Dataplane", name: "web-2" }, app, "targets other Dataplanes"],
    [
      "Dataplane by name in a namespace",
      { kind: "Dataplane", name: "web-1", namespace: "a" },
      app,
      "targets other Dataplanes",
    ],
    ["Dataplane by section name", { kind: "Dataplane", sectionName: "http" }, app, ["10.0.0.1:8080"]],
    ["Dataplane by port as section name", { kind: "Dataplane", sectionName: "9090" }, app, ["10.0.0.9:9090"]],
    ["Dataplane by the port of a named section", { kind: "Dataplane", sectionName: "8080" }, app, NOTHING],
    ["Dataplane and a listener", { kind: "Dataplane", sectionName: "in" }, zoneProxy, ["10.0.0.5:10001"]],
    ["Dataplane and a delegated gateway", { kind: "Dataplane" }, delegated, ["the gateway"]],
    ["MeshGateway and a sidecar", { kind: "MeshGateway", name: "edge" }, app, "is for builtin gateways"],
    ["a kind of a later version", { kind: "MeshThing" }, app, "unsupported targetRef kind 'MeshThing'"],
  ])("%s", (_title, targetRef, proxy, expected) => {
    expect(sectionsOf(targetRef, proxy)).toEqual(expected);
  });

  it.each<[string, JsonObject, readonly string[] | string]>([
    ["Mesh: all listeners", { kind: "Mesh" }, ["10.0.0.8:80", "10.0.0.8:443"]],
    ["MeshGateway by display name", { kind: "MeshGateway", name: "edge" }, ["10.0.0.8:80", "10.0.0.8:443"]],
    ["another MeshGateway", { kind: "MeshGateway", name: "other" }, "is for MeshGateway other, the proxy is of edge"],
    ["a listener by its tag", { kind: "MeshGateway", name: "edge", tags: { vhost: "b" } }, ["10.0.0.8:443"]],
    [
      "tags of proxy, MeshGateway and listener together",
      { kind: "MeshSubset", tags: { "kuma.io/service": "edge", tier: "front", vhost: "a" } },
      ["10.0.0.8:80"],
    ],
    ["Dataplane", { kind: "Dataplane" }, "targets Dataplanes, which builtin gateways are not"],
  ])("builtin gateway, %s", (_title, targetRef, expected) => {
    expect(sectionsOf(targetRef, builtin, {}, edge)).toEqual(expected);
  });

  it("names the host of each listener", () => {
    const match = matchPolicy(policy("p"), proxyOf(builtin, edge));
    expect(match.matched && match.selection.gatewayListeners.map((each) => each.hostname)).toEqual(["*", "b.test"]);
  });
});

describe("names are understood where the policy is from", () => {
  const zone = { "kuma.io/origin": "zone", "kuma.io/zone": "east" };
  const demo = { "k8s.kuma.io/namespace": "demo" };
  const named = { kind: "Dataplane", name: "web-1" };
  it.each<[string, Labels, JsonObject, Labels, boolean]>([
    ["a zone's policy, a proxy of the zone", zone, named, zone, true],
    ["a global policy, a proxy of a zone", { "kuma.io/origin": "global" }, named, zone, false],
    ["the policy's namespace", { ...zone, ...demo }, named, { ...zone, ...demo }, true],
    ["another namespace", { ...zone, ...demo }, named, { ...zone, "k8s.kuma.io/namespace": "other" }, false],
    [
      "the targetRef's namespace",
      { ...zone, "k8s.kuma.io/namespace": "kuma-system" },
      { ...named, namespace: "demo" },
      { ...zone, ...demo },
      true,
    ],
    [
      "the display name",
      zone,
      { kind: "Dataplane", name: "pretty" },
      { ...zone, "kuma.io/display-name": "pretty" },
      true,
    ],
  ])("%s", (_title, labels, targetRef, proxyLabels, isMatched) => {
    expect(matchPolicy(policy("p", { labels, targetRef }), proxyOf(dataplane("web-1", proxyLabels))).matched).toBe(
      isMatched,
    );
  });
});

describe("who a policy is for, by role, zone and namespace", () => {
  const east = { "kuma.io/origin": "zone", "kuma.io/zone": "east", "k8s.kuma.io/namespace": "demo" };
  const west = { ...east, "kuma.io/zone": "west" };
  const role = (name: string): Labels => ({ "kuma.io/policy-role": name });
  it.each<[string, Labels, Labels, true | string]>([
    ["system, own zone", east, east, true],
    ["system, other zone", east, west, "is for zone east, the proxy is of zone west"],
    ["system of the global", { "kuma.io/origin": "global" }, west, true],
    ["zone origin without a zone", { "kuma.io/origin": "zone" }, west, true],
    ["proxy without origin", east, {}, true],
    ["proxy of a zone without a name", east, { "kuma.io/origin": "zone" }, true],
    ["producer, other zone", { ...east, ...role("producer") }, west, true],
    ["producer, other namespace", { ...east, ...role("producer") }, { ...east, "k8s.kuma.io/namespace": "x" }, true],
    ["consumer, own namespace", { ...east, ...role("consumer") }, east, true],
    [
      "consumer, other namespace",
      { ...east, ...role("consumer") },
      { ...east, "k8s.kuma.io/namespace": "x" },
      "has role consumer and is for namespace demo",
    ],
    ["consumer, other zone", { ...east, ...role("consumer") }, west, "is for zone east, the proxy is of zone west"],
    ["consumer without a namespace", role("consumer"), {}, "has role consumer but no namespace"],
    [
      "workload-owner, other namespace",
      { ...east, ...role("workload-owner") },
      { ...east, "k8s.kuma.io/namespace": "x" },
      "has role workload-owner and is for namespace demo",
    ],
  ])("%s", (_title, labels, proxyLabels, expected) => {
    const match = matchPolicy(policy("p", { labels }), proxyOf(dataplane("web-1", proxyLabels)));
    expect(match.matched || match.reason).toEqual(expected);
  });

  it("never in another mesh", () => {
    const other = { ...dataplane(), mesh: "prod" };
    expect(matchPolicy(policy("p"), proxyOf(other))).toMatchObject({ matched: false, reason: "is in mesh default" });
  });
});

describe("targetRef MeshHTTPRoute", () => {
  const routed = policy("p", { targetRef: { kind: "MeshHTTPRoute", name: "r" } });
  const route = (name: string, targetRef: JsonObject) => policy(name, { type: "MeshHTTPRoute", targetRef });

  it("applies where the route does", () => {
    const routes = [route("r", { kind: "MeshService", name: "web" })];
    expect(matchPolicy(routed, proxyOf(dataplane()), routes)).toMatchObject({
      matched: true,
      selection: { sections: [{ port: 8080 }] },
    });
    expect(matchPolicy(routed, proxyOf(zoneProxy), routes).matched).toBe(false);
  });

  it("is broken without the route, or when that targets a route", () => {
    expect(matchPolicy(routed, proxyOf(dataplane()))).toEqual({
      matched: false,
      reason: "couldn't resolve MeshHTTPRoute targetRef with name 'r'",
      isBroken: true,
    });
    const circle = [route("r", { kind: "MeshHTTPRoute", name: "r" })];
    expect(matchPolicy(routed, proxyOf(dataplane()), circle)).toMatchObject({ matched: false, isBroken: true });
  });
});
