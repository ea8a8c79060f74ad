/** Puts snapshots together: what a proxy has of its own, and the outbounds of its class. Costs what changed. */
import {
  CLUSTER_TYPE,
  ENDPOINT_TYPE,
  LISTENER_TYPE,
  type ProxySnapshot,
  type ResourcePool,
  type ResourceSet,
  SECRET_TYPE,
  type TypeUrl,
} from "@isthmus/xds";
import type { OwnPart } from "./configuration-graph.ts";
import { type OutboundPart, PART_KINDS, type PartKind, SharedOutbounds } from "./shared-outbounds.ts";

const TYPES: Readonly<Record<PartKind, TypeUrl>> = {
  clusters: CLUSTER_TYPE,
  endpoints: ENDPOINT_TYPE,
  listeners: LISTENER_TYPE,
};

interface Assembled {
  readonly own: OwnPart;
  /** Of the class, when it was put together. */
  readonly shared: ReadonlyMap<PartKind, ResourceSet>;
  readonly snapshot: ProxySnapshot;
}

export class ConfigurationAssembly {
  readonly #pool: ResourcePool;
  readonly #own = new Map<string, OwnPart>();
  readonly #members = new Map<string, Set<string>>();
  readonly #classes = new Map<string, SharedOutbounds>();
  readonly #assembled = new Map<string, Assembled>();
  readonly #changedParts = new Map<string, Map<string, OutboundPart | undefined>>();
  readonly #changed = new Set<string>();

  constructor(pool: ResourcePool) {
    this.#pool = pool;
  }

  /** Undefined: it has no configuration now. */
  setOwn(proxy: string, own: OwnPart | undefined): void {
    const before = this.#own.get(proxy)?.outboundClass;
    if (own === undefined) this.#own.delete(proxy);
    else this.#own.set(proxy, own);
    const after = own?.outboundClass;
    if (before !== undefined && before !== after) this.#leave(before, proxy);
    if (after !== undefined && before !== after) {
      const members = this.#members.get(after);
      if (members === undefined) this.#members.set(after, new Set([proxy]));
      else members.add(proxy);
    }
    this.#changed.add(proxy);
  }

  setShared(outboundClass: string, key: string, part: OutboundPart | undefined): void {
    const changes = this.#changedParts.get(outboundClass);
    if (changes === undefined) this.#changedParts.set(outboundClass, new Map([[key, part]]));
    else changes.set(key, part);
  }

  /** One of the proxies of a class, for people. */
  memberOf(outboundClass: string): string | undefined {
    return this.#members.get(outboundClass)?.values().next().value;
  }

  snapshot(proxy: string): ProxySnapshot | undefined {
    return this.#assembled.get(proxy)?.snapshot;
  }

  /** Snapshots that are new since the last call, by proxy. */
  assemble(revision: number): ReadonlyMap<string, ProxySnapshot> {
    for (const [key, changes] of this.#changedParts) {
      const outbounds = this.#classes.get(key) ?? new SharedOutbounds(this.#pool);
      outbounds.apply(changes);
      if (outbounds.size === 0) this.#classes.delete(key);
      else this.#classes.set(key, outbounds);
      for (const member of this.#members.get(key) ?? []) this.#changed.add(member);
    }
    this.#changedParts.clear();
    const snapshots = new Map<string, ProxySnapshot>();
    for (const proxy of this.#changed) {
      const own = this.#own.get(proxy);
      if (own === undefined) {
        this.#assembled.delete(proxy);
        continue;
      }
      const assembled = this.#assembleOne(own, this.#assembled.get(proxy), revision);
      this.#assembled.set(proxy, assembled);
      snapshots.set(proxy, assembled.snapshot);
    }
    this.#changed.clear();
    return snapshots;
  }

  #assembleOne(own: OwnPart, before: Assembled | undefined, revision: number): Assembled {
    const { outboundClass, part, secrets } = own;
    const outbounds = outboundClass === undefined ? undefined : this.#classes.get(outboundClass);
    const shared = new Map<PartKind, ResourceSet>();
    const resources = new Map<TypeUrl, ResourceSet>();
    const sameOwn = before?.own === own ? before : undefined;
    for (const kind of PART_KINDS) {
      const type = TYPES[kind];
      const ofClass = outbounds?.set(kind) ?? this.#pool.emptySet;
      shared.set(kind, ofClass);
      const known = sameOwn?.shared.get(kind) === ofClass ? sameOwn.snapshot.resources.get(type) : undefined;
      resources.set(type, known ?? this.#together(kind, own, outbounds));
    }
    const referred = secrets.filter(({ name }) => part.secrets.has(name) || outbounds?.refersTo(name) === true);
    // Of one own part the secrets are the same objects: as many are the same, unless references came and went.
    const known = sameOwn?.snapshot.resources.get(SECRET_TYPE);
    const isKnown = known?.size === referred.length && referred.every(({ name }) => known.has(name));
    resources.set(SECRET_TYPE, isKnown ? known : this.#pool.set(referred));
    return { own, shared, snapshot: { revision, resources } };
  }

  #together(kind: PartKind, { part, places }: OwnPart, outbounds: SharedOutbounds | undefined): ResourceSet {
    if (outbounds === undefined) return this.#pool.set(part[kind]);
    const taken = kind === "listeners" ? outbounds.listenersAt(places) : [];
    return outbounds.set(kind).without(taken).withOwn(part[kind]);
  }

  #leave(outboundClass: string, proxy: string): void {
    const members = this.#members.get(outboundClass);
    members?.delete(proxy);
    if (members?.size === 0) this.#members.delete(outboundClass);
  }
}
