/**
 * What the deletion of a Mesh takes along. It is one row, so counting rows would let an empty global delete the only mesh
 * of a zone, and with it everything in it, as an ordinary change. A Mesh is therefore weighed with what it holds: Kuma and
 * Isthmus both refuse to delete a mesh that has Dataplanes, so a source that lacks one that has them here is in doubt.
 */
import type { Registry } from "@isthmus/resources";
import type { Store } from "@isthmus/store";
import { isBulk } from "./brake.ts";

export const MESH_TYPE = "Mesh";

/** Why the deletion has to be confirmed; undefined: it may happen. Cost: a walk over the types, for deleted meshes only. */
export function meshWeight(
  mesh: string,
  isInitial: boolean,
  { registry, store }: { readonly registry: Registry; readonly store: Pick<Store, "list" | "count"> },
): string | undefined {
  for (const { name, scope, isProxy, pluralDisplayName } of registry.all()) {
    if (scope !== "Mesh") continue;
    const rows = store.list(name, { mesh }).length;
    if (isProxy ? rows > 0 : isBulk(isInitial, rows, store.count(name))) {
      return `mesh ${mesh} is gone at the source, but here it has ${rows} ${pluralDisplayName}`;
    }
  }
  return undefined;
}
