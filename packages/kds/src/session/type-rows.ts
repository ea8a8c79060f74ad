/**
 * The rows of one stream, by type. Nearly all are at rest: told everything, nothing in flight, nothing refused. Such a row is kept as its few numbers
 * side by side with those of the others, 64 bytes where an object with its parts takes 350: with the 76 types of a zone 20 KiB.
 *
 * A row that comes out may therefore be a copy: who changes it puts it back with `set`.
 */
export interface RestingForm<Row> {
  /** Numbers of a row. */
  readonly width: number;
  isAtRest(row: Row): boolean;
  /** All that `wake` cannot know of a row at rest. */
  rest(row: Row): readonly number[];
  /** The same row again. `at(i)`: number `i` of what `rest` gave. */
  wake(type: string, at: (i: number) => number): Row;
}

/** Rows for which room is made at a time. */
const ROWS_AT_ONCE = 16;

/** What others than the session see. */
export type ReadableRows<Row> = Pick<ReadonlyMap<string, Row>, "size" | "has" | "get" | "values"> & {
  keys(): Iterable<string>;
  /** Rows that are not at rest. */
  awake(): readonly Row[];
};

export class TypeRows<Row extends object> {
  readonly #form: RestingForm<Row>;
  /** In order of `set`; the place of a type is that of its numbers. */
  #types: readonly string[] = [];
  readonly #awake = new Map<string, Row>();
  #numbers = new Float64Array(0);

  constructor(form: RestingForm<Row>) {
    this.#form = form;
  }

  get size(): number {
    return this.#types.length;
  }

  has(type: string): boolean {
    return this.#types.includes(type);
  }

  get(type: string): Row | undefined {
    const place = this.#types.indexOf(type);
    return place === -1 ? undefined : this.#at(place, type);
  }

  set(type: string, row: Row): void {
    let place = this.#types.indexOf(type);
    if (place === -1) {
      place = this.#types.length;
      // Of its exact size: one that grows makes room for half as many again.
      this.#types = [...this.#types, type];
    }
    if (!this.#form.isAtRest(row)) {
      this.#awake.set(type, row);
      return;
    }
    const start = place * this.#form.width;
    if (start >= this.#numbers.length) this.#grow(place + ROWS_AT_ONCE);
    this.#numbers.set(this.#form.rest(row), start);
    this.#awake.delete(type);
  }

  keys(): Iterable<string> {
    return this.#types;
  }

  awake(): readonly Row[] {
    return [...this.#awake.values()];
  }

  *values(): IterableIterator<Row> {
    for (const [place, type] of this.#types.entries()) yield this.#at(place, type);
  }

  *[Symbol.iterator](): IterableIterator<[string, Row]> {
    for (const [place, type] of this.#types.entries()) yield [type, this.#at(place, type)];
  }

  #at(place: number, type: string): Row {
    const start = place * this.#form.width;
    return this.#awake.get(type) ?? this.#form.wake(type, (i) => this.#numbers[start + i] ?? 0);
  }

  #grow(rows: number): void {
    const grown = new Float64Array(rows * this.#form.width);
    grown.set(this.#numbers);
    this.#numbers = grown;
  }
}

/** NaN stands for nothing. */
export function numberOf(value: number | undefined): number {
  return value ?? Number.NaN;
}

export function valueOf(number: number): number | undefined {
  return Number.isNaN(number) ? undefined : number;
}
