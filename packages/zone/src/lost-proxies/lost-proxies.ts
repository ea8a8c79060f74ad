/**
 * Finds out at once what became of proxies whose streams broke. A proxy that is killed together with its runner has nobody to report it, so that others
 * would send to it until it is deregistered. A refused connection at its listeners proves that it is gone; see `verdict.ts` for what proves nothing.
 */
import { type ProxyCandidate, type ProxyId, proxyKey } from "@isthmus/xds";
import { WatchedProxy, type WatchedProxyOptions } from "./watched-proxy.ts";

export interface LostProxiesOptions extends WatchedProxyOptions {
  /** Whether a proxy that comes back is found ready by its health reports, and not only by the resource that it brings. */
  readonly isHealthReported: boolean;
}

export class LostProxies {
  readonly #options: LostProxiesOptions;
  readonly #watched = new Map<string, WatchedProxy>();

  constructor(options: LostProxiesOptions) {
    this.#options = options;
  }

  /** Proxies that are served and whose admin ports were reached: for a gauge. */
  get reachable(): number {
    return [...this.#watched.values()].filter(({ isReachable }) => isReachable).length;
  }

  /** A stream of the proxy was let in, and its resource is stored. */
  served(proxy: ProxyCandidate): void {
    // Nobody would say of it that it is ready again.
    if (proxy.metadata.resource === undefined && !this.#options.isHealthReported) return;
    const key = proxyKey(proxy.id);
    const watched = this.#watched.get(key) ?? new WatchedProxy(proxy, this.#options);
    this.#watched.set(key, watched);
    watched.served(proxy);
  }

  /** Before its resource is stored. */
  returning(id: ProxyId): void {
    this.#watched.get(proxyKey(id))?.returning();
  }

  /** Its last stream is over. */
  lost(proxy: ProxyCandidate): void {
    const key = proxyKey(proxy.id);
    const watched = this.#watched.get(key);
    void watched?.lost(proxy).then((isOver) => {
      if (isOver) this.#watched.delete(key);
    });
  }

  stop(): void {
    for (const watched of this.#watched.values()) watched.stop();
    this.#watched.clear();
  }
}
