/** What the zones of a running Kuma made of their Dataplanes, made anew. */
import { objectOf, objectsOf, type Resource } from "@isthmus/resources";
import { describe, expect, it } from "vitest";
import { readService } from "../model/read-service.ts";
import { type RecordedStore, recordedStore } from "../testing/recorded-store.ts";
import { insight } from "../testing/resources.ts";
import { snapshotWorld } from "../world/snapshot-world.ts";
import type { World } from "../world/world.ts";
import { meshServiceFacts, withMeshServiceFacts } from "./mesh-service-facts.ts";
import { multiZoneFacts, withMultiZoneFacts } from "./multi-zone-facts.ts";
import { planMeshServices } from "./plan-mesh-services.ts";
import type { GeneratorSettings } from "./wanted-mesh-service.ts";
import { planWorkloads, withWorkloadCounts, workloadCounts } from "./workloads.ts";

const GENERATOR: GeneratorSettings = {
  isByWorkload: false,
  propagation: { isEnabled: false, allowedKeys: [] },
  deletionGracePeriodMs: 3_600_000,
};
const NOW = Date.parse("2026-11-24T01:00:00Z");

const isMade = ({ type, labels }: Resource): boolean =>
  type === "Workload" || (type === "MeshService" && labels["kuma.io/origin"] === "zone");

/** All proxies were connected, and had certificates where the mesh has a CA. */
function insights(resources: readonly Resource[]): readonly Resource[] {
  return resources
    .filter(({ type }) => type === "Dataplane")
    .map(({ name, mesh }) => insight(name, { issuedBackend: mesh === "default" ? "ca-1" : "" }, mesh));
}

function worldOf(resources: readonly Resource[], zone: string): World {
  return snapshotWorld([...resources, ...insights(resources)], { zone, remoteWeights: "kuma", systemNamespace: "" });
}

/**
 * The store was read 2 s after the last change of this Dataplane, and the status updater, which runs every 5 s, had not seen
 * it: to its knowledge the instance was not ready yet.
 */
const UNSEEN = "east-backend-1";

function asSeen(resource: Resource): Resource {
  if (resource.type !== "Dataplane" || resource.name !== UNSEEN) return resource;
  const networking = objectOf(resource.spec, "networking");
  const inbound = objectsOf(networking, "inbound").map((one) => ({ ...one, state: "NotReady", health: {} }));
  return { ...resource, spec: { ...resource.spec, networking: { ...networking, inbound } } };
}

/** What neither the generator nor the status says. */
function comparable({
  type,
  mesh,
  name,
  labels,
  spec,
  status = {},
}: Pick<Resource, "type" | "mesh" | "name" | "labels" | "spec" | "status">) {
  const { addresses: _a, vips: _v, hostnameGenerators: _h, ...rest } = status;
  return { type, mesh, name, labels, spec, status: rest };
}

describe.each<RecordedStore>(["a-west", "a-east", "b-west", "b-east"])("zone of recording %s", (name) => {
  const zone = name.slice(2);
  const recorded = recordedStore(name).map(asSeen);
  const given = recorded.filter((resource) => !isMade(resource));

  it("gets its MeshServices from its Dataplanes", () => {
    const world = worldOf(given, zone);
    const made = planMeshServices(world, GENERATOR, NOW).map(({ plan }) => {
      if (plan.kind !== "put") throw new Error(`plan is ${plan.kind}`);
      const stored: Resource = { ...plan.resource, creationTime: "", modificationTime: "", version: 1 };
      const service = readService(stored);
      const facts =
        service === undefined ? undefined : meshServiceFacts(worldOf([...given, stored], zone), service, GENERATOR);
      if (facts === undefined) throw new Error("no facts");
      return comparable(withMeshServiceFacts(stored, facts));
    });
    const expected = recorded.filter((one) => one.type === "MeshService" && isMade(one)).map(comparable);
    expect(expected.length).toBeGreaterThan(0);
    expect(made).toEqual(expected.toSorted((a, b) => (a.name < b.name ? -1 : 1)));
  });

  it("finds nothing to change in what was recorded", () => {
    const world = worldOf(recorded, zone);
    for (const { plan } of planMeshServices(world, GENERATOR, NOW))
      expect(plan).toEqual({ kind: "keep", wakeAt: undefined });
    for (const mesh of world.meshes()) {
      for (const service of world.services("MeshService", mesh.name)) {
        const facts = meshServiceFacts(world, service, GENERATOR);
        expect(facts !== undefined).toBe(service.isLocal);
        if (facts !== undefined) expect(withMeshServiceFacts(service.resource, facts)).toBe(service.resource);
      }
    }
  });

  it("gets its Workloads with their counts", () => {
    const world = worldOf(given, zone);
    const made = planWorkloads(world).map((plan) => {
      if (plan.kind !== "put") throw new Error(`plan is ${plan.kind}`);
      const stored: Resource = { ...plan.resource, creationTime: "", modificationTime: "", version: 1 };
      const counts = workloadCounts(world, stored);
      return comparable(counts === undefined ? stored : withWorkloadCounts(stored, counts));
    });
    const expected = recorded.filter(({ type }) => type === "Workload").map(comparable);
    expect(made).toEqual(expected.toSorted((a, b) => (a.name < b.name ? -1 : 1)));
    for (const plan of planWorkloads(worldOf(recorded, zone))) expect(plan).toEqual({ kind: "keep" });
  });

  it("finds the members of its MeshMultiZoneServices", () => {
    const world = worldOf(recorded, zone);
    const services = world.meshes().flatMap((mesh) => world.services("MeshMultiZoneService", mesh.name));
    expect(services.length).toBeGreaterThan(0);
    for (const service of services) {
      const facts = multiZoneFacts(world, service);
      if (facts === undefined) throw new Error("no facts");
      expect(withMultiZoneFacts(service.resource, facts)).toBe(service.resource);
      const { meshServices: _m, conditions: _c, ...bare } = service.resource.status ?? {};
      expect(withMultiZoneFacts({ ...service.resource, status: bare }, facts)).toEqual(service.resource);
    }
  });
});
