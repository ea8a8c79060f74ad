import { Reactor } from "@isthmus/reactor";
import type { Resource } from "@isthmus/resources";
import { describe, expect, it } from "vitest";
import { dataplane, LOCAL, meshService, SETTINGS } from "../testing/resources.ts";
import { topologyCollections } from "./topology-collections.ts";
import type { World } from "./world.ts";
import { worldConformance } from "./world-conformance.ts";

function running() {
  const reactor = new Reactor({ schedule: () => undefined });
  const topology = topologyCollections(reactor, SETTINGS);
  return { reactor, topology };
}

/** Counts how often a derivation that looks at the world runs. */
function watching(resources: readonly Resource[], look: (world: World) => unknown) {
  const { reactor, topology } = running();
  let runs = 0;
  const watched = reactor.singleton("watched", (read) => {
    runs += 1;
    return [look(topology.worldOf(read))];
  });
  topology.replace(resources);
  reactor.flush();
  return {
    topology,
    runs: () => runs,
    /** Applies changes as one batch and says what is seen then. */
    after: (change: () => void): unknown => {
      change();
      reactor.flush();
      return watched.value?.[0];
    },
  };
}

describe("the world of topologyCollections", () => {
  worldConformance((resources, settings, look) => {
    const { reactor, topology } = running();
    const seen = reactor.singleton("seen", (read) => [look(topology.worldOf(read))] as const, { equals: () => false });
    for (const resource of resources) topology.put(resource);
    for (const [zone, gate] of settings.zoneGates ?? []) topology.zoneGates.set(zone, gate);
    for (const [host, address] of settings.resolved ?? []) topology.resolved.set(host, address);
    reactor.flush();
    const { value } = seen;
    if (value === undefined) throw new Error("nothing was derived");
    return value[0];
  });

  const WEB = dataplane("web", [{ port: 80, service: "web" }], { labels: LOCAL });
  const OTHER = dataplane("other", [{ port: 80, service: "other" }], { labels: LOCAL });

  it("is read anew when a selected proxy changes, and only then", () => {
    const { topology, runs, after } = watching([WEB, OTHER], (world) =>
      world.selected("default", { tags: { "kuma.io/service": "web", "kuma.io/zone": "west" } }).map(({ name }) => name),
    );
    const before = runs();
    after(() => topology.put({ ...OTHER, version: 2, labels: { ...LOCAL, team: "a" } }));
    expect(runs()).toBe(before);
    const zoned = { port: 80, service: "web", tags: { "kuma.io/zone": "west" } };
    expect(after(() => topology.put(dataplane("web-2", [zoned], { labels: LOCAL })))).toEqual(["web-2"]);
    expect(runs()).toBe(before + 1);
    expect(after(() => topology.remove(WEB))).toEqual(["web-2"]);
    expect(runs()).toBe(before + 2);
  });

  it("does not follow instances when it reads names of services", () => {
    const { topology, runs, after } = watching([WEB], (world) => world.serviceTags("default"));
    const before = runs();
    expect(after(() => topology.put(dataplane("web-2", [{ port: 80, service: "web" }])))).toEqual(["web"]);
    expect(runs()).toBe(before);
    expect(after(() => topology.put(OTHER))).toEqual(["other", "web"]);
    expect(after(() => topology.remove(OTHER))).toEqual(["web"]);
  });

  it("does not follow heartbeats of insights", () => {
    const insight = (total: string): Resource => ({
      ...WEB,
      type: "DataplaneInsight",
      spec: { subscriptions: [{ connectTime: "2026-01-01T00:00:00Z", status: { total: { responsesSent: total } } }] },
    });
    const { topology, runs, after } = watching([insight("1")], (world) => world.insight("default", "web")?.isOnline);
    const before = runs();
    expect(after(() => topology.put(insight("2")))).toBe(true);
    expect(runs()).toBe(before);
  });

  it("forgets what a replacement leaves out", () => {
    const { topology, after } = watching([WEB, OTHER, meshService("web", [80])], (world) => [
      world.proxies("default").map(({ name }) => name),
      world.services("MeshService", "default").length,
    ]);
    expect(after(() => topology.replace([OTHER]))).toEqual([["other"], 0]);
  });
});
