/** Names that a peer subscribed to. Interned by `ResourcePool.names`: proxies that want the same share one object. */
export class NameSet {
  readonly #names: ReadonlySet<string>;

  constructor(names: ReadonlySet<string>) {
    this.#names = names;
  }

  get size(): number {
    return this.#names.size;
  }

  has(name: string): boolean {
    return this.#names.has(name);
  }

  [Symbol.iterator](): IterableIterator<string> {
    return this.#names.values();
  }
}
