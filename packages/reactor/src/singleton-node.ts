/** A value derived from reads alone. */
import { type DeriveOptions, SINGLETON_KEY, type Singleton, type SingletonFunction } from "./collection.ts";
import type { CollectionNode } from "./collection-node.ts";
import { DerivedNode, type DerivingHost, FAILED } from "./derived-node.ts";
import { structuralEquals } from "./structural-equals.ts";

export class SingletonNode<Out> extends DerivedNode<Out> implements Singleton<Out> {
  readonly kind = "singleton";
  readonly #fn: SingletonFunction<Out>;
  readonly #equals: (a: Out, b: Out) => boolean;

  constructor(
    name: string,
    order: number,
    host: DerivingHost,
    fn: SingletonFunction<Out>,
    { equals = structuralEquals }: DeriveOptions<Out>,
  ) {
    super(name, order, host);
    this.#fn = fn;
    this.#equals = equals;
    this.markDirty(SINGLETON_KEY);
  }

  get value(): Out | undefined {
    return this.get(SINGLETON_KEY);
  }

  protected override from(): readonly CollectionNode<unknown>[] {
    return [];
  }

  protected override update(key: string): void {
    const after = this.derive(key, this.#fn);
    if (after === FAILED) return;
    const before = this.get(key);
    if (!this.isSame(key, before, after, this.#equals)) this.write(key, before, after);
  }
}
