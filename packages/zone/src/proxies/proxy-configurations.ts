/**
 * Makes the configuration of every connected proxy and keeps it up to date: derived from what is stored by the reactor of the topology,
 * so that a change costs what depends on it. Certificates are made beside it and come in as one more input.
 *
 *     followed proxies -> wishes for certificates -> keeper -> certificates
 *                      -> configurations (translated again when anything they read changes) -> snapshots -> sessions
 */
import { type AdminTls, type TranslationSettings, traitsOf } from "@isthmus/envoy";
import { CertificateKeeper, type WorkloadCertificate } from "@isthmus/identity";
import { dataSourceLoader } from "@isthmus/manager";
import type { Change, Collection, DerivationGraph, Source } from "@isthmus/reactor";
import type { LoadDataSource, Registry } from "@isthmus/resources";
import { type Clock, err } from "@isthmus/std";
import type { Store } from "@isthmus/store";
import type { TopologyCollections, World } from "@isthmus/topology";
import { type ConnectedProxy, type ProxySnapshot, proxyKey, ResourcePool, type SnapshotSource } from "@isthmus/xds";
import { ADMIN_CLIENT, type AdminWish } from "./admin-wish.ts";
import { certificateWishes, type ProxyWish, wishKey } from "./certificate-wishes.ts";
import type { FollowedProxy } from "./followed-proxy.ts";
import { type IssuedIdentity, type ProxyConfiguration, proxyConfiguration } from "./proxy-configuration.ts";
import { SnapshotEncoder } from "./snapshot-encoder.ts";

export type ConfigurationEvent =
  /** Left out of a configuration, and why. */
  | { readonly kind: "problems"; readonly proxy: string; readonly problems: readonly string[] }
  | { readonly kind: "certificateFailed"; readonly proxy: string; readonly reason: string }
  | { readonly kind: "certificateIssued"; readonly proxy: string; readonly expiresAtMs: number };

/** Of a certificate that cannot be made now. */
const FAILED = "failed";

export interface ProxyConfigurationsOptions {
  readonly store: Store;
  readonly registry: Registry;
  readonly clock: Clock;
  readonly settings: TranslationSettings;
  readonly onEvent: (event: ConfigurationEvent) => void;
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
  readonly #followers = new Set<Follower>();
  readonly #snapshots = new Map<string, ProxySnapshot>();
  #followed: Source<FollowedProxy> | undefined;
  #certificates: Source<WorkloadCertificate | typeof FAILED> | undefined;

  constructor(options: ProxyConfigurationsOptions) {
    this.#options = options;
    const { clock, onEvent } = options;
    this.#keeper = new CertificateKeeper({
      clock,
      onIssued: (key, certificate) => {
        this.#certificates?.set(key, certificate);
        onEvent({ kind: "certificateIssued", proxy: proxyOf(key), expiresAtMs: certificate.expiresAtMs });
      },
      onError: (key, reason) => {
        if (this.#certificates?.get(key) === undefined) this.#certificates?.set(key, FAILED);
        onEvent({ kind: "certificateFailed", proxy: proxyOf(key), reason });
      },
    });
  }

  /** For `LiveTopology`: what is made here is derived with everything else. */
  readonly extend = (graph: DerivationGraph, tables: TopologyCollections): void => {
    const { registry, settings } = this.#options;
    const followed = graph.source<FollowedProxy>("proxies/followed");
    const certificates = graph.source<WorkloadCertificate | typeof FAILED>("proxies/certificates");
    const wishes: Collection<readonly ProxyWish[]> = graph.map("proxies/wishes", followed, (proxy, _, read) => {
      const world = tables.worldOf(read);
      return certificateWishes(proxy, { world, registry, loaderOf: (mesh) => this.#loader(mesh, world) });
    });
    const configurations = graph.map("proxies/configurations", followed, (proxy, key, read) => {
      const issued: IssuedIdentity[] = [];
      let adminTls: AdminTls | undefined;
      for (const wish of read.get(wishes, key) ?? []) {
        const certificate = read.get(certificates, wishKey(key, wish));
        if (certificate === undefined) return undefined;
        if (certificate === FAILED) {
          // Without its certificate it could only be less secure than it is to be.
          if (wish.kind === "mesh") return undefined;
        } else if (wish.kind === "mesh") issued.push({ wish, certificate });
        else adminTls = adminTlsOf(wish, certificate);
      }
      return proxyConfiguration(withAdmin(proxy, adminTls), issued, tables.worldOf(read), settings);
    });
    wishes.subscribe((changes) => this.#onWishes(changes));
    configurations.subscribe((changes) => this.#onConfigurations(changes));
    this.#followed = followed;
    this.#certificates = certificates;
  };

  follow({ id, metadata }: ConnectedProxy, push: (snapshot: ProxySnapshot) => void): { stop(): void } {
    const key = proxyKey(id);
    const follower: Follower = { key, push };
    this.#followers.add(follower);
    this.#followed?.set(key, { id, traits: traitsOf(metadata.raw, id) });
    const current = this.#snapshots.get(key);
    if (current !== undefined) push(current);
    return { stop: () => this.#unfollow(follower) };
  }

  stop(): void {
    this.#keeper.stop();
  }

  #unfollow(follower: Follower): void {
    this.#followers.delete(follower);
    const isFollowed = [...this.#followers].some(({ key }) => key === follower.key);
    if (!isFollowed) this.#followed?.delete(follower.key);
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
        this.#certificates?.delete(old);
      }
      for (const [name, { wish }] of wanted) {
        if (wish.ok) this.#keeper.want(name, wish.value);
        else this.#options.onEvent({ kind: "certificateFailed", proxy: proxyOf(name), reason: wish.error });
      }
    }
  }

  #onConfigurations(changes: readonly Change<ProxyConfiguration>[]): void {
    for (const { key, after } of changes) {
      if (after === undefined) {
        this.#snapshots.delete(key);
        continue;
      }
      const { snapshot, problems } = this.#encoder.encode(after, this.#options.store.revision);
      const all = [...after.config.problems, ...problems];
      if (all.length > 0) this.#options.onEvent({ kind: "problems", proxy: key, problems: all });
      this.#snapshots.set(key, snapshot);
      for (const follower of this.#followers) if (follower.key === key) follower.push(snapshot);
    }
  }
}

function adminTlsOf({ ca }: AdminWish, { chain, key }: WorkloadCertificate): AdminTls {
  return { certificate: chain, key, ca: ca.cert, clientName: ADMIN_CLIENT };
}

function withAdmin(proxy: FollowedProxy, tls: AdminTls | undefined): FollowedProxy {
  const { admin } = proxy.traits;
  return admin === undefined ? proxy : { ...proxy, traits: { ...proxy.traits, admin: { ...admin, tls } } };
}

function proxyOf(wishKeyText: string): string {
  return wishKeyText.split("\u0000").slice(0, -2).join("/");
}
