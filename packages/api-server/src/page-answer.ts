/** One page of what a list found, as every list answers. */
import type { JsonObject } from "@isthmus/std";
import { nextLink } from "./paging.ts";
import type { Query } from "./query.ts";
import { pathOf } from "./routes/request-url.ts";

export interface Page {
  readonly offset: number;
  readonly size: number;
}

/** Only what is on the page is shown, that is, rendered. */
export function pageAnswer<T>(
  request: { readonly protocol: string; readonly host: string; readonly originalUrl: string },
  query: Query,
  { offset, size }: Page,
  matching: readonly T[],
  show: (item: T) => JsonObject,
): JsonObject {
  const next = nextLink({
    origin: `${request.protocol}://${request.host}`,
    path: pathOf(request),
    query,
    offset,
    size,
    total: matching.length,
  });
  return { total: matching.length, items: matching.slice(offset, offset + size).map(show), next };
}
