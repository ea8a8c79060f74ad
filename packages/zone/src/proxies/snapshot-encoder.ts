/**
 * From parts of configurations to bytes. Proxies have much in common, and most of a configuration is as before: what was encoded is found by the
 * hash of its JSON for as long as somebody has it, and equal content is one object for all proxies.
 */
import { hash } from "node:crypto";
import { type EnvoyConfig, encode, type ResourceKind } from "@isthmus/envoy";
import {
  CLUSTER_TYPE,
  ENDPOINT_TYPE,
  type EncodedResource,
  LISTENER_TYPE,
  type ResourcePool,
  SECRET_TYPE,
  type TypeUrl,
} from "@isthmus/xds";

const TYPES: Readonly<Record<ResourceKind, TypeUrl>> = {
  cluster: CLUSTER_TYPE,
  endpoints: ENDPOINT_TYPE,
  listener: LISTENER_TYPE,
  secret: SECRET_TYPE,
};
/** Entries of the memory of what was encoded; the oldest go first. */
const REMEMBERED_MAX = 50_000;

export interface EncodedPart {
  readonly clusters: readonly EncodedResource[];
  readonly endpoints: readonly EncodedResource[];
  readonly listeners: readonly EncodedResource[];
  /** Names of secrets that it refers to. */
  readonly secrets: ReadonlySet<string>;
  /** What was left out, and why; also what Envoy's messages cannot hold, a mistake of the translator. */
  readonly problems: readonly string[];
}

export class SnapshotEncoder {
  readonly #pool: ResourcePool;
  readonly #remembered = new Map<string, WeakRef<EncodedResource>>();

  constructor(pool: ResourcePool) {
    this.#pool = pool;
  }

  part({ clusters, endpoints, listeners, secrets, problems: leftOut }: EnvoyConfig): EncodedPart {
    const problems = [...leftOut];
    return {
      clusters: this.all("cluster", clusters, problems),
      endpoints: this.all("endpoints", endpoints, problems),
      listeners: this.all("listener", listeners, problems),
      secrets,
      problems,
    };
  }

  all(kind: ResourceKind, byName: ReadonlyMap<string, object>, problems: string[]): readonly EncodedResource[] {
    const encoded: EncodedResource[] = [];
    for (const [name, json] of byName) {
      const resource = this.#resource(kind, name, json);
      if (typeof resource === "string") problems.push(`${kind} ${name}: ${resource}`);
      else encoded.push(resource);
    }
    return encoded;
  }

  #resource(kind: ResourceKind, name: string, json: object): EncodedResource | string {
    const key = hash("sha1", `${kind}\u0000${name}\u0000${JSON.stringify(json)}`, "base64");
    const known = this.#remembered.get(key)?.deref();
    if (known !== undefined) return known;
    const encoded = encode(kind, name, json);
    if (!encoded.ok) return encoded.error;
    const resource = this.#pool.resource(TYPES[kind], name, encoded.value.bytes);
    this.#remembered.set(key, new WeakRef(resource));
    if (this.#remembered.size > REMEMBERED_MAX) {
      const [oldest] = this.#remembered.keys();
      if (oldest !== undefined) this.#remembered.delete(oldest);
    }
    return resource;
  }
}
