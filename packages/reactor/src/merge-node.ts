/** The union of collections; of several with the same key the first one wins. */
import type { DeriveOptions } from "./collection.ts";
import type { CollectionNode } from "./collection-node.ts";
import { DerivedNode, type DerivingHost } from "./derived-node.ts";
import { structuralEquals } from "./structural-equals.ts";

export class MergeNode<V> extends DerivedNode<V> {
  readonly kind = "merge";
  readonly #from: readonly CollectionNode<V>[];
  readonly #equals: (a: V, b: V) => boolean;

  constructor(
    name: string,
    order: number,
    host: DerivingHost,
    from: readonly CollectionNode<V>[],
    { equals = structuralEquals }: DeriveOptions<V>,
  ) {
    super(name, order, host);
    this.#from = [...from];
    this.#equals = equals;
    for (const one of from) this.follow(one);
  }

  protected override from(): readonly CollectionNode<unknown>[] {
    return this.#from;
  }

  protected override update(key: string): void {
    let after: V | undefined;
    for (const one of this.#from) {
      after = one.get(key);
      if (after !== undefined) break;
    }
    const before = this.get(key);
    if (!this.isSame(key, before, after, this.#equals)) this.write(key, before, after);
  }
}
