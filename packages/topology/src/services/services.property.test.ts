/** What holds for every set of resources, not only for those that somebody thought of. */
import { Reactor } from "@isthmus/reactor";
import type { Resource } from "@isthmus/resources";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dataplane, insight, meshService, remoteLabels, resource, SETTINGS, secureMesh } from "../testing/resources.ts";
import { snapshotWorld } from "../world/snapshot-world.ts";
import { topologyCollections } from "../world/topology-collections.ts";
import type { World } from "../world/world.ts";
import { availableServices } from "./available-services.ts";
import { meshServiceFacts, withMeshServiceFacts } from "./mesh-service-facts.ts";
import { multiZoneFacts, withMultiZoneFacts } from "./multi-zone-facts.ts";
import { planMeshServices } from "./plan-mesh-services.ts";
import type { GeneratorSettings } from "./wanted-mesh-service.ts";
import { planWorkloads, withWorkloadCounts, workloadCounts } from "./workloads.ts";

const NOW = Date.parse("2026-02-01T00:00:00Z");
const NAMES = ["a", "b", "c"] as const;
const name = fc.constantFrom(...NAMES);
const mode = fc.constantFrom("Disabled", "Everywhere", "Exclusive");
const day = fc.integer({ min: 1, max: 3 }).map((one) => `2026-01-0${one}T00:00:00Z`);

const inbound = fc.record({
  port: fc.constantFrom(80, 81, 0),
  service: fc.constantFrom(...NAMES, "not_a_name"),
  protocol: fc.constantFrom("http", "tcp"),
  state: fc.constantFrom("Ready", "NotReady"),
  tags: fc.dictionary(fc.constantFrom("v", "kuma.io/zone"), fc.constantFrom("1", "2"), { maxKeys: 2 }),
});
const anyResource: fc.Arbitrary<Resource> = fc.oneof(
  fc
    .tuple(name, fc.array(inbound, { maxLength: 3 }), fc.option(name), day)
    .map(([one, inbounds, workload, creationTime]) =>
      dataplane(`dp-${one}`, inbounds, {
        creationTime,
        labels: workload === null ? {} : { "kuma.io/workload": workload },
      }),
    ),
  fc
    .tuple(name, fc.boolean())
    .map(([one, isOnline]) => insight(`dp-${one}`, { isOnline, issuedBackend: isOnline ? "ca-1" : "" })),
  fc.tuple(name, name).map(([one, zone]) => meshService(`${one}-x`, [80], { labels: remoteLabels(zone, one) })),
  fc.tuple(name, fc.boolean(), fc.boolean()).map(([one, isMade, isWaiting]) =>
    meshService(one, [80, 81], {
      labels: {
        ...(isMade ? { "kuma.io/managed-by": "meshservice-generator" } : {}),
        ...(isWaiting ? { "kuma.io/deletion-grace-period-started-at": "2026-01-31T23:59:00Z" } : {}),
      },
    }),
  ),
  name.map((one) =>
    resource("MeshMultiZoneService", `mz-${one}`, {
      spec: { selector: { meshService: { matchLabels: { "kuma.io/display-name": one } } }, ports: [{ port: 80 }] },
      status: {},
    }),
  ),
  fc
    .tuple(name, fc.boolean())
    .map(([one, isMade]) =>
      resource("Workload", one, { labels: isMade ? { "kuma.io/managed-by": "workload-generator" } : {}, status: {} }),
    ),
  fc.tuple(name, name).map(([one, workload]) =>
    resource("MeshIdentity", one, {
      spec: { selector: { dataplane: { matchLabels: { "kuma.io/workload": workload } } } },
      status: { conditions: [{ type: "Ready", status: "True", reason: "Ready", message: "" }] },
    }),
  ),
);
/** One resource under each name: what a store can hold. */
const store = fc.tuple(
  mode,
  fc.uniqueArray(anyResource, { maxLength: 14, selector: ({ type, name: one }) => `${type}/${one}` }),
);
const generator: fc.Arbitrary<GeneratorSettings> = fc.record({
  isByWorkload: fc.boolean(),
  propagation: fc.record({ isEnabled: fc.boolean(), allowedKeys: fc.constant([]) }),
  deletionGracePeriodMs: fc.constantFrom(0, 3_600_000),
});

/** All that services/ says about a world, as plain data. */
function everything(world: World, settings: GeneratorSettings) {
  const services = world
    .meshes()
    .flatMap(({ name: mesh }) => [
      ...world.services("MeshService", mesh),
      ...world.services("MeshMultiZoneService", mesh),
    ]);
  return {
    plans: planMeshServices(world, settings, NOW),
    facts: services.map((one) => [one.name, meshServiceFacts(world, one, settings), multiZoneFacts(world, one)]),
    workloads: planWorkloads(world),
    available: availableServices(world, { tagFilters: [] }),
  };
}

