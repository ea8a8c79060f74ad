/**
 * What readers see: every resource in memory, per type and mesh, with sorted lists that are brought up to date only when
 * somebody asks, by merging what changed: sorting 10,000 names anew for each change would cost more than the change.
 * Knows also who owns whom. Only the engine writes here, and only what is durable.
 */
import { keyOf, type Resource, type ResourceKey } from "@isthmus/resources";
import type { Change } from "./store.ts";

const NONE: readonly Resource[] = Object.freeze([]);

export class Catalog {
  readonly #types = new Map<string, TypeShelf>();
  /** Key text of the owner -> key text of the owned -> key of the owned. */
  readonly #owned = new Map<string, Map<string, ResourceKey>>();

  get(key: ResourceKey): Resource | undefined {
    return this.#types.get(key.type)?.get(key.mesh, key.name);
  }

  list(type: string, mesh?: string): readonly Resource[] {
    const shelf = this.#types.get(type);
    if (!shelf) return NONE;
    return mesh === undefined ? shelf.list() : shelf.listMesh(mesh);
  }

  count(type: string): number {
    return this.#types.get(type)?.size ?? 0;
  }

  /** Direct children only. */
  ownedBy(ownerText: string): Iterable<ResourceKey> {
    return this.#owned.get(ownerText)?.values() ?? [];
  }

  *all(): Iterable<Resource> {
    for (const shelf of this.#types.values()) yield* shelf.list();
  }

  apply({ key, before, after }: Change): void {
    if (after) this.#put(after, before);
    else this.#types.get(key.type)?.delete(key.mesh, key.name);
    if (before?.owner && before.owner !== after?.owner) this.#disown(before.owner, key);
    if (after?.owner && before?.owner !== after.owner) this.#own(after.owner, key);
  }

  #put(resource: Resource, before: Resource | undefined): void {
    let shelf = this.#types.get(resource.type);
    if (!shelf) {
      shelf = new TypeShelf();
      this.#types.set(resource.type, shelf);
    }
    shelf.put(resource, before === undefined);
  }

  #own(owner: ResourceKey, key: ResourceKey): void {
    const ownerText = keyOf(owner);
    let owned = this.#owned.get(ownerText);
    if (!owned) {
      owned = new Map();
      this.#owned.set(ownerText, owned);
    }
    owned.set(keyOf(key), key);
  }

  #disown(owner: ResourceKey, key: ResourceKey): void {
    const ownerText = keyOf(owner);
    const owned = this.#owned.get(ownerText);
    if (owned?.delete(keyOf(key)) && owned.size === 0) this.#owned.delete(ownerText);
  }
}

/** All resources of one type. */
class TypeShelf {
  readonly #meshes = new Map<string, MeshShelf>();
  #size = 0;
  #all: readonly Resource[] | undefined;

  get size(): number {
    return this.#size;
  }

  get(mesh: string, name: string): Resource | undefined {
    return this.#meshes.get(mesh)?.get(name);
  }

  put(resource: Resource, isNew: boolean): void {
    let shelf = this.#meshes.get(resource.mesh);
    if (!shelf) {
      shelf = new MeshShelf();
      this.#meshes.set(resource.mesh, shelf);
    }
    shelf.put(resource);
    if (isNew) this.#size += 1;
    this.#all = undefined;
  }

  delete(mesh: string, name: string): void {
    const shelf = this.#meshes.get(mesh);
    if (!shelf?.delete(name)) return;
    if (shelf.size === 0) this.#meshes.delete(mesh);
    this.#size -= 1;
    this.#all = undefined;
  }

  listMesh(mesh: string): readonly Resource[] {
    return this.#meshes.get(mesh)?.list() ?? NONE;
  }

  list(): readonly Resource[] {
    this.#all ??= this.#concatenate();
    return this.#all;
  }

  #concatenate(): readonly Resource[] {
    const meshes = [...this.#meshes.keys()].sort();
    if (meshes.length === 1) return this.listMesh(meshes[0] ?? "");
    return meshes.flatMap((mesh) => this.listMesh(mesh));
  }
}

/** The resources of one type in one mesh. */
class MeshShelf {
  readonly #byName = new Map<string, Resource>();
  #sorted: readonly Resource[] = NONE;
  /** Names that changed since `#sorted` was built. */
  readonly #dirty = new Set<string>();

  get size(): number {
    return this.#byName.size;
  }

  get(name: string): Resource | undefined {
    return this.#byName.get(name);
  }

  put(resource: Resource): void {
    this.#byName.set(resource.name, resource);
    this.#dirty.add(resource.name);
  }

  delete(name: string): boolean {
    this.#dirty.add(name);
    return this.#byName.delete(name);
  }

  list(): readonly Resource[] {
    if (this.#dirty.size > 0) {
      this.#sorted = this.#merge([...this.#dirty].sort());
      this.#dirty.clear();
    }
    return this.#sorted;
  }

  #merge(dirtyNames: readonly string[]): readonly Resource[] {
    const old = this.#sorted;
    const merged: Resource[] = [];
    let from = 0;
    for (const name of dirtyNames) {
      const at = lowerBound(old, name, from);
      copy(old, from, at, merged);
      const resource = this.#byName.get(name);
      if (resource) merged.push(resource);
      from = old[at]?.name === name ? at + 1 : at;
    }
    copy(old, from, old.length, merged);
    return merged;
  }
}

/** First index at or after `from` whose name is not below `name`. */
function lowerBound(sorted: readonly Resource[], name: string, from: number): number {
  let low = from;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const candidate = sorted[middle];
    if (candidate && candidate.name < name) low = middle + 1;
    else high = middle;
  }
  return low;
}

function copy(source: readonly Resource[], from: number, to: number, target: Resource[]): void {
  for (let i = from; i < to; i += 1) {
    const resource = source[i];
    if (resource) target.push(resource);
  }
}
