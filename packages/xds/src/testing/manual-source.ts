/** A source whose snapshots a test pushes by hand, to all proxies alike. For tests. */
import type { EncodedResource } from "../content/encoded-resource.ts";
import { ResourcePool } from "../content/resource-pool.ts";
import type { ConnectedProxy, FollowedProxy, ProxySnapshot, SnapshotSource } from "../proxy-snapshot.ts";
import type { TypeUrl } from "../type-urls.ts";

export class ManualSource implements SnapshotSource {
  readonly pool = new ResourcePool();
  readonly followed: ConnectedProxy[] = [];
  readonly #pushes = new Set<(snapshot: ProxySnapshot) => void>();
  #latest: ProxySnapshot | undefined;
  #revision = 0;

  follow(proxy: ConnectedProxy, push: (snapshot: ProxySnapshot) => void): FollowedProxy {
    this.followed.push(proxy);
    this.#pushes.add(push);
    if (this.#latest !== undefined) push(this.#latest);
    return { stop: () => this.#pushes.delete(push) };
  }

  /** Streams that are followed now. */
  get open(): number {
    return this.#pushes.size;
  }

  /** Name -> encoded message, per type. */
  push(contents: ReadonlyMap<TypeUrl, Readonly<Record<string, Uint8Array>>>): number {
    this.#revision += 1;
    const resources = new Map(
      [...contents].map(([typeUrl, named]) => {
        const encoded = Object.entries(named).map(
          ([name, body]): EncodedResource => this.pool.resource(typeUrl, name, body),
        );
        return [typeUrl, this.pool.set(encoded)] as const;
      }),
    );
    this.#latest = { revision: this.#revision, resources };
    for (const push of this.#pushes) push(this.#latest);
    return this.#revision;
  }
}
