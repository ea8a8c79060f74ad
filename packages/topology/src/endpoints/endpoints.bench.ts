/**
 * 1,000 services x 10,000 instances x 10 zones, that is 10,000 MeshServices and 1,000 MeshMultiZoneServices. Bounds: everything
 * from nothing 2 s, one change of readiness 5 ms, an explanation 100 ms, a what-if 5 s.
 */
import { Reactor } from "@isthmus/reactor";
import { bench, describe } from "vitest";
import { explainText } from "../explain/explain-text.ts";
import { explain } from "../explain/explanation.ts";
import { instance, largeWorld, SERVICES } from "../testing/large-world.ts";
import { whatIf } from "../what-if/what-if.ts";
import { snapshotWorld } from "../world/snapshot-world.ts";
import { topologyCollections } from "../world/topology-collections.ts";
import { endpointCollections } from "./endpoint-collections.ts";
import { endpointsFor, sidecarEndpoints } from "./sidecar.ts";

const SETTINGS = { zone: "west", remoteWeights: "isthmus", systemNamespace: "" } as const;
const SLOW = { iterations: 3, time: 0, warmupIterations: 0, warmupTime: 0 };
const resources = largeWorld();

function running() {
  const reactor = new Reactor({ schedule: () => undefined });
  const topology = topologyCollections(reactor, SETTINGS);
  const sets = endpointCollections(reactor, topology);
  topology.replace(resources);
  reactor.flush();
  return { reactor, topology, sets };
}

const zone = running();
const world = snapshotWorld(resources, SETTINGS);
const client = world.proxy("default", "proxy-0");
if (client === undefined) throw new Error("no client");
const all = { kind: "MeshMultiZoneService", mesh: "default", name: "service-7" } as const;
let turn = 0;

describe("1,000 services x 10,000 instances x 10 zones", () => {
  bench("all base sets from nothing, in a running zone", () => void running(), SLOW);
  bench("one instance changes its readiness", () => {
    turn += 1;
    const index = turn % SERVICES;
    zone.topology.put(instance(index, turn % (2 * SERVICES) < SERVICES ? "NotReady" : "Ready"));
    zone.reactor.flush();
  });
  bench("explain one service of ten zones", () => {
    explainText(explain(endpointsFor(client, all, 8080, world), world, { client }));
  });
  bench("all 11,000 sets of one sidecar", () => void sidecarEndpoints(client, world), SLOW);
  bench("what if one zone is lost", () => void whatIf(world, { zones: ["zone-a"], ingresses: [], services: [] }), SLOW);
});
