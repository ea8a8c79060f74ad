/** Cost of worlds: 1,000 services of 10 instances each, and as many services in each of 9 other zones. */
import { Reactor } from "@isthmus/reactor";
import type { Resource } from "@isthmus/resources";
import { bench, describe } from "vitest";
import { dataplane, LOCAL, meshService, remoteLabels, SETTINGS, secureMesh } from "../testing/resources.ts";
import { snapshotWorld } from "./snapshot-world.ts";
import { topologyCollections } from "./topology-collections.ts";

const SERVICES = 1000;
const INSTANCES = 10;
const ZONES = 9;

const instance = (service: number, index: number, state = "Ready"): Resource =>
  dataplane(`s-${service}-${index}`, [{ port: 80, service: `s-${service}`, state }], { labels: LOCAL });

/** New objects each time: views are remembered by resource. */
function resources(): readonly Resource[] {
  const services = Array.from({ length: SERVICES }, (_, service) => [
    meshService(`s-${service}`, [80]),
    ...Array.from({ length: INSTANCES }, (_each, index) => instance(service, index)),
    ...Array.from({ length: ZONES }, (_each, zone) =>
      meshService(`s-${service}-${zone}`, [80], { labels: remoteLabels(`zone-${zone}`, `s-${service}`) }),
    ),
  ]);
  return [secureMesh(), ...services.flat()];
}

function running() {
  const reactor = new Reactor({ schedule: () => undefined });
  const topology = topologyCollections(reactor, SETTINGS);
  topology.replace(resources());
  reactor.flush();
  return { reactor, topology };
}

describe("20,000 resources", () => {
  bench("a snapshot, with its indexes", () => {
    const world = snapshotWorld(resources(), SETTINGS);
    world.services("MeshService", "default");
    world.proxies("default");
  });

  bench("collections, from nothing", () => void running());

  const { reactor, topology } = running();
  let version = 1;
  bench("one readiness change", () => {
    version += 1;
    topology.put({ ...instance(version % SERVICES, 0, version % 2 === 0 ? "NotReady" : "Ready"), version });
    reactor.flush();
  });
});
