/** What holds for endpoint sets of any world. Above each property: the mistake that it would find. */
import { Reactor } from "@isthmus/reactor";
import type { Resource } from "@isthmus/resources";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { endpointsOfExplanation, explain } from "../explain/explanation.ts";
import { anyRemoteZone, anyWorld, destinationsIn, type GivenWorld, RESOLVED } from "../testing/arbitrary-world.ts";
import { dataplane, meshService, resource } from "../testing/resources.ts";
import { worldWithout } from "../what-if/world-without.ts";
import { type SnapshotSettings, snapshotWorld } from "../world/snapshot-world.ts";
import { topologyCollections } from "../world/topology-collections.ts";
import type { World } from "../world/world.ts";
import { baseEndpoints } from "./base-endpoints.ts";
import { baseSetKey, endpointCollections } from "./endpoint-collections.ts";
import type { EndpointSet } from "./endpoint-set.ts";
import { endpointsFor } from "./sidecar.ts";
import { socketAddress } from "./socket-address.ts";
import { egressListenerExposures, zoneEgressExposures } from "./zone-egress.ts";
import { ingressListenerExposures, zoneIngressExposures } from "./zone-ingress.ts";

function settingsOf({ remoteWeights }: GivenWorld): SnapshotSettings {
  return { zone: "west", remoteWeights, systemNamespace: "", resolved: RESOLVED };
}

function worldOf(given: GivenWorld): World {
  return snapshotWorld(given.resources, settingsOf(given));
}

/** Every set of every sidecar, by route as well, and of every zone proxy. */
function allSets(resources: readonly Resource[], world: World): readonly EndpointSet[] {
  const proxies = world.proxies("default");
  const destinations = destinationsIn(resources);
  const sidecars = proxies.flatMap((proxy) =>
    destinations.flatMap(({ ref, port }) => [
      endpointsFor(proxy, ref, port, world),
      endpointsFor(proxy, ref, port, world, { isRouted: true, subset: { version: "v1" } }),
    ]),
  );
  const exposures = [
    ...world.zoneIngresses().map((ingress) => zoneIngressExposures(ingress, world)),
    ...proxies.flatMap((proxy) => [ingressListenerExposures(proxy, world), egressListenerExposures(proxy, world)]),
    zoneEgressExposures(world),
  ].flatMap((each) => each.exposures);
  return [...sidecars, ...exposures.map(({ set }) => set)];
}

const RUNS = { numRuns: 25 };

