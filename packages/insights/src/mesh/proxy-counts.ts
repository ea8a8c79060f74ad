/** Proxies by status, alone and by something else: the numbers that insights consist of. */

import type { ProxyStatus } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";

/** `1` counts one more, `-1` takes back what was counted before. */
export type Sign = 1 | -1;

export class ProxyCounts {
  #online = 0;
  #offline = 0;
  #partiallyDegraded = 0;

  get total(): number {
    return this.#online + this.#offline + this.#partiallyDegraded;
  }

  count(status: ProxyStatus, sign: Sign): void {
    if (status === "online") this.#online += sign;
    else if (status === "offline") this.#offline += sign;
    else this.#partiallyDegraded += sign;
  }

  /** Members in order of Kuma's field numbers; zeros are absent, as proto3 JSON has it. */
  toJson(): JsonObject {
    return nonZero({
      total: this.total,
      online: this.#online,
      offline: this.#offline,
      partiallyDegraded: this.#partiallyDegraded,
    });
  }

  static sum(...counts: readonly ProxyCounts[]): ProxyCounts {
    const sum = new ProxyCounts();
    for (const each of counts) {
      sum.#online += each.#online;
      sum.#offline += each.#offline;
      sum.#partiallyDegraded += each.#partiallyDegraded;
    }
    return sum;
  }
}

/** By version, by backend: a key is there as long as some proxy has it. */
export class KeyedProxyCounts {
  readonly #counts = new Map<string, ProxyCounts>();

  count(key: string, status: ProxyStatus, sign: Sign): void {
    const counts = this.#counts.get(key) ?? new ProxyCounts();
    counts.count(status, sign);
    if (counts.total === 0) this.#counts.delete(key);
    else this.#counts.set(key, counts);
  }

  /** In order of key; undefined when there is nothing. */
  toJson(): JsonObject | undefined {
    return sortedJson(this.#counts, (counts) => counts.toJson());
  }
}

/** How many there are of each: a key is there as long as its count is not 0. */
export class Tallies {
  readonly #counts = new Map<string, number>();

  get isEmpty(): boolean {
    return this.#counts.size === 0;
  }

  get(key: string): number {
    return this.#counts.get(key) ?? 0;
  }

  count(key: string, sign: Sign): void {
    const count = this.get(key) + sign;
    if (count === 0) this.#counts.delete(key);
    else this.#counts.set(key, count);
  }

  keys(): readonly string[] {
    return [...this.#counts.keys()].sort();
  }

  entries(): ReadonlyMap<string, number> {
    return this.#counts;
  }
}

/** In order of key; undefined when there is nothing, as an empty map of proto3 JSON is absent. */
export function sortedJson<V>(
  map: ReadonlyMap<string, V>,
  json: (value: V) => JsonObject | number,
): JsonObject | undefined {
  if (map.size === 0) return undefined;
  const keys = [...map.keys()].sort();
  return Object.fromEntries(keys.map((key) => [key, json(map.get(key) as V)]));
}

/** Members that are zero are absent in proto3 JSON. */
export function nonZero(members: Readonly<Record<string, number>>): JsonObject {
  return Object.fromEntries(Object.entries(members).filter(([, count]) => count !== 0));
}

/** Members that are not there are absent in JSON. */
export function present(members: Readonly<Record<string, JsonObject | undefined>>): JsonObject {
  return Object.fromEntries(
    Object.entries(members).filter((member): member is [string, JsonObject] => member[1] !== undefined),
  );
}
