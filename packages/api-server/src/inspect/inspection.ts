/**
 * What the inspect endpoints read: the store, and what is computed of its resources again and again. Views live as long as the
 * resources they are of; what is about a whole mesh lives until the next commit.
 */
import {
  type MatchedPolicy,
  type Policy,
  type PolicyKind,
  type PolicyProxy,
  policiesFor,
  policyKinds,
  policyOf,
  proxyOf,
  selectGateway,
  TargetIndex,
} from "@isthmus/policy";
import type { Registry, Resource } from "@isthmus/resources";
import { objectOf, textOf } from "@isthmus/resources";
import type { Store } from "@isthmus/store";
import { snapshotWorld, type World } from "@isthmus/topology";
import { remembered } from "./remembered.ts";

/** What the policies of one type say about one proxy. */
export interface KindPolicies {
  readonly kind: PolicyKind;
  /** Ascending: the later win. */
  readonly matched: readonly MatchedPolicy[];
  readonly warnings: readonly string[];
}

/** Types that policies name as destinations. */
const TARGETS = ["MeshService", "MeshMultiZoneService", "MeshExternalService", "MeshHTTPRoute"];
/** What decides where a proxy may send traffic and as whom. */
const WORLD = ["MeshService", "MeshMultiZoneService", "MeshExternalService", "MeshIdentity"];

export class Inspection {
  readonly kinds: readonly PolicyKind[];
  readonly registry: Registry;
  readonly store: Store;
  readonly #policyOf = remembered(policyOf);
  readonly #targets: (mesh: string) => TargetIndex;
  readonly #worlds: (mesh: string) => World;

  /** `zone`: the own one, "" on a global. */
  constructor(registry: Registry, store: Store, zone: string) {
    this.kinds = policyKinds(registry);
    this.registry = registry;
    this.store = store;
    this.#targets = this.#perRevision((mesh) => new TargetIndex(this.#resources(mesh, TARGETS)));
    const settings = { zone, remoteWeights: "isthmus", systemNamespace: "" } as const;
    this.#worlds = this.#perRevision((mesh) => snapshotWorld(this.#resources(mesh, WORLD), settings));
  }

  mesh(name: string): Resource | undefined {
    return this.store.get({ type: "Mesh", mesh: "", name });
  }

  dataplane(mesh: string, name: string): Resource | undefined {
    return this.store.get({ type: "Dataplane", mesh, name });
  }

  policies(type: string, mesh: string): readonly Policy[] {
    return this.store.list(type, { mesh }).map(this.#policyOf);
  }

  routes(mesh: string): readonly Policy[] {
    return this.policies("MeshHTTPRoute", mesh);
  }

  /** The Mesh, its services and its routes. */
  targets(mesh: string): TargetIndex {
    return this.#targets(mesh);
  }

  /** The Mesh, its services and identities. */
  world(mesh: string): World {
    return this.#worlds(mesh);
  }

  proxy(dataplane: Resource): PolicyProxy {
    return proxyOf(dataplane, selectGateway(dataplane, this.store.list("MeshGateway", { mesh: dataplane.mesh })));
  }

  policiesOf(kind: PolicyKind, proxy: PolicyProxy): KindPolicies {
    const { mesh } = proxy.dataplane;
    return { kind, ...policiesFor(proxy, this.policies(kind.name, mesh), { routes: this.routes(mesh) }) };
  }

  #resources(mesh: string, types: readonly string[]): readonly Resource[] {
    const found = this.mesh(mesh);
    return [...(found === undefined ? [] : [found]), ...types.flatMap((type) => this.store.list(type, { mesh }))];
  }

  #perRevision<T>(make: (mesh: string) => T): (mesh: string) => T {
    let revision = -1;
    const made = new Map<string, T>();
    return (mesh) => {
      if (this.store.revision !== revision) {
        revision = this.store.revision;
        made.clear();
      }
      const known = made.get(mesh);
      if (known !== undefined) return known;
      const value = make(mesh);
      made.set(mesh, value);
      return value;
    };
  }
}

/** Services are resources only; a value of `kuma.io/service` is no destination. */
export function isExclusive(mesh: Resource): boolean {
  return textOf(objectOf(mesh.spec, "meshServices"), "mode") === "Exclusive";
}