/** Carries out all plans and writes all facts, as the controllers of a zone do. */
function settled(resources: readonly Resource[], settings: GeneratorSettings, now: number): readonly Resource[] {
  const stored = new Map(resources.map((one) => [`${one.type}/${one.name}`, one]));
  const world = () => snapshotWorld(stored.values(), SETTINGS);
  const put = (draft: Pick<Resource, "type" | "mesh" | "name" | "labels" | "spec" | "status">): void => {
    const key = `${draft.type}/${draft.name}`;
    const { creationTime = "2026-02-01T00:00:00Z", version = 0 } = stored.get(key) ?? {};
    const { status, ...rest } = draft;
    stored.set(key, {
      ...rest,
      ...(status === undefined ? {} : { status }),
      creationTime,
      modificationTime: creationTime,
      version: version + 1,
    });
  };
  for (const { plan } of planMeshServices(world(), settings, now)) {
    if (plan.kind === "put") put(plan.resource);
    if (plan.kind === "delete") stored.delete(`${plan.key.type}/${plan.key.name}`);
  }
  for (const plan of planWorkloads(world())) {
    if (plan.kind === "put") put(plan.resource);
    if (plan.kind === "delete") stored.delete(`Workload/${plan.resource.name}`);
  }
  const view = world();
  for (const service of [
    ...view.services("MeshService", "default"),
    ...view.services("MeshMultiZoneService", "default"),
  ]) {
    const facts = meshServiceFacts(view, service, settings);
    const multiZone = multiZoneFacts(view, service);
    let { resource: wanted } = service;
    if (facts !== undefined) wanted = withMeshServiceFacts(wanted, facts);
    if (multiZone !== undefined) wanted = withMultiZoneFacts(wanted, multiZone);
    if (wanted !== service.resource) put(wanted);
  }
  for (const workload of view.all("Workload", "default")) {
    const counts = workloadCounts(view, workload);
    if (counts !== undefined && withWorkloadCounts(workload, counts) !== workload)
      put(withWorkloadCounts(workload, counts));
  }
  return [...stored.values()];
}

describe("services", () => {
  it("are the same in whatever order resources come", () => {
    fc.assert(
      fc.property(
        store.chain(([one, resources]) =>
          fc.tuple(
            fc.constant([secureMesh("default", one), ...resources]),
            fc.shuffledSubarray(resources, { minLength: resources.length }),
            fc.constant(one),
          ),
        ),
        generator,
        ([resources, shuffled, one], settings) => {
          const reordered = [...shuffled, secureMesh("default", one)];
          expect(everything(snapshotWorld(reordered, SETTINGS), settings)).toEqual(
            everything(snapshotWorld(resources, SETTINGS), settings),
          );
        },
      ),
    );
  });

  it("do not change with what has nothing to do with them", () => {
    const unrelated: readonly Resource[] = [
      dataplane("dp-a", [{ port: 80, service: "a" }], { mesh: "elsewhere", labels: { "kuma.io/workload": "a" } }),
      meshService("a", [80], { mesh: "elsewhere" }),
      insight("dp-a", { issuedBackend: "ca-1" }, "elsewhere"),
      resource("MeshTimeout", "a"),
      resource("MeshIdentity", "a", { mesh: "elsewhere", spec: { selector: { dataplane: {} } } }),
      resource("Secret", "a"),
    ];
    fc.assert(
      fc.property(store, generator, ([one, resources], settings) => {
        const mine = [secureMesh("default", one), ...resources];
        expect(everything(snapshotWorld([...mine, ...unrelated], SETTINGS), settings)).toEqual(
          everything(snapshotWorld(mine, SETTINGS), settings),
        );
      }),
    );
  });

  it("settle: once written, nothing more is to be written", () => {
    fc.assert(
      fc.property(store, generator, ([one, resources], settings) => {
        const once = settled([secureMesh("default", one), ...resources], settings, NOW);
        // What has no Dataplane any more is first marked, then deleted, which ends with it.
        const later = settled(once, settings, NOW + settings.deletionGracePeriodMs + 1);
        const again = settled(later, settings, NOW + settings.deletionGracePeriodMs + 1);
        expect(again).toEqual(later);
        const world = snapshotWorld(again, SETTINGS);
        for (const { plan } of planMeshServices(world, settings, NOW)) expect(["keep", "blocked"]).toContain(plan.kind);
        for (const plan of planWorkloads(world)) expect(plan.kind).toBe("keep");
      }),
    );
  });

  it("followed change by change are as computed at once", () => {
    const step = fc.tuple(fc.array(anyResource, { maxLength: 3 }), fc.array(anyResource, { maxLength: 2 }), mode);
    fc.assert(
      fc.property(fc.array(step, { maxLength: 6 }), generator, (steps, settings) => {
        const reactor = new Reactor({ schedule: () => undefined });
        const topology = topologyCollections(reactor, SETTINGS);
        const followed = reactor.singleton("followed", (read) => everything(topology.worldOf(read), settings));
        const stored = new Map<string, Resource>();
        let version = 0;
        for (const [puts, removes, meshMode] of steps) {
          for (const one of removes) {
            stored.delete(`${one.type}/${one.name}`);
            topology.remove(one);
          }
          for (const given of [...puts, secureMesh("default", meshMode)]) {
            version += 1;
            const one = { ...given, version };
            stored.set(`${one.type}/${one.name}`, one);
            topology.put(one);
          }
          reactor.flush();
          expect(followed.value).toEqual(everything(snapshotWorld(stored.values(), SETTINGS), settings));
        }
      }),
    );
  });
});
