/**
 * Makes the configuration of every connected proxy and keeps it up to date: derived from what is stored by the reactor of the topology, so that a
 * change costs what depends on it. Certificates are made beside it and come in as one more input.
 *
 *     followed proxies -> wishes for certificates -> keeper -> certificates
 *                      -> parts of configurations -> snapshots -> sessions
 */
import { type TranslationSettings, traitsOf } from "@isthmus/envoy";
import { CertificateKeeper } from "@isthmus/identity";
import { dataSourceLoader } from "@isthmus/manager";
import type { Change, DerivationGraph } from "@isthmus/reactor";
import type { LoadDataSource, Registry } from "@isthmus/resources";
import { type Clock, err } from "@isthmus/std";
import type { Store } from "@isthmus/store";
import type { TopologyCollections, World } from "@isthmus/topology";
import { type ConnectedProxy, type ProxySnapshot, proxyKey, ResourcePool, type SnapshotSource } from "@isthmus/xds";
import { AssemblyPace } from "./assembly-pace.ts";
import { type ProxyWish, wishKey } from "./certificate-wishes.ts";
import { ConfigurationAssembly } from "./configuration-assembly.ts";
import {
  type ConfigurationGraph,
  classOfPart,
  configurationGraph,
  FAILED,
  type OwnPart,
} from "./configuration-graph.ts";
import type { IssuedCertificate } from "./proxy-insights.ts";
import type { OutboundPart } from "./shared-outbounds.ts";
import { SnapshotEncoder } from "./snapshot-encoder.ts";

export type ConfigurationEvent =
  /** Left out of a configuration, and why. */
  | { readonly kind: "problems"; readonly proxy: string; readonly problems: readonly string[] }
  | { readonly kind: "certificateFailed"; readonly proxy: string; readonly reason: string }
  | { readonly kind: "certificateIssued"; readonly proxy: string; readonly expiresAtMs: number };

export interface ProxyConfigurationsOptions {
  readonly store: Store;
  readonly registry: Registry;
  readonly clock: Clock;
  readonly settings: TranslationSettings;
  readonly onEvent: (event: ConfigurationEvent) => void;
  /** Of a proxy, by its key, for a mesh; undefined: it has none any more. */
  readonly onCertificate: (proxy: string, certificate: IssuedCertificate | undefined) => void;
}

interface Follower {
  readonly key: string;
  readonly push: (snapshot: ProxySnapshot) => void;
}

export class ProxyConfigurations implements SnapshotSource {
  readonly #options: ProxyConfigurationsOptions;
  readonly #keeper: CertificateKeeper;
  /** Shared with the sessions. */
  readonly pool = new ResourcePool();
  readonly #encoder = new SnapshotEncoder(this.pool);
  readonly #assembly = new ConfigurationAssembly(this.pool);
  /** By proxy; one that reconnects may have two streams for a while. */
  readonly #followers = new Map<string, readonly Follower[]>();
  readonly #pace: AssemblyPace;
  #graph: ConfigurationGraph | undefined;

