/**
 * What services/ says about a running zone, kept up to date: a change of one Dataplane recomputes the services that it is an
 * instance of and nothing else. Writing what comes out is the business of the zone's controllers.
 */
import type { Collection, DerivationGraph, Read, Singleton } from "@isthmus/reactor";
import type { Labels, Resource } from "@isthmus/resources";
import type { AvailableService } from "../model/doors.ts";
import type { Proxy } from "../model/proxy.ts";
import type { Service } from "../model/service.ts";
import { proxyKey } from "../world/index-keys.ts";
import type { TopologyCollections } from "../world/topology-collections.ts";
import type { World } from "../world/world.ts";
import { type AvailableServicesSettings, isTold, otherServices, tagText, toldTags } from "./available-services.ts";
import type { Condition } from "./conditions.ts";
import { externalServiceConditions } from "./external-service-status.ts";
import { type MeshServiceFacts, meshServiceFacts, type ProxyCounts } from "./mesh-service-facts.ts";
import { type MultiZoneFacts, multiZoneFacts } from "./multi-zone-facts.ts";
import { meshServiceIntent, type ServiceIntent } from "./plan-mesh-services.ts";
import { type GeneratorSettings, generatedNames, isGenerated } from "./wanted-mesh-service.ts";
import { planWorkload, type WorkloadPlan, workloadCounts, workloadOf } from "./workloads.ts";

export interface ServiceCollections {
  /** By mesh and name; those that ask for nothing are not in it. */
  readonly intents: Collection<ServiceIntent>;
  /** Of local MeshServices, by their key among the services. */
  readonly meshServices: Collection<MeshServiceFacts>;
  readonly multiZoneServices: Collection<MultiZoneFacts>;
  readonly externalServices: Collection<readonly Condition[]>;
  /** By mesh and name; those that ask for nothing are not in it. */
  readonly workloads: Collection<WorkloadPlan>;
  /** Of local Workloads, by mesh and name. */
  readonly workloadCounts: Collection<ProxyCounts>;
  /** For all ingresses of the zone. */
  readonly availableServices: Singleton<readonly AvailableService[]>;
}

interface Named {
  readonly mesh: string;
  readonly name: string;
}

/** Collections are named `services/…`; what reads them must be created after them. */
export function serviceCollections(
  graph: DerivationGraph,
  topology: TopologyCollections,
  generator: GeneratorSettings,
  available: AvailableServicesSettings,
): ServiceCollections {
  const world = (read: Read): World => topology.worldOf(read);
  const { services } = topology;

  const asked = namesOf(graph, "asked", topology, (proxy) => generatedNames(proxy, generator));
  const made = graph.flatMap<Service, Named>("services/generated", services, (service) => {
    const { mesh, name } = service;
    return service.kind === "MeshService" && isGenerated(service) ? [[proxyKey(mesh, name), { mesh, name }]] : [];
  });
  const belonging = namesOf(graph, "belonging", topology, (proxy) => workloadOf(proxy) ?? []);
  const existing = graph.flatMap<Resource, Resource>(
    "services/workloads/stored",
    topology.resources,
    (resource) => (resource.type === "Workload" ? [[proxyKey(resource.mesh, resource.name), resource]] : []),
    { equals: (a, b) => a === b },
  );
  const stored = graph.map("services/workloads/names", existing, ({ mesh, name }): Named => ({ mesh, name }));
  return {
    intents: graph.map("services/intents", graph.merge("services/names", [asked, made]), ({ mesh, name }, _, read) => {
      const intent = meshServiceIntent(world(read), mesh, name, generator);
      return intent.kind === "keep" ? undefined : intent;
    }),
    meshServices: graph.map("services/mesh-services", services, (service, _, read) =>
      meshServiceFacts(world(read), service, generator),
    ),
    multiZoneServices: graph.map("services/multi-zone-services", services, (service, _, read) =>
      multiZoneFacts(world(read), service),
    ),
    externalServices: graph.map("services/external-services", services, (service) =>
      service.kind === "MeshExternalService" ? externalServiceConditions(service) : undefined,
    ),
    workloads: graph.map(
      "services/workloads",
      graph.merge("services/workloads/all", [belonging, stored]),
      ({ mesh, name }, key, read) => {
        const view = world(read);
        if (view.mesh(mesh) === undefined) return undefined;
        const plan = planWorkload(view, mesh, name, read.get(existing, key));
        return plan.kind === "keep" ? undefined : plan;
      },
    ),
    workloadCounts: graph.map("services/workloads/counts", existing, (workload, _, read) =>
      workloadCounts(world(read), workload),
    ),
    availableServices: availableCollections(graph, topology, available),
  };
}

/** Each name that some Dataplane asks for; changes only when one appears or goes. */
function namesOf(
  graph: DerivationGraph,
  what: string,
  { proxies }: TopologyCollections,
  namesOfProxy: (proxy: Proxy) => string | readonly string[],
): Collection<Named> {
  const by = graph.index(`services/${what}/by`, proxies, (proxy) =>
    [namesOfProxy(proxy)].flat().map((name) => proxyKey(proxy.mesh, name)),
  );
  return graph.map(`services/${what}`, by, (_, key): Named => {
    const end = key.indexOf("\u0000");
    return { mesh: key.slice(0, end), name: key.slice(end + 1) };
  });
}

interface Told {
  readonly mesh: string;
  /** By their text. */
  readonly sets: ReadonlyMap<string, { readonly tags: Labels; readonly count: number }>;
}

/** Counts by tag set: one Dataplane changes only the sets that it has. */
function availableCollections(
  graph: DerivationGraph,
  topology: TopologyCollections,
  settings: AvailableServicesSettings,
): Singleton<readonly AvailableService[]> {
  const told = graph.map("services/available/told", topology.proxies, (proxy): Told | undefined => {
    const sets = new Map<string, { readonly tags: Labels; readonly count: number }>();
    for (const tags of toldTags(proxy, settings)) {
      const text = tagText(tags);
      sets.set(text, { tags, count: (sets.get(text)?.count ?? 0) + 1 });
    }
    return sets.size === 0 ? undefined : { mesh: proxy.mesh, sets };
  });
  const bySet = graph.index("services/available/by-set", told, ({ mesh, sets }) =>
    [...sets.keys()].map((text) => proxyKey(mesh, text)),
  );
  const counts = graph.map("services/available/counts", bySet, (members, key): AvailableService | undefined => {
    const text = key.slice(key.indexOf("\u0000") + 1);
    const found = members.flatMap(({ mesh, sets }) => {
      const set = sets.get(text);
      return set === undefined ? [] : [{ mesh, ...set }];
    });
    const [first] = found;
    if (first === undefined) return undefined;
    const instances = found.reduce((sum, { count }) => sum + count, 0);
    return { mesh: first.mesh, tags: first.tags, instances, isExternal: false };
  });
  const others = graph.singleton("services/available/others", (read) => otherServices(topology.worldOf(read)));
  return graph.singleton("services/available", (read) => {
    const meshes = new Set(
      topology
        .worldOf(read)
        .meshes()
        .filter(isTold)
        .map(({ name }) => name),
    );
    // The keys are mesh and text of the tags: their order is the one wanted.
    return [...read.all(counts).filter(({ mesh }) => meshes.has(mesh)), ...(read.value(others) ?? [])];
  });
}
