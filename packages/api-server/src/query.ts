/** The query string as Go reads it: repeated keys keep all their values, brackets and dots in keys mean nothing. */
export class Query {
  readonly #values = new Map<string, string[]>();

  constructor(search: string) {
    for (const [key, value] of new URLSearchParams(search)) {
      const values = this.#values.get(key);
      if (values === undefined) this.#values.set(key, [value]);
      else values.push(value);
    }
  }

  /** The first value, "" when there is none. */
  get(key: string): string {
    return this.#values.get(key)?.[0] ?? "";
  }

  all(key: string): readonly string[] {
    return this.#values.get(key) ?? [];
  }

  keys(): readonly string[] {
    return [...this.#values.keys()];
  }

  /** With one key replaced; keys in order. */
  with(key: string, value: string): string {
    const values = new Map(this.#values).set(key, [value]);
    const search = new URLSearchParams();
    for (const name of [...values.keys()].sort()) for (const each of values.get(name) ?? []) search.append(name, each);
    return search.toString();
  }
}
