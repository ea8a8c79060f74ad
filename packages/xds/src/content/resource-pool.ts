/**
 * Makes resources and sets such that equal ones are one object. Whatever nobody holds any more disappears by itself: the pool
 * keeps weak references only, so there is nothing to release and nothing to leak.
 */
import { hash } from "node:crypto";
import { WeakValues } from "@isthmus/std";
import type { TypeUrl } from "../type-urls.ts";
import { EncodedResource, versionOf } from "./encoded-resource.ts";
import { NameSet } from "./name-set.ts";
import { BUCKETS, Bucket, bucketIndex, EMPTY_BUCKET, ResourceSet } from "./resource-set.ts";
import { SharedBytes } from "./shared-bytes.ts";

export class ResourcePool {
  /** For ResourceSet. */
  readonly bytes = new SharedBytes();
  readonly #resources = new WeakValues<EncodedResource>();
  readonly #foreign = new WeakValues<EncodedResource>();
  readonly #buckets = new WeakValues<Bucket>();
  readonly #sets = new WeakValues<ResourceSet>();
  readonly #names = new WeakValues<NameSet>();
  readonly #namesOf = new WeakMap<Iterable<string>, NameSet>();
  readonly #emptySet: ResourceSet;
  readonly #noNames: NameSet;

  constructor() {
    const buckets = Array<Bucket>(BUCKETS).fill(EMPTY_BUCKET);
    this.#emptySet = new ResourceSet(this, versionOfSet(buckets), buckets);
    this.#noNames = new NameSet(new Set());
  }

  /** The resource of this content. `body` is the encoded message; it is copied. */
  resource(typeUrl: TypeUrl, name: string, body: Uint8Array): EncodedResource {
    const version = versionOf(typeUrl, body);
    return this.#resources.get(`${version} ${name}`, () => new EncodedResource(typeUrl, name, version, body));
  }

  /**
   * What a peer says it has of a name: our own resource where that is still alive, for versions are content hashes; else one
   * that stands for content that is not here.
   */
  claimed(typeUrl: TypeUrl, name: string, version: string): EncodedResource {
    const own = this.#resources.peek(`${version} ${name}`);
    if (own?.typeUrl === typeUrl) return own;
    return this.#foreign.get(`${typeUrl} ${version} ${name}`, () => {
      return new EncodedResource(typeUrl, name, version, new Uint8Array(), true);
    });
  }

  get emptySet(): ResourceSet {
    return this.#emptySet;
  }

  /** Of resources with the same name the last one counts. */
  set(resources: Iterable<EncodedResource>): ResourceSet {
    const byBucket = Array.from({ length: BUCKETS }, () => new Map<string, EncodedResource>());
    for (const resource of resources) byBucket[bucketIndex(resource.name)]?.set(resource.name, resource);
    return this.setOf(byBucket.map((entries) => this.bucket([...entries.values()])));
  }

  /** Cost: next to nothing for a list that was given before. */
  names(names: Iterable<string>): NameSet {
    const known = this.#namesOf.get(names) ?? this.#unique(names);
    this.#namesOf.set(names, known);
    return known;
  }

  #unique(names: Iterable<string>): NameSet {
    const unique = new Set(names);
    if (unique.size === 0) return this.#noNames;
    const key = hash("sha256", [...unique].sort().join("\0"), "base64url");
    return this.#names.get(key, () => new NameSet(unique));
  }

  /** How many distinct things are alive: for gauges and tests. */
  get counts(): {
    readonly resources: number;
    readonly buckets: number;
    readonly sets: number;
    readonly names: number;
  } {
    return {
      resources: this.#resources.size,
      buckets: this.#buckets.size,
      sets: this.#sets.size,
      names: this.#names.size,
    };
  }

  /** For ResourceSet. Names are distinct. */
  bucket(resources: readonly EncodedResource[]): Bucket {
    if (resources.length === 0) return EMPTY_BUCKET;
    const sorted = [...resources].sort((a, b) => (a.name < b.name ? -1 : 1));
    // A foreign resource must not stand in for our own of the same version in somebody else's set.
    const parts = sorted.map(({ name, version, isForeign }) => `${name} ${version}${isForeign ? "?" : ""}`);
    const version = hash("sha256", parts.join("\0"), "base64url");
    return this.#buckets.get(version, () => new Bucket(version, sorted));
  }

  /** For ResourceSet. */
  setOf(buckets: readonly Bucket[]): ResourceSet {
    const version = versionOfSet(buckets);
    if (version === this.#emptySet.version) return this.#emptySet;
    return this.#sets.get(version, () => new ResourceSet(this, version, buckets));
  }
}

function versionOfSet(buckets: readonly Bucket[]): string {
  return hash("sha256", buckets.map(({ version }) => version).join(" "), "base64url").slice(0, 22);
}
