/**
 * What a response in flight holds: names and versions, without the bytes, so that a stuck peer does not keep old contents
 * alive. Two words per resource; a Map would take five to seven, times zones, times resources of a first list.
 */
import type { EncodedResource } from "../feed/outbox-view.ts";

export class SentVersions {
  /** Name, version, name, version... */
  readonly #pairs: readonly string[];

  private constructor(pairs: readonly string[]) {
    this.#pairs = pairs;
  }

  static of(upserts: readonly EncodedResource[]): SentVersions {
    const pairs = Array.from({ length: upserts.length * 2 }, (_, i) => {
      const upsert = upserts[i >>> 1];
      return (i % 2 === 0 ? upsert?.wireName : upsert?.version) ?? "";
    });
    return new SentVersions(pairs);
  }

  get size(): number {
    return this.#pairs.length / 2;
  }

  *names(): IterableIterator<string> {
    for (let i = 0; i < this.#pairs.length; i += 2) yield this.#pairs[i] ?? "";
  }

  /** Of a name that both have, the later version. */
  followedBy(later: SentVersions): SentVersions {
    const merged = new Map([...this.toMap(), ...later.toMap()]);
    return new SentVersions([...merged].flat());
  }

  /** Wire name -> version. */
  toMap(): Map<string, string> {
    const map = new Map<string, string>();
    for (let i = 0; i < this.#pairs.length; i += 2) map.set(this.#pairs[i] ?? "", this.#pairs[i + 1] ?? "");
    return map;
  }
}
