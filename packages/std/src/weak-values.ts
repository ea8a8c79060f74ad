/** A map whose values may go: what nobody else holds any more disappears by itself, so there is nothing to release and nothing to leak. */
export class WeakValues<T extends object> {
  readonly #references = new Map<string, WeakRef<T>>();
  readonly #registry = new FinalizationRegistry<string>((key) => {
    // A new value may have taken the key meanwhile.
    if (this.#references.get(key)?.deref() === undefined) this.#references.delete(key);
  });

  /** Those that went a moment ago may still count. */
  get size(): number {
    return this.#references.size;
  }

  peek(key: string): T | undefined {
    return this.#references.get(key)?.deref();
  }

  get(key: string, make: () => T): T {
    const existing = this.peek(key);
    if (existing !== undefined) return existing;
    const made = make();
    this.set(key, made);
    return made;
  }

  set(key: string, value: T): void {
    this.#references.set(key, new WeakRef(value));
    this.#registry.register(value, key);
  }
}
