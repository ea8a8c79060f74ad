/** Addresses of services that are gone, those that left longest ago first. Bounded: the oldest are forgotten. */
import type { ResourceKey } from "@isthmus/resources";
import { type IpAddress, parseIp } from "./ip-address.ts";
import type { RememberedVip } from "./vip.ts";

/** Services. */
export const MEMORY_MAX = 4096;

export class VipMemory {
  readonly #entries = new Map<string, { readonly service: ResourceKey; vips: readonly string[] }>();
  readonly #owners = new Map<string, string>();

  has(vip: string): boolean {
    return this.#owners.has(vip);
  }

  of(key: string): readonly string[] {
    return this.#entries.get(key)?.vips ?? [];
  }

  list(): readonly RememberedVip[] {
    return Array.from(this.#entries.values(), ({ service, vips }) => ({ service, vips }));
  }

  /** Returns the addresses that were forgotten for it. */
  add(key: string, service: ResourceKey, vips: readonly string[]): readonly string[] {
    const forgotten = [...this.forget(key)];
    if (vips.length > 0) this.#entries.set(key, { service, vips });
    for (const vip of vips) this.#owners.set(vip, key);
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= MEMORY_MAX) break;
      forgotten.push(...this.forget(oldest));
    }
    return forgotten;
  }

  /** Returns what it had. */
  forget(key: string): readonly string[] {
    const vips = this.of(key);
    this.#entries.delete(key);
    for (const vip of vips) this.#owners.delete(vip);
    return vips;
  }

  /** Takes one address out. Says whether it was there. */
  drop(vip: string): boolean {
    const key = this.#owners.get(vip);
    const entry = key === undefined ? undefined : this.#entries.get(key);
    if (key === undefined || entry === undefined) return false;
    this.#owners.delete(vip);
    entry.vips = entry.vips.filter((other) => other !== vip);
    if (entry.vips.length === 0) this.#entries.delete(key);
    return true;
  }

  oldest(isWanted: (address: IpAddress) => boolean): string | undefined {
    for (const vip of this.#owners.keys()) {
      const address = parseIp(vip);
      if (address !== undefined && isWanted(address)) return vip;
    }
    return undefined;
  }
}
