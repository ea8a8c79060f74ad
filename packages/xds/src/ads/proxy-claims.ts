/**
 * One stream per proxy. Kuma refuses a second stream while the first is there, so that a proxy that died hard is refused for as
 * long as nobody noticed, and up to 10 s longer. Here the newer stream is served, because the older is most often what is left of a
 * proxy that died without saying so. But two living proxies with one name would throw each other out for ever: after three
 * changes within a minute the one that is served stays, and others are refused for a minute.
 */
import { type ProxyId, proxyKey } from "../node/proxy-id.ts";

export const CHANGES_MAX = 3;
export const CHANGES_WINDOW_MS = 60_000;
export const DISPUTE_MS = 60_000;

interface Name<Holder> {
  holder: Holder | undefined;
  /** When a holder lost the name to another, wall clock, ms. */
  changes: readonly number[];
  disputedUntil: number;
}

export class ProxyClaims<Holder> {
  readonly #names = new Map<string, Name<Holder>>();

  get size(): number {
    return this.#names.size;
  }

  holderOf(id: ProxyId): Holder | undefined {
    return this.#names.get(proxyKey(id))?.holder;
  }

  *holders(): Generator<Holder, void, undefined> {
    for (const { holder } of this.#names.values()) if (holder !== undefined) yield holder;
  }

  /** False: the name is in dispute, and stays with its holder. */
  isFree(id: ProxyId, now: number): boolean {
    const name = this.#names.get(proxyKey(id));
    if (name?.holder === undefined) return true;
    if (now < name.disputedUntil) return false;
    name.changes = name.changes.filter((at) => now - at < CHANGES_WINDOW_MS);
    if (name.changes.length < CHANGES_MAX) return true;
    name.disputedUntil = now + DISPUTE_MS;
    return false;
  }

  /** False: it is not free. */
  claim(id: ProxyId, holder: Holder, now: number): boolean {
    if (!this.isFree(id, now)) return false;
    const key = proxyKey(id);
    const name: Name<Holder> = this.#names.get(key) ?? { holder: undefined, changes: [], disputedUntil: 0 };
    this.#names.set(key, name);
    if (name.holder !== undefined) name.changes = [...name.changes, now];
    name.holder = holder;
    return true;
  }

  /** False: somebody else holds the name meanwhile. */
  release(id: ProxyId, holder: Holder): boolean {
    const key = proxyKey(id);
    const name = this.#names.get(key);
    if (name?.holder !== holder) return false;
    // Whoever comes next takes it from nobody, so nothing of its history matters.
    this.#names.delete(key);
    return true;
  }
}
