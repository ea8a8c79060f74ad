/**
 * What a peer wants of one type, with all rules of the protocol about names and wildcards in one place. Immutable.
 * Source: xDS protocol, "How the client specifies what resources to return" and "Wildcard subscriptions".
 */
import type { NameSet } from "../content/name-set.ts";
import type { ResourcePool } from "../content/resource-pool.ts";
import type { ResourceSet } from "../content/resource-set.ts";
import { isFullStateType, type TypeUrl } from "../type-urls.ts";

export const WILDCARD = "*";

export class Subscription {
  readonly isWildcard: boolean;
  readonly names: NameSet;
  /** No name was ever given: "an empty list" still means everything, as in the first versions of the protocol. */
  readonly #isLegacy: boolean;
  readonly #pool: ResourcePool;

  private constructor(pool: ResourcePool, isWildcard: boolean, names: NameSet, isLegacy: boolean) {
    this.#pool = pool;
    this.isWildcard = isWildcard;
    this.names = names;
    this.#isLegacy = isLegacy;
  }

  /**
   * The first request of a type. "For Listener and Cluster resource types, there is also a wildcard subscription, which is
   * triggered when the first request has no resource names"; for other types that means nothing at all.
   */
  static first(pool: ResourcePool, typeUrl: TypeUrl, names: readonly string[]): Subscription {
    if (names.length > 0) return Subscription.#of(pool, names);
    const isWildcard = isFullStateType(typeUrl);
    return new Subscription(pool, isWildcard, pool.names([]), isWildcard);
  }

  /**
   * A later request of the state-of-the-world variant, whose names replace all before. "If the client sends an empty list
   * after it has sent names, it unsubscribes from everything."
   */
  replaced(names: readonly string[]): Subscription {
    if (names.length === 0 && this.#isLegacy) return this;
    return Subscription.#of(this.#pool, names);
  }

  /** A later request of the delta variant. Names beside a wildcard, legacy or not, leave the wildcard in force until `*` is unsubscribed. */
  changed(subscribe: readonly string[], unsubscribe: readonly string[]): Subscription {
    if (subscribe.length === 0 && unsubscribe.length === 0) return this;
    const names = new Set(this.names);
    let { isWildcard } = this;
    for (const name of subscribe) {
      if (name === WILDCARD) isWildcard = true;
      else names.add(name);
    }
    for (const name of unsubscribe) {
      if (name === WILDCARD) isWildcard = false;
      else names.delete(name);
    }
    return new Subscription(this.#pool, isWildcard, this.#pool.names(names), false);
  }

  wants(name: string): boolean {
    return this.isWildcard || this.names.has(name);
  }

  /** The part of `resources` that is wanted. */
  select(resources: ResourceSet): ResourceSet {
    return this.isWildcard ? resources : resources.restrictedTo(this.names);
  }

  static #of(pool: ResourcePool, names: readonly string[]): Subscription {
    const isWildcard = names.includes(WILDCARD);
    const others = isWildcard ? names.filter((name) => name !== WILDCARD) : names;
    return new Subscription(pool, isWildcard, pool.names(others), false);
  }
}