describe("endpoint sets of any world", () => {
  // A candidate that is neither in nor out, or both; an endpoint that no candidate stands for; weights that Envoy refuses.
  it("list each candidate as in or out, with a reason, and nothing else", () => {
    fc.assert(
      fc.property(anyWorld, (given) => {
        for (const set of allSets(given.resources, worldOf(given))) {
          expect(set.candidates.length).toBeGreaterThan(0);
          for (const { endpoint, gate, detail, weightReason, priorityReason } of set.candidates) {
            expect((endpoint === undefined) !== (gate === undefined)).toBe(true);
            expect(detail).not.toBe("");
            expect(weightReason !== "" && priorityReason !== "").toBe(endpoint !== undefined);
          }
          expect(set.candidates.flatMap(({ endpoint }) => endpoint ?? [])).toEqual(set.endpoints);
          for (const { weight, priority, port } of set.endpoints) {
            expect(Number.isInteger(weight) && weight >= 1 && Number.isInteger(priority) && priority >= 0).toBe(true);
            expect(port).toBeGreaterThan(0);
          }
        }
      }),
      RUNS,
    );
  });

  // Envoy drops the second of two endpoints with one address, and nobody would know.
  it("have each address once, in order of priority", () => {
    fc.assert(
      fc.property(anyWorld, (given) => {
        for (const { endpoints } of allSets(given.resources, worldOf(given))) {
          const addresses = endpoints.map(({ address, port }) => socketAddress(address, port));
          expect(new Set(addresses).size).toBe(addresses.length);
          const priorities = endpoints.map(({ priority }) => priority);
          expect(priorities).toEqual(priorities.toSorted((a, b) => a - b));
        }
      }),
      RUNS,
    );
  });

  // An explanation computed by other code than the set.
  it("are what is left of their explanations", () => {
    fc.assert(
      fc.property(anyWorld, (given) => {
        const world = worldOf(given);
        for (const set of allSets(given.resources, world)) {
          expect(endpointsOfExplanation(explain(set, world))).toEqual(set.endpoints);
        }
      }),
      RUNS,
    );
  });

  // A list in the order of a map, the first of several by accident.
  it("do not depend on the order of arrival", () => {
    fc.assert(
      fc.property(
        anyWorld.chain((given) =>
          fc.shuffledSubarray([...given.resources], { minLength: given.resources.length }).map((shuffled) => ({
            given,
            shuffled,
          })),
        ),
        ({ given, shuffled }) => {
          const world = snapshotWorld(shuffled, settingsOf(given));
          expect(allSets(given.resources, world)).toEqual(allSets(given.resources, worldOf(given)));
        },
      ),
      RUNS,
    );
  });

  // Matching by a part of a name, a lookup without the mesh.
  it("do not change with what has nothing to do with them", () => {
    const unrelated = [
      resource("Mesh", "other", { mesh: "" }),
      meshService("elsewhere", [80], { mesh: "other", labels: { "kuma.io/zone": "south" } }),
      dataplane("proxy-1", [{ port: 80, service: "backend" }], { mesh: "other" }),
      dataplane("unrelated", [{ port: 80, service: "backend-2" }]),
      meshService("unrelated", [80]),
      resource("MeshZoneAddress", "address-south", {
        labels: { "kuma.io/zone": "south" },
        spec: { address: "203.0.113.1", port: 10_001 },
      }),
      resource("MeshTimeout", "timeout", { spec: {} }),
      resource("MeshIdentity", "identity", { mesh: "other", spec: {} }),
    ];
    fc.assert(
      fc.property(anyWorld, fc.constantFrom(...unrelated), (given, more) => {
        const sets = (world: World) =>
          world
            .proxies("default")
            .filter(({ name }) => name !== "unrelated")
            .map((proxy) =>
              destinationsIn(given.resources).map(({ ref, port }) => endpointsFor(proxy, ref, port, world)),
            );
        const bigger = snapshotWorld([...given.resources, more], settingsOf(given));
        expect(sets(bigger)).toEqual(sets(worldOf(given)));
      }),
      RUNS,
    );
  });

  // A what-if that forgets a type of resource, or an index that still knows what is gone.
  it("of a world without a zone are those after its resources are gone", () => {
    const isOf = (zone: string) => (one: Resource) => one.labels["kuma.io/zone"] === zone || one.spec.zone === zone;
    fc.assert(
      fc.property(anyWorld, anyRemoteZone, (given, zone) => {
        const left = given.resources.filter((one) => !isOf(zone)(one));
        const gone = snapshotWorld(left, settingsOf(given));
        const imagined = worldWithout(worldOf(given), { zones: [zone], ingresses: [], services: [] });
        expect(allSets(given.resources, imagined)).toEqual(allSets(given.resources, gone));
      }),
      RUNS,
    );
  });

  // A derivation that read something the graph does not know of.
  it("of a running zone are, after any history, those computed from scratch", () => {
    fc.assert(
      fc.property(anyWorld, fc.array(anyWorld, { minLength: 1, maxLength: 3 }), (first, others) => {
        const reactor = new Reactor({ schedule: () => undefined });
        const topology = topologyCollections(reactor, settingsOf(first));
        const sets = endpointCollections(reactor, topology);
        for (const [host, address] of RESOLVED) topology.resolved.set(host, address);
        let held: readonly Resource[] = [];
        for (const { resources } of [first, ...others]) {
          for (const old of held) if (!resources.some((one) => isSameKey(one, old))) topology.remove(old);
          for (const one of resources) topology.put(one);
          held = resources;
          reactor.flush();
          const scratch = snapshotWorld(resources, settingsOf(first));
          for (const { ref, port } of destinationsIn(resources)) {
            const collection = ref.kind === "legacy" ? sets.legacy : sets.services;
            const kept = collection.get(baseSetKey(ref, port));
            if (kept !== undefined) expect(kept).toEqual(baseEndpoints(ref, port, scratch));
            else expect(baseEndpoints(ref, port, scratch).candidates[0]?.gate).toMatch(/serviceUnknown|portMismatch/);
          }
        }
      }),
      { numRuns: 25 },
    );
  });
});

function isSameKey(a: Resource, b: Resource): boolean {
  return a.type === b.type && a.mesh === b.mesh && a.name === b.name;
}