  constructor(options: ProxyConfigurationsOptions) {
    this.#options = options;
    const { clock, onEvent, onCertificate } = options;
    this.#pace = new AssemblyPace({ clock, proxies: () => this.#followers.size, assemble: () => this.#assemble() });
    this.#keeper = new CertificateKeeper({
      clock,
      onIssued: (key, certificate) => {
        this.#graph?.certificates.set(key, certificate);
        const wish = this.#wishOf(key);
        if (wish?.kind === "mesh") {
          const { backend, supportedBackends } = wish;
          const { issuedAtMs, expiresAtMs } = certificate;
          onCertificate(keyOfProxy(key), { backend, supportedBackends, issuedAtMs, expiresAtMs });
        }
        onEvent({ kind: "certificateIssued", proxy: keyOfProxy(key), expiresAtMs: certificate.expiresAtMs });
      },
      onError: (key, reason) => {
        if (this.#graph?.certificates.get(key) === undefined) this.#graph?.certificates.set(key, FAILED);
        onEvent({ kind: "certificateFailed", proxy: keyOfProxy(key), reason });
      },
    });
  }

  /** For `LiveTopology`: what is made here is derived with everything else. */
  readonly extend = (graph: DerivationGraph, tables: TopologyCollections): void => {
    const { registry, settings } = this.#options;
    const loaderOf = (mesh: string, world: World): LoadDataSource => this.#loader(mesh, world);
    const made = configurationGraph(graph, tables, { registry, settings, encoder: this.#encoder, loaderOf });
    made.wishes.subscribe((changes) => this.#onWishes(changes));
    made.shared.subscribe((changes) => this.#onShared(changes));
    made.own.subscribe((changes) => this.#onOwn(changes));
    this.#graph = made;
  };

  follow({ id, metadata }: ConnectedProxy, push: (snapshot: ProxySnapshot) => void): { stop(): void } {
    const key = proxyKey(id);
    const follower: Follower = { key, push };
    this.#followers.set(key, [...(this.#followers.get(key) ?? []), follower]);
    this.#pace.joined();
    this.#graph?.followed.set(key, { id, traits: traitsOf(metadata.raw, id) });
    const current = this.#assembly.snapshot(key);
    if (current !== undefined) push(current);
    return { stop: () => this.#unfollow(follower) };
  }

  stop(): void {
    this.#keeper.stop();
    this.#pace.stop();
  }

  #unfollow(follower: Follower): void {
    const { key } = follower;
    const rest = (this.#followers.get(key) ?? []).filter((each) => each !== follower);
    if (rest.length > 0) this.#followers.set(key, rest);
    else {
      this.#followers.delete(key);
      this.#graph?.followed.delete(key);
    }
  }

  /** Secrets are read through the world, so that a new CA is followed; files are read as they are. */
  #loader(mesh: string, world: World): LoadDataSource {
    const others = dataSourceLoader(mesh, this.#options.store);
    return (source) => {
      if (source.kind !== "secret") return others(source);
      const secret = world.all("Secret", mesh).find(({ name }) => name === source.text);
      return secret === undefined ? err(`there is no Secret ${source.text} in mesh ${mesh}`) : others(source);
    };
  }

  #onWishes(changes: readonly Change<readonly ProxyWish[]>[]): void {
    for (const { key, before, after } of changes) {
      const wanted = new Map((after ?? []).map((wish) => [wishKey(key, wish), wish]));
      for (const wish of before ?? []) {
        const old = wishKey(key, wish);
        if (wanted.has(old)) continue;
        this.#keeper.drop(old);
        this.#graph?.certificates.delete(old);
      }
      // Of one that went away, its insight goes on to say what it had.
      if (after !== undefined && isOfMesh(before) && !isOfMesh(after)) this.#options.onCertificate(key, undefined);
      for (const [name, { wish }] of wanted) {
        if (wish.ok) this.#keeper.want(name, wish.value);
        else this.#options.onEvent({ kind: "certificateFailed", proxy: keyOfProxy(name), reason: wish.error });
      }
    }
  }

  #onShared(changes: readonly Change<OutboundPart>[]): void {
    for (const { key, after } of changes) {
      const outboundClass = classOfPart(key);
      this.#assembly.setShared(outboundClass, key, after);
      if (after !== undefined) this.#tell(this.#assembly.memberOf(outboundClass) ?? "", after.part.problems);
    }
    this.#pace.changed();
  }

  #onOwn(changes: readonly Change<OwnPart>[]): void {
    for (const { key, after } of changes) {
      this.#assembly.setOwn(key, after);
      if (after !== undefined) this.#tell(key, after.part.problems);
    }
    this.#pace.changed();
  }

  #wishOf(key: string): ProxyWish | undefined {
    const proxy = keyOfProxy(key);
    return this.#graph?.wishes.get(proxy)?.find((wish) => wishKey(proxy, wish) === key);
  }

  #tell(proxy: string, problems: readonly string[]): void {
    if (problems.length > 0) this.#options.onEvent({ kind: "problems", proxy, problems });
  }

  #assemble(): void {
    for (const [key, snapshot] of this.#assembly.assemble(this.#options.store.revision)) {
      for (const { push } of this.#followers.get(key) ?? []) push(snapshot);
    }
  }
}

function isOfMesh(wishes: readonly ProxyWish[] | undefined): boolean {
  return wishes?.some(({ kind }) => kind === "mesh") === true;
}

function keyOfProxy(wishKeyText: string): string {
  return wishKeyText.split("\u0000").slice(0, -2).join("\u0000");
}
