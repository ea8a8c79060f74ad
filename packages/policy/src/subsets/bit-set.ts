/** A set of small numbers as bits: what the search for cliques of a thousand targets needs to be quick. */

const WORD_BITS = 32;

export class BitSet {
  readonly #words: Uint32Array;
  readonly #size: number;

  constructor(size: number, words = new Uint32Array(Math.ceil(size / WORD_BITS))) {
    this.#size = size;
    this.#words = words;
  }

  static full(size: number): BitSet {
    const words = new Uint32Array(Math.ceil(size / WORD_BITS)).fill(0xffffffff);
    const rest = size % WORD_BITS;
    if (rest > 0) words[words.length - 1] = 2 ** rest - 1;
    return new BitSet(size, words);
  }

  add(index: number): void {
    const word = index >>> 5;
    this.#words[word] = (this.#words[word] ?? 0) | (1 << (index & 31));
  }

  delete(index: number): void {
    const word = index >>> 5;
    this.#words[word] = (this.#words[word] ?? 0) & ~(1 << (index & 31));
  }

  and(other: BitSet): BitSet {
    return new BitSet(
      this.#size,
      this.#words.map((word, index) => word & (other.#words[index] ?? 0)),
    );
  }

  andNot(other: BitSet): BitSet {
    return new BitSet(
      this.#size,
      this.#words.map((word, index) => word & ~(other.#words[index] ?? 0)),
    );
  }

  or(other: BitSet): BitSet {
    return new BitSet(
      this.#size,
      this.#words.map((word, index) => word | (other.#words[index] ?? 0)),
    );
  }

  isEmpty(): boolean {
    return this.#words.every((word) => word === 0);
  }

  /** How many members both sets share. */
  overlap(other: BitSet): number {
    let count = 0;
    for (const [index, word] of this.#words.entries()) count += bitCount(word & (other.#words[index] ?? 0));
    return count;
  }

  /** Ascending. */
  values(): readonly number[] {
    const found: number[] = [];
    for (const [index, word] of this.#words.entries()) {
      for (let rest = word; rest !== 0; rest &= rest - 1) found.push(index * WORD_BITS + lowestBit(rest));
    }
    return found;
  }
}

const lowestBit = (word: number): number => 31 - Math.clz32(word & -word);

function bitCount(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const nibbles = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return (((nibbles + (nibbles >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24;
}
