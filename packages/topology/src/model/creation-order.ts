/** The older resource first, then by name: the order in which resources win what only one can have. */
import type { Resource } from "@isthmus/resources";

const SECONDS_LENGTH = "2026-01-01T00:00:00".length;
const FRACTION_DIGITS = 9;

type Created = Pick<Resource, "creationTime" | "name">;

/** Sorts as text what RFC 3339 does not: `05Z` is before `05.5Z`. Times are in UTC, to the nanosecond. */
export function creationKey(creationTime: string): string {
  const fraction = /^\.(\d+)/.exec(creationTime.slice(SECONDS_LENGTH))?.[1] ?? "";
  return creationTime.slice(0, SECONDS_LENGTH) + fraction.padEnd(FRACTION_DIGITS, "0");
}

export function byCreation<T extends Created>(resources: Iterable<T>): readonly T[] {
  return Array.from(resources, (resource) => ({ resource, at: creationKey(resource.creationTime) }))
    .sort((a, b) => compare(a.at, b.at) || compare(a.resource.name, b.resource.name))
    .map(({ resource }) => resource);
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
