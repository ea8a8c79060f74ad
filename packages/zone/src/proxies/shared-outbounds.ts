/**
 * All outbounds of one class of proxies as sets of resources, followed change by change: an outbound that changes costs what it has, whatever the
 * number of outbounds and proxies. Several outbounds may lead to one cluster: it stays as long as one of them does.
 */
import type { EncodedResource, ResourcePool, ResourceSet } from "@isthmus/xds";
import type { EncodedPart } from "./snapshot-encoder.ts";

export interface OutboundPart {
  readonly part: EncodedPart;
  /** `address:port` of its listener; undefined: it has none of its own. */
  readonly place: string | undefined;
}

export const PART_KINDS = ["clusters", "endpoints", "listeners"] as const;
export type PartKind = (typeof PART_KINDS)[number];

export class SharedOutbounds {
  readonly #parts = new Map<string, OutboundPart>();
  readonly #kinds: Readonly<Record<PartKind, OwnedSet>>;
  readonly #secrets = new Map<string, number>();
  readonly #listenersAt = new Map<string, string>();

  constructor(pool: ResourcePool) {
    this.#kinds = { clusters: new OwnedSet(pool), endpoints: new OwnedSet(pool), listeners: new OwnedSet(pool) };
  }

  get size(): number {
    return this.#parts.size;
  }

  set(kind: PartKind): ResourceSet {
    return this.#kinds[kind].current;
  }

  refersTo(secret: string): boolean {
    return this.#secrets.has(secret);
  }

  /** Names of the listeners at those places. */
  listenersAt(places: Iterable<string>): readonly string[] {
    return [...places].flatMap((place) => this.#listenersAt.get(place) ?? []);
  }

  /** `undefined`: the outbound is gone. */
  apply(changes: ReadonlyMap<string, OutboundPart | undefined>): void {
    for (const [owner, after] of changes) {
      const before = this.#parts.get(owner);
      if (after === undefined) this.#parts.delete(owner);
      else this.#parts.set(owner, after);
      for (const kind of PART_KINDS)
        this.#kinds[kind].replace(owner, before?.part[kind] ?? [], after?.part[kind] ?? []);
      for (const name of before?.part.secrets ?? []) this.#count(name, -1);
      for (const name of after?.part.secrets ?? []) this.#count(name, 1);
      if (before?.place !== undefined) this.#listenersAt.delete(before.place);
      const [listener] = after?.part.listeners ?? [];
      if (after?.place !== undefined && listener !== undefined) this.#listenersAt.set(after.place, listener.name);
    }
    for (const kind of PART_KINDS) this.#kinds[kind].finish();
  }

  #count(secret: string, difference: number): void {
    const count = (this.#secrets.get(secret) ?? 0) + difference;
    if (count === 0) this.#secrets.delete(secret);
    else this.#secrets.set(secret, count);
  }
}

/** Of one name that several owners have, the first owner's counts. */
class OwnedSet {
  current: ResourceSet;
  readonly #owners = new Map<string, Map<string, EncodedResource>>();
  readonly #touched = new Set<string>();

  constructor(pool: ResourcePool) {
    this.current = pool.emptySet;
  }

  replace(owner: string, before: readonly EncodedResource[], after: readonly EncodedResource[]): void {
    for (const { name } of before) {
      this.#owners.get(name)?.delete(owner);
      this.#touched.add(name);
    }
    for (const resource of after) {
      const owners = this.#owners.get(resource.name);
      if (owners === undefined) this.#owners.set(resource.name, new Map([[owner, resource]]));
      else owners.set(owner, resource);
      this.#touched.add(resource.name);
    }
  }

  finish(): void {
    const upserts: EncodedResource[] = [];
    const removals: string[] = [];
    for (const name of this.#touched) {
      const owners = this.#owners.get(name);
      const [first] = [...(owners?.keys() ?? [])].sort();
      const resource = first === undefined ? undefined : owners?.get(first);
      if (resource !== undefined) upserts.push(resource);
      else {
        this.#owners.delete(name);
        removals.push(name);
      }
    }
    this.#touched.clear();
    if (upserts.length + removals.length > 0) this.current = this.current.with(upserts, removals);
  }
}
