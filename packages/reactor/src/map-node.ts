/** One entry per entry of another collection, under the same key. */
import type { DeriveOptions, MapFunction } from "./collection.ts";
import type { CollectionNode } from "./collection-node.ts";
import { DerivedNode, type DerivingHost, FAILED } from "./derived-node.ts";
import { structuralEquals } from "./structural-equals.ts";

export class MapNode<In, Out> extends DerivedNode<Out> {
  readonly kind = "map";
  readonly #from: CollectionNode<In>;
  readonly #fn: MapFunction<In, Out>;
  readonly #equals: (a: Out, b: Out) => boolean;

  constructor(
    name: string,
    order: number,
    host: DerivingHost,
    from: CollectionNode<In>,
    fn: MapFunction<In, Out>,
    { equals = structuralEquals }: DeriveOptions<Out>,
  ) {
    super(name, order, host);
    this.#from = from;
    this.#fn = fn;
    this.#equals = equals;
    this.follow(from);
  }

  protected override from(): readonly CollectionNode<unknown>[] {
    return [this.#from];
  }

  protected override update(key: string): void {
    const value = this.#from.get(key);
    if (value === undefined) {
      this.forget(key);
      this.write(key, this.get(key), undefined);
      return;
    }
    const after = this.derive(key, (read) => this.#fn(value, key, read));
    if (after === FAILED) return;
    const before = this.get(key);
    if (!this.isSame(key, before, after, this.#equals)) this.write(key, before, after);
  }
}
