/**
 * Keeps the MeshIdentities of a zone going: CAs, MeshTrusts, conditions. Looks at them when something they depend on has changed, never
 * by the clock.
 */
import { type IdentityPlan, planMeshIdentity } from "@isthmus/identity";
import { computeLabels, kriOf, kriText, type Registry, type Resource } from "@isthmus/resources";
import { type Clock, errorMessage, type Random, type Service } from "@isthmus/std";
import { type CommitEvent, type Op, type Store, StoreWriter, type WriteEvent } from "@isthmus/store";
import { dataSourceLoader } from "../keys/data-source.ts";
import type { KeyMaker } from "../keys/key-maker.ts";
import { CA_VALIDITY_MS } from "../keys/key-maker.ts";
import { meshSecret } from "../keys/secrets.ts";

export interface MeshIdentitiesOptions {
  readonly store: Store;
  readonly registry: Registry;
  readonly clock: Clock;
  readonly random: Random;
  readonly keys: KeyMaker;
  readonly zone: string;
  /** Trust domain of the identity for proxies of this zone; undefined: its template cannot be rendered. */
  readonly trustDomainOf: (identity: Resource, zone: string) => string | undefined;
  readonly onEvent: (event: MeshIdentityEvent) => void;
}

export type MeshIdentityEvent =
  | WriteEvent
  | { readonly kind: "caMade"; readonly mesh: string; readonly identity: string }
  | { readonly kind: "caFailed"; readonly mesh: string; readonly identity: string; readonly reason: string };

const TYPES: ReadonlySet<string> = new Set(["Mesh", "MeshIdentity", "MeshTrust", "Secret"]);

export class MeshIdentities implements Service {
  readonly name = "mesh identities";
  readonly #options: MeshIdentitiesOptions;
  readonly #writer: StoreWriter;
  /** Identities whose CA is being made, by mesh and name. */
  readonly #making = new Map<string, Promise<void>>();
  #unsubscribe: (() => void) | undefined;

  constructor(options: MeshIdentitiesOptions) {
    const { store, clock, random, onEvent } = options;
    this.#options = options;
    this.#writer = new StoreWriter({ store, clock, random, pending: () => this.#pending(), onEvent });
  }

  async start(): Promise<void> {
    this.#unsubscribe ??= this.#options.store.subscribe((event) => this.#onCommit(event));
    this.#writer.poke();
  }

  async stop(): Promise<void> {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    await this.#writer.stop();
    await Promise.all(this.#making.values());
  }

  #onCommit({ changes }: CommitEvent): void {
    if (changes.some(({ key }) => TYPES.has(key.type))) this.#writer.poke();
  }

  #pending(): readonly { readonly op: Op }[] {
    const ops: Op[] = [];
    for (const identity of this.#options.store.list("MeshIdentity")) {
      const plan = this.#plan(identity);
      ops.push(...plan.ops);
      if (plan.newCa !== undefined) this.#makeCa(identity, plan.newCa);
    }
    return ops.map((op) => ({ op }));
  }

  #plan(identity: Resource): IdentityPlan {
    const { store, registry, zone, trustDomainOf } = this.#options;
    const type = registry.get(identity.type);
    const trustType = registry.get("MeshTrust");
    const { mesh, name } = identity;
    return planMeshIdentity(identity, {
      mesh: store.get({ type: "Mesh", mesh: "", name: mesh }),
      kri: type === undefined ? "" : (kriText(type, kriOf(identity)) ?? ""),
      trustDomain: trustDomainOf(identity, zone),
      trust: store.get({ type: "MeshTrust", mesh, name }),
      load: dataSourceLoader(mesh, store),
      labels:
        trustType === undefined ? {} : computeLabels(trustType, { mesh, labels: {}, spec: {} }, { mode: "zone", zone }),
    });
  }

  /** Once at a time; what is stored then is looked at like any other change. */
  #makeCa(identity: Resource, newCa: NonNullable<IdentityPlan["newCa"]>): void {
    const { mesh, name } = identity;
    const key = `${mesh}\u0000${name}`;
    if (this.#making.has(key)) return;
    const made = this.#storeCa(identity, newCa).then(
      () => this.#options.onEvent({ kind: "caMade", mesh, identity: name }),
      (error: unknown) =>
        this.#options.onEvent({ kind: "caFailed", mesh, identity: name, reason: errorMessage(error) }),
    );
    this.#making.set(
      key,
      made.finally(() => this.#making.delete(key)),
    );
  }

  async #storeCa(identity: Resource, { trustDomain, secrets }: NonNullable<IdentityPlan["newCa"]>): Promise<void> {
    const { store, keys } = this.#options;
    const { type, mesh, name } = identity;
    const ca = await keys.ca({ commonName: trustDomain, trustDomain, validityMs: CA_VALIDITY_MS, key: { kind: "ec" } });
    const owner = { type, mesh, name };
    await store.commit([
      { kind: "put", resource: { ...meshSecret(mesh, secrets.cert, ca.cert), owner } },
      { kind: "put", resource: { ...meshSecret(mesh, secrets.key, ca.key), owner } },
    ]);
  }
}
