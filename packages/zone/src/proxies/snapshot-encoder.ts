/**
 * From configurations to snapshots of bytes. Proxies have much in common, and most of a configuration is as before: what was encoded is
 * found by the hash of its JSON, and equal content is one object for all proxies.
 */
import { hash } from "node:crypto";
import { encode, type ResourceKind } from "@isthmus/envoy";
import {
  CLUSTER_TYPE,
  ENDPOINT_TYPE,
  type EncodedResource,
  LISTENER_TYPE,
  type ProxySnapshot,
  type ResourcePool,
  type ResourceSet,
  SECRET_TYPE,
  type TypeUrl,
} from "@isthmus/xds";
import type { ProxyConfiguration } from "./proxy-configuration.ts";

const TYPES: Readonly<Record<ResourceKind, TypeUrl>> = {
  cluster: CLUSTER_TYPE,
  endpoints: ENDPOINT_TYPE,
  listener: LISTENER_TYPE,
  secret: SECRET_TYPE,
};
/** Entries of the memory of what was encoded; the oldest go first. */
const REMEMBERED_MAX = 50_000;

export interface EncodedSnapshot {
  readonly snapshot: ProxySnapshot;
  /** Resources that Envoy's messages cannot hold: left out, a mistake of the translator. */
  readonly problems: readonly string[];
}

export class SnapshotEncoder {
  readonly #pool: ResourcePool;
  readonly #remembered = new Map<string, EncodedResource>();

  constructor(pool: ResourcePool) {
    this.#pool = pool;
  }

  encode({ config, secrets }: ProxyConfiguration, revision: number): EncodedSnapshot {
    const problems: string[] = [];
    const resources = new Map<TypeUrl, ResourceSet>([
      [CLUSTER_TYPE, this.#set("cluster", config.clusters, problems)],
      [ENDPOINT_TYPE, this.#set("endpoints", config.endpoints, problems)],
      [LISTENER_TYPE, this.#set("listener", config.listeners, problems)],
      [SECRET_TYPE, this.#set("secret", secrets, problems)],
    ]);
    return { snapshot: { revision, resources }, problems };
  }

  #set(kind: ResourceKind, byName: ReadonlyMap<string, object>, problems: string[]): ResourceSet {
    const encoded: EncodedResource[] = [];
    for (const [name, json] of byName) {
      const resource = this.#resource(kind, name, json);
      if (typeof resource === "string") problems.push(`${kind} ${name}: ${resource}`);
      else encoded.push(resource);
    }
    return this.#pool.set(encoded);
  }

  #resource(kind: ResourceKind, name: string, json: object): EncodedResource | string {
    const key = hash("sha1", `${kind}\u0000${name}\u0000${JSON.stringify(json)}`, "base64");
    const known = this.#remembered.get(key);
    if (known !== undefined) return known;
    const encoded = encode(kind, name, json);
    if (!encoded.ok) return encoded.error;
    const resource = this.#pool.resource(TYPES[kind], name, encoded.value.bytes);
    this.#remembered.set(key, resource);
    if (this.#remembered.size > REMEMBERED_MAX) {
      const [oldest] = this.#remembered.keys();
      if (oldest !== undefined) this.#remembered.delete(oldest);
    }
    return resource;
  }
}
