/**
 * Entries sorted by key as two parallel arrays that are never changed: a batch makes new ones. Applying c changes to n
 * entries costs c binary searches and one copy, so that a single change in a list of 10,000 takes microseconds where
 * sorting again would take milliseconds.
 */
export interface SortedEntries<V> {
  readonly keys: readonly string[];
  readonly values: readonly V[];
}

export const NO_ENTRIES: SortedEntries<never> = { keys: [], values: [] };

/** By UTF-16 code units: the same on every machine, unlike `localeCompare`, and several times faster. */
export function compareKeys(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** `changed` is sorted, each key once; `valueOf` gives the new value, or nothing when the key is gone. */
export function applySorted<V>(
  before: SortedEntries<V>,
  changed: readonly string[],
  valueOf: (key: string) => V | undefined,
): SortedEntries<V> {
  if (changed.length === 1 && changed[0] !== undefined) return applyOne(before, changed[0], valueOf(changed[0]));
  const keys: string[] = [];
  const values: V[] = [];
  let copied = 0;
  for (const key of changed) {
    const at = lowerBound(before.keys, key, copied);
    copyRange(before, copied, at, keys, values);
    copied = before.keys[at] === key ? at + 1 : at;
    const value = valueOf(key);
    if (value === undefined) continue;
    keys.push(key);
    values.push(value);
  }
  copyRange(before, copied, before.keys.length, keys, values);
  return { keys, values };
}

export function valueAt<V>({ keys, values }: SortedEntries<V>, key: string): V | undefined {
  const at = lowerBound(keys, key, 0);
  return keys[at] === key ? values[at] : undefined;
}

/** The usual case; whole-array copies are memory moves, several times faster than copying by element. */
function applyOne<V>(before: SortedEntries<V>, key: string, value: V | undefined): SortedEntries<V> {
  const at = lowerBound(before.keys, key, 0);
  const isThere = before.keys[at] === key;
  if (isThere && value !== undefined) {
    const values = before.values.slice();
    values[at] = value;
    return { keys: before.keys, values };
  }
  if (!isThere && value === undefined) return before;
  const keys = before.keys.slice();
  const values = before.values.slice();
  if (value === undefined) {
    keys.splice(at, 1);
    values.splice(at, 1);
  } else {
    keys.splice(at, 0, key);
    values.splice(at, 0, value);
  }
  return { keys, values };
}

function copyRange<V>(from: SortedEntries<V>, start: number, end: number, keys: string[], values: V[]): void {
  for (let i = start; i < end; i += 1) {
    keys.push(from.keys[i] as string);
    values.push(from.values[i] as V);
  }
}

/** The first position from `start` on whose key is not smaller. */
function lowerBound(keys: readonly string[], key: string, start: number): number {
  let low = start;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] as string) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
