/**
 * Collects what was read from peers. Its bytes lie outside of V8's heap, which collects young objects when it has filled their place, 16 MiB: a thousand
 * acknowledgements of 35 KiB leave twice as much behind and hardly an object, and the allocator keeps such a peak for ever.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Some milliseconds of reading; a collection takes two or three. */
export const COLLECT_AT_BYTES = 4 * 1024 * 1024;

export class ReadGarbage {
  #collect: (() => void) | undefined;
  #bytes = 0;

  /** @param collect made when it is needed first, unless it is given. */
  constructor(collect?: () => void) {
    this.#collect = collect;
  }

  /** So many bytes were read, and what was read before is needed no more. */
  read(byteLength: number): void {
    this.#bytes += byteLength;
    if (this.#bytes < COLLECT_AT_BYTES) return;
    this.#bytes = 0;
    this.#collect ??= youngCollector();
    this.#collect();
  }
}

/** Collects young objects only. Nothing where V8 does not let a program do so. */
export function youngCollector(): () => void {
  setFlagsFromString("--expose-gc");
  const gc: unknown = runInNewContext("globalThis.gc");
  setFlagsFromString("--no-expose-gc");
  return typeof gc === "function" ? () => void gc({ type: "minor" }) : () => {};
}
