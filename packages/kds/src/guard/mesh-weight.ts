/**
 * What the deletion of a Mesh takes along. It is one row, so counting rows would let an empty global delete the only mesh
 * of a zone, and with it everything in it, as an ordinary change. A Mesh is therefore weighed with what it holds: Kuma and
 * Isthmus both refuse to delete a mesh that has Dataplanes, so a source that lacks one that has them here is in doubt.
 */
import type { Registry } from "@isthmus/resources";
import type { Store } from "@isthmus/store";
import { isBulk } from "./brake.ts";

export const MESH_TYPE = "Mesh";

/**
 * Why the deletion of these meshes by one response has to be confirmed; undefined: it may happen. Weighed together, for
 * many light meshes are as much as a heavy one. Cost: a walk over the types, for deleted meshes only.
 */
export function meshWeight(
  meshes: readonly string[],
  isInitial: boolean,
  { registry, store }: { readonly registry: Registry; readonly store: Pick<Store, "list" | "count"> },
): string | undefined {
  if (meshes.length === 0) return undefined;
  for (const { name, scope, isProxy, pluralDisplayName } of registry.all()) {
    if (scope !== "Mesh") continue;
    const rows = meshes.reduce((sum, mesh) => sum + store.list(name, { mesh }).length, 0);
    if (isProxy ? rows > 0 : isBulk(isInitial, rows, store.count(name))) {
      return `${shown(meshes)} gone at the source, but here with ${rows} ${pluralDisplayName}`;
    }
  }
  return undefined;
}

function shown([first = "", ...others]: readonly string[]): string {
  return others.length === 0 ? `mesh ${first} is` : `mesh ${first} and ${others.length} more are`;
}
