/**
 * What the policies of one type say about resources, for every resource and port that an item is about: the same that `toConf`
 * finds for one destination. Source: kuma v2.14.3: pkg/plugins/policies/core/rules/outbound/resourcerules.go.
 */
import type { Resource } from "@isthmus/resources";
import { targetQuery } from "./covers-destination.ts";
import { destinationOf, type ResourceDestination } from "./destination.ts";
import type { MatchedPolicy } from "./policies-for.ts";
import type { ToEntry } from "./policy-order.ts";
import type { TargetIndex } from "./target-index.ts";
import { speaksOfResources, type ToConf, toConfAmong } from "./to-conf.ts";

export interface ResourceRule extends ToConf {
  readonly resource: Resource;
  /** Its `section` is the port's name, "" for the resource as a whole. */
  readonly destination: ResourceDestination;
}

/** Kinds of targetRef that can be destinations; those of others are about clients or tags. */
const DESTINATIONS = ["Mesh", "MeshService", "MeshExternalService", "MeshMultiZoneService", "MeshHTTPRoute"];

interface Mentioned {
  readonly resource: Resource;
  readonly entries: ToEntry[];
  readonly sections: Set<string>;
}

/** By name of the resource, type, section. `index` holds the Mesh too. */
export function resourceRules(matched: readonly MatchedPolicy[], index: TargetIndex): readonly ResourceRule[] {
  const ofMesh: ToEntry[] = [];
  const mentioned = new Map<Resource, Mentioned>();
  for (const { policy } of matched) {
    if (!speaksOfResources(policy)) continue;
    for (const item of policy.to) {
      const entry = { policy, item };
      if (item.targetRef.kind === "Mesh") ofMesh.push(entry);
      for (const { resource, section } of resolve(entry, index)) {
        const known = mentioned.get(resource) ?? { resource, entries: [], sections: new Set<string>() };
        mentioned.set(resource, known);
        if (item.targetRef.kind !== "Mesh" && known.entries.at(-1)?.item !== item) known.entries.push(entry);
        known.sections.add(section);
      }
    }
  }
  return [...mentioned.values()].flatMap((each) => rulesOf(each, ofMesh)).sort(inOrder);
}

function rulesOf({ resource, entries, sections }: Mentioned, ofMesh: readonly ToEntry[]): readonly ResourceRule[] {
  const whole = destinationOf(resource);
  return [...sections].flatMap((section) => {
    const destination = { ...whole, section };
    const conf = toConfAmong(destination, [...ofMesh, ...entries]);
    return conf === undefined ? [] : [{ ...conf, resource, destination }];
  });
}

function resolve(
  { policy, item: { targetRef } }: ToEntry,
  index: TargetIndex,
): readonly { readonly resource: Resource; readonly section: string }[] {
  if (!DESTINATIONS.includes(targetRef.kind)) return [];
  const { labels, kri, port } = targetQuery(policy, targetRef);
  const named = labels === undefined ? index.byKri(kri) : undefined;
  const resources =
    labels === undefined
      ? named === undefined
        ? []
        : [named]
      : index.withLabels(targetRef.kind, policy.resource.mesh, labels);
  if (port === undefined) return resources.map((resource) => ({ resource, section: "" }));
  return resources.flatMap((resource) => {
    const { ports, type } = destinationOf(resource);
    if (type === "Mesh" || type === "MeshHTTPRoute") return [{ resource, section: "" }];
    const found = ports.find(port);
    return found === undefined ? [] : [{ resource, section: found.name }];
  });
}

function inOrder(a: ResourceRule, b: ResourceRule): number {
  return (
    compareText(a.resource.name, b.resource.name) ||
    compareText(a.resource.type, b.resource.type) ||
    compareText(a.destination.section, b.destination.section)
  );
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
