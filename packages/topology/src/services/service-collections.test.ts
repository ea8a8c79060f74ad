import { Reactor } from "@isthmus/reactor";
import type { Resource } from "@isthmus/resources";
import { describe, expect, it } from "vitest";
import { dataplane, LOCAL, meshService, SETTINGS, secureMesh } from "../testing/resources.ts";
import { topologyCollections } from "../world/topology-collections.ts";
import { serviceCollections } from "./service-collections.ts";

const SERVICES = 50;
const INSTANCES = 4;

function instance(service: number, index: number, state = "Ready"): Resource {
  const name = `s-${service}`;
  return dataplane(`${name}-${index}`, [{ port: 80, service: name, state }], {
    labels: { ...LOCAL, "kuma.io/workload": name },
  });
}

function running() {
  const reactor = new Reactor({ schedule: () => undefined });
  const topology = topologyCollections(reactor, SETTINGS);
  const generator = {
    isByWorkload: false,
    propagation: { isEnabled: false, allowedKeys: [] },
    deletionGracePeriodMs: 0,
  };
  const services = serviceCollections(reactor, topology, generator, { tagFilters: [] });
  topology.put(secureMesh("default", "Everywhere"));
  for (let service = 0; service < SERVICES; service += 1) {
    topology.put(meshService(`s-${service}`, [80]));
    for (let index = 0; index < INSTANCES; index += 1) topology.put(instance(service, index));
  }
  reactor.flush();
  return { reactor, topology, services };
}

describe("serviceCollections", () => {
  it("a change of one instance is a change of its service only", () => {
    const { reactor, topology, services } = running();
    const changed: string[] = [];
    services.meshServices.subscribe((changes) => changed.push(...changes.map(({ key }) => key)));
    services.availableServices.subscribe(() => changed.push("available"));
    const before = new Map(reactor.dump().map(({ name, recomputations }) => [name, recomputations]));
    topology.put({ ...instance(7, 0, "NotReady"), version: 2 });
    reactor.flush();
    expect(changed.sort()).toEqual(["MeshService\u0000default\u0000s-7", "available"].sort());
    expect(services.meshServices.get("MeshService\u0000default\u0000s-7")?.proxies).toEqual({
      connected: 0,
      healthy: INSTANCES - 1,
      total: INSTANCES,
    });
    // What is derived from one key at a time: nothing but what the instance is part of.
    for (const { name, kind, recomputations } of reactor.dump()) {
      if (kind === "singleton") continue;
      expect(recomputations - (before.get(name) ?? 0), name).toBeLessThanOrEqual(2);
    }
  });

  it("a report without news changes nothing", () => {
    const { reactor, topology, services } = running();
    let changes = 0;
    for (const collection of Object.values(services)) collection.subscribe(() => (changes += 1));
    topology.put({ ...instance(7, 0), version: 2, modificationTime: "2026-02-01T00:00:00Z" });
    reactor.flush();
    expect(changes).toBe(0);
  });
});
