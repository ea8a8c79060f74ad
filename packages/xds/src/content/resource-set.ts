/**
 * An immutable set of resources of one type, by name. A thousand proxies of a mesh have nearly the same thousand clusters: one
 * map each would be 100 KB per proxy and type. So a set is 32 buckets by hash of the name, equal buckets and equal sets are
 * one object (`ResourcePool`), and what differs between two sets is found by comparing buckets, once for all who ask. What a
 * proxy has of its own is in one more bucket, so that the others are those of everybody.
 */
import type { EncodedResource } from "./encoded-resource.ts";
import type { NameSet } from "./name-set.ts";
import type { ResourcePool } from "./resource-pool.ts";

const HASHED = 32;
/** Place of the bucket of what only one proxy has. */
const OWN = HASHED;
export const BUCKETS = HASHED + 1;

/** Resources sorted by name. Interned: equal content is the same object. */
export class Bucket {
  readonly version: string;
  readonly resources: readonly EncodedResource[];
  /** Sum of the frames in a DiscoveryResponse. */
  readonly stateBytes: number;
  /** By older bucket. Most sets have most buckets in common with others. */
  #differences: WeakMap<Bucket, SetDifference> | undefined;

  /** Use `ResourcePool.bucket`, which shares equal ones. */
  constructor(version: string, resources: readonly EncodedResource[]) {
    this.version = version;
    this.resources = resources;
    this.stateBytes = resources.reduce((sum, resource) => sum + resource.stateBytes, 0);
  }

  get(name: string): EncodedResource | undefined {
    const { resources } = this;
    let low = 0;
    let high = resources.length - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const resource = resources[middle];
      if (resource === undefined || resource.name === name) return resource;
      if (resource.name < name) low = middle + 1;
      else high = middle - 1;
    }
    return undefined;
  }

  since(older: Bucket): SetDifference {
    if (older === this) return NO_DIFFERENCE;
    if (older.resources.length === 0) return { upserts: this.resources, removals: [] };
    this.#differences ??= new WeakMap();
    let difference = this.#differences.get(older);
    if (difference === undefined) {
      difference = bucketDifference(older, this);
      this.#differences.set(older, difference);
    }
    return difference;
  }
}

export interface SetDifference {
  /** New or changed, sorted by bucket and name. */
  readonly upserts: readonly EncodedResource[];
  /** Names that are no longer there. */
  readonly removals: readonly string[];
}

export class ResourceSet {
  /** Hash of the content, the same on every control plane. */
  readonly version: string;
  readonly size: number;
  readonly #pool: ResourcePool;
  readonly #buckets: readonly Bucket[];
  /** By older set. Garbage as soon as nobody holds that one. Most sets are never asked: made on demand. */
  #differences: WeakMap<ResourceSet, SetDifference> | undefined;
  #restrictions: WeakMap<NameSet, ResourceSet> | undefined;

  /** Use `ResourcePool.set`, which shares equal ones. */
  constructor(pool: ResourcePool, version: string, buckets: readonly Bucket[]) {
    this.#pool = pool;
    this.version = version;
    this.#buckets = buckets;
    this.size = buckets.reduce((sum, bucket) => sum + bucket.resources.length, 0);
  }

