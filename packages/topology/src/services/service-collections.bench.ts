/** Cost of keeping services up to date: 1,000 services, 10,000 instances, 9 more zones. Wanted: one readiness change in 5 ms. */
import { Reactor } from "@isthmus/reactor";
import type { Resource } from "@isthmus/resources";
import { bench, describe } from "vitest";
import { dataplane, LOCAL, meshService, remoteLabels, SETTINGS, secureMesh } from "../testing/resources.ts";
import { topologyCollections } from "../world/topology-collections.ts";
import { serviceCollections } from "./service-collections.ts";

const SERVICES = 1000;
const INSTANCES = 10;
const ZONES = 9;

const instance = (service: number, index: number, state = "Ready"): Resource =>
  dataplane(`s-${service}-${index}`, [{ port: 80, service: `s-${service}`, state }], {
    labels: { ...LOCAL, "kuma.io/workload": `s-${service}` },
  });

const RESOURCES: readonly Resource[] = [
  secureMesh("default", "Everywhere"),
  ...Array.from({ length: SERVICES }, (_, service) => [
    meshService(`s-${service}`, [80]),
    ...Array.from({ length: INSTANCES }, (_each, index) => instance(service, index)),
    ...Array.from({ length: ZONES }, (_each, zone) =>
      meshService(`s-${service}-${zone}`, [80], { labels: remoteLabels(`zone-${zone}`, `s-${service}`) }),
    ),
  ]).flat(),
];

function running() {
  const reactor = new Reactor({ schedule: () => undefined });
  const topology = topologyCollections(reactor, SETTINGS);
  const generator = {
    isByWorkload: false,
    propagation: { isEnabled: false, allowedKeys: [] },
    deletionGracePeriodMs: 0,
  };
  serviceCollections(reactor, topology, generator, { tagFilters: [] });
  topology.replace(RESOURCES);
  reactor.flush();
  return { reactor, topology };
}

describe("services of 10,000 instances", () => {
  bench("from nothing", () => void running(), { iterations: 3, warmupIterations: 1, time: 0 });

  const { reactor, topology } = running();
  let version = 1;
  bench("one readiness change", () => {
    version += 1;
    topology.put({ ...instance(version % SERVICES, 0, version % 2 === 0 ? "NotReady" : "Ready"), version });
    reactor.flush();
  });
});
