/** What the insights of meshes are derived from, by key of the resource: facts change only when an insight would. */
import type { Collection, DerivationGraph, Source } from "@isthmus/reactor";
import { enumOf, labelsOf, objectOf, type Resource, type ResourceKey, textOf } from "@isthmus/resources";
import { type DataplaneFacts, dataplaneFacts } from "./dataplane-facts.ts";
import type { ExternalFacts } from "./service-tally.ts";

export interface MeshFacts {
  /** MeshServices stand for the services of the mesh. */
  readonly isExclusive: boolean;
}

export interface InsightCollections {
  /** By type; the types that facts come from. */
  readonly sources: ReadonlyMap<string, Source<Resource>>;
  readonly dataplanes: Collection<DataplaneFacts>;
  /** By key of the ExternalService. */
  readonly externals: Collection<ExternalFacts>;
  /** By name of the mesh. */
  readonly meshes: Collection<MeshFacts>;
}

const MODES = ["Disabled", "Everywhere", "ReachableBackends", "Exclusive"] as const;

export function insightCollections(graph: DerivationGraph): InsightCollections {
  // Two readings of one resource are told apart by their version, whatever its spec holds.
  const source = (type: string): Source<Resource> =>
    graph.source(`insights/${type}`, { equals: (a, b) => a === b || a.version === b.version });
  const meshes = source("Mesh");
  const dataplanes = source("Dataplane");
  const insights = source("DataplaneInsight");
  const externals = source("ExternalService");
  return {
    sources: new Map([
      ["Mesh", meshes],
      ["Dataplane", dataplanes],
      ["DataplaneInsight", insights],
      ["ExternalService", externals],
    ]),
    dataplanes: graph.map("insights/dataplane-facts", dataplanes, (dataplane, key, read) =>
      dataplaneFacts(dataplane, read.get(insights, key)),
    ),
    externals: graph.map("insights/external-facts", externals, externalFacts),
    meshes: graph.map("insights/mesh-facts", meshes, ({ spec }) => ({
      isExclusive: enumOf(objectOf(spec, "meshServices"), "mode", MODES) === "Exclusive",
    })),
  };
}

/** A Dataplane and its insight have the same. */
export function factKey({ mesh, name }: Pick<ResourceKey, "mesh" | "name">): string {
  return mesh === "" ? name : `${mesh}\u0000${name}`;
}

function externalFacts({ mesh, spec }: Resource): ExternalFacts {
  const tags = labelsOf(spec, "tags");
  return {
    mesh,
    service: tags["kuma.io/service"] ?? "",
    address: textOf(objectOf(spec, "networking"), "address"),
    zone: tags["kuma.io/zone"] ?? "",
  };
}
