/** Writes are staged, the last one per key, and applied by the next batch. */
import type { DeriveOptions, Source } from "./collection.ts";
import { CollectionNode, type NodeHost } from "./collection-node.ts";
import { structuralEquals } from "./structural-equals.ts";

export interface SourceHost extends NodeHost {
  /** Throws when a derivation is running. */
  checkWritable(what: string): void;
}

export class SourceNode<V> extends CollectionNode<V> implements Source<V> {
  readonly kind = "source";
  readonly #host: SourceHost;
  readonly #equals: (a: V, b: V) => boolean;
  #staged = new Map<string, V | undefined>();

  constructor(name: string, order: number, host: SourceHost, { equals = structuralEquals }: DeriveOptions<V>) {
    super(name, order, host);
    this.#host = host;
    this.#equals = equals;
  }

  set(key: string, value: V): void {
    this.#stage(key, value);
  }

  delete(key: string): void {
    this.#stage(key, undefined);
  }

  replace(entries: Iterable<readonly [string, V]>): void {
    const wanted = new Map(entries);
    const gone = new Set([...this.currentKeys(), ...this.#staged.keys()]);
    for (const [key, value] of wanted) {
      gone.delete(key);
      this.set(key, value);
    }
    for (const key of gone) this.delete(key);
  }

  override run(): void {
    const staged = this.#staged;
    this.#staged = new Map();
    for (const [key, after] of staged) {
      const before = this.get(key);
      if (!this.isSame(key, before, after, this.#equals)) this.write(key, before, after);
    }
  }

  override inputs(): readonly CollectionNode<unknown>[] {
    return [];
  }

  #stage(key: string, value: V | undefined): void {
    this.#host.checkWritable(`write "${key}" of "${this.name}"`);
    this.#staged.set(key, value);
    this.markPending();
  }
}
