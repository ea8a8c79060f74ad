/**
 * The resources of a mesh that targetRefs and backendRefs can name, by identity and by labels.
 * Source: kuma v2.14.3: pkg/xds/context/destination_index.go, core/rules/resolve/targetref.go.
 */
import { type Kri, kriOf, type Resource } from "@isthmus/resources";
import { hasLabels } from "./tag-selector.ts";
import type { StringMap } from "./target-ref.ts";

/** Of the same identity the first by name is found. Costs little to make: labels are indexed when they are first asked for. */
export class TargetIndex {
  readonly #byIdentity = new Map<string, Resource>();
  readonly #byType = new Map<string, Resource[]>();
  readonly #byLabel = new Map<string, ReadonlyMap<string, readonly Resource[]>>();

  constructor(resources: Iterable<Resource>) {
    for (const resource of [...resources].sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const identity = identityOf(kriOf(resource));
      if (!this.#byIdentity.has(identity)) this.#byIdentity.set(identity, resource);
      const list = this.#byType.get(resource.type);
      if (list === undefined) this.#byType.set(resource.type, [resource]);
      else list.push(resource);
    }
  }

  /** The section does not matter. */
  byKri(kri: Kri): Resource | undefined {
    return this.#byIdentity.get(identityOf(kri));
  }

  /** All that carry every label, by name. */
  withLabels(type: string, mesh: string, labels: StringMap): readonly Resource[] {
    const index = this.#labelsOf(type);
    let rarest: readonly Resource[] | undefined;
    for (const [key, value] of Object.entries(labels)) {
      const carrying = index.get(labelId(key, value)) ?? [];
      if (rarest === undefined || carrying.length < rarest.length) rarest = carrying;
    }
    const candidates = rarest ?? this.#byType.get(type) ?? [];
    return candidates.filter((resource) => resource.mesh === mesh && hasLabels(labels, resource.labels));
  }

  #labelsOf(type: string): ReadonlyMap<string, readonly Resource[]> {
    const known = this.#byLabel.get(type);
    if (known !== undefined) return known;
    const index = new Map<string, Resource[]>();
    for (const resource of this.#byType.get(type) ?? []) {
      for (const [key, value] of Object.entries(resource.labels)) {
        const id = labelId(key, value);
        const list = index.get(id);
        if (list === undefined) index.set(id, [resource]);
        else list.push(resource);
      }
    }
    this.#byLabel.set(type, index);
    return index;
  }
}

const identityOf = ({ type, mesh, zone, namespace, name }: Kri): string =>
  [type, mesh, zone, namespace, name].join("\n");

const labelId = (key: string, value: string): string => `${key}\n${value}`;