  get(name: string): EncodedResource | undefined {
    return this.#bucket(OWN).get(name) ?? this.#bucket(bucketIndex(name)).get(name);
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  *[Symbol.iterator](): Generator<EncodedResource, void, undefined> {
    for (const bucket of this.#buckets) yield* bucket.resources;
  }

  /** Sum of the frames in a DiscoveryResponse. */
  get stateBytes(): number {
    return this.#buckets.reduce((sum, bucket) => sum + bucket.stateBytes, 0);
  }

  /** All frames of a DiscoveryResponse, in some pieces, which are the same bytes for all sets that have the same. */
  *stateParts(): Generator<Uint8Array, void, undefined> {
    for (const bucket of this.#buckets) if (bucket.stateBytes > 0) yield* this.#pool.bytes.parts(bucket);
  }

  /** Cost: the touched buckets. Removals first, so that a name in both is upserted. */
  with(upserts: Iterable<EncodedResource>, removals: Iterable<string> = []): ResourceSet {
    const touched = new Map<number, Map<string, EncodedResource>>();
    const entriesOf = (name: string): Map<string, EncodedResource> => {
      const index = this.#bucket(OWN).get(name) === undefined ? bucketIndex(name) : OWN;
      let entries = touched.get(index);
      if (entries === undefined) {
        entries = new Map(this.#bucket(index).resources.map((resource) => [resource.name, resource]));
        touched.set(index, entries);
      }
      return entries;
    };
    for (const name of removals) entriesOf(name).delete(name);
    for (const resource of upserts) entriesOf(resource.name).set(resource.name, resource);
    if (touched.size === 0) return this;
    const buckets = this.#buckets.map((bucket, index) => {
      const entries = touched.get(index);
      return entries === undefined ? bucket : this.#pool.bucket([...entries.values()]);
    });
    return this.#pool.setOf(buckets);
  }

  without(names: Iterable<string>): ResourceSet {
    return this.with([], names);
  }

  /** With these, each name once, as what nobody else has: all other buckets stay those that many have. */
  withOwn(own: readonly EncodedResource[]): ResourceSet {
    const others = this.without(own.flatMap(({ name }) => (this.has(name) ? [name] : [])));
    return this.#pool.setOf(others.#buckets.with(OWN, this.#pool.bucket(own)));
  }

  /** Those of the given names that are here. */
  restrictedTo(names: NameSet): ResourceSet {
    this.#restrictions ??= new WeakMap();
    let restricted = this.#restrictions.get(names);
    if (restricted === undefined) {
      const buckets = this.#buckets.map((bucket) => {
        const kept = bucket.resources.filter(({ name }) => names.has(name));
        return kept.length === bucket.resources.length ? bucket : this.#pool.bucket(kept);
      });
      restricted = this.#pool.setOf(buckets);
      this.#restrictions.set(names, restricted);
    }
    return restricted;
  }

  /** What somebody who has `older` lacks. Computed once for each pair of sets that hold something. */
  since(older: ResourceSet): SetDifference {
    if (older === this) return NO_DIFFERENCE;
    // The empty set lives for ever, and so would a list of everything.
    if (older.size === 0) return this.#byBuckets(older);
    this.#differences ??= new WeakMap();
    let difference = this.#differences.get(older);
    if (difference === undefined) {
      difference = this.#byBuckets(older);
      // What one has as its own the other may have in another bucket.
      if (this.#bucket(OWN) !== older.#bucket(OWN)) difference = withoutMoved(difference, older, this);
      this.#differences.set(older, difference);
    }
    return difference;
  }

  #byBuckets(older: ResourceSet): SetDifference {
    const upserts: EncodedResource[] = [];
    const removals: string[] = [];
    for (const [index, bucket] of this.#buckets.entries()) {
      const difference = bucket.since(older.#bucket(index));
      if (difference === NO_DIFFERENCE) continue;
      upserts.push(...difference.upserts);
      removals.push(...difference.removals);
    }
    return { upserts, removals };
  }

  #bucket(index: number): Bucket {
    return this.#buckets[index] ?? EMPTY_BUCKET;
  }
}

export const NO_DIFFERENCE: SetDifference = { upserts: [], removals: [] };

/** FNV-1a over the characters: stable, since equal buckets must come about in every set. */
export function bucketIndex(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i += 1) {
    hash ^= name.charCodeAt(i);
    hash = Math.imul(hash, 0x01000193);
  }
  // The low bits of FNV depend on few bits of the input.
  return ((hash >>> 16) ^ hash) & (HASHED - 1);
}

export const EMPTY_BUCKET = new Bucket("", []);

function withoutMoved({ upserts, removals }: SetDifference, older: ResourceSet, newer: ResourceSet): SetDifference {
  return {
    upserts: upserts.filter(({ name, version }) => older.get(name)?.version !== version),
    removals: removals.filter((name) => !newer.has(name)),
  };
}

function bucketDifference(older: Bucket, newer: Bucket): SetDifference {
  const left = new Map(older.resources.map((resource) => [resource.name, resource]));
  const upserts: EncodedResource[] = [];
  for (const resource of newer.resources) {
    if (left.get(resource.name)?.version !== resource.version) upserts.push(resource);
    left.delete(resource.name);
  }
  return { upserts, removals: [...left.keys()] };
}
