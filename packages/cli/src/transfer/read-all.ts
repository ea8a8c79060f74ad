/** Whole collections, page after page, of a server that goes on working meanwhile. */
import type { ApiClient, RestResource } from "@isthmus/api";

const ATTEMPTS = 3;

export interface Collection {
  readonly items: readonly RestResource[];
  /** It changed while it was read, each time: something may be missing. */
  readonly isUncertain: boolean;
}

/**
 * Pages are cut by position: what is created or deleted while they are read moves the rest, so that a resource is seen twice or not at all.
 * Such a list is read again.
 */
export async function readAll(
  client: ApiClient,
  path: string,
  onPage: (loaded: number) => void = () => {},
): Promise<Collection> {
  let items: readonly RestResource[] = [];
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const totals = new Set<number>();
    let before = 0;
    items = await client.listResources(path, {}, (loaded, total) => {
      totals.add(total);
      if (attempt === 0) onPage(loaded - before);
      before = loaded;
    });
    const keys = new Set(items.map(({ mesh, name }) => `${mesh ?? ""}/${name}`));
    if (totals.size <= 1 && keys.size === items.length && (totals.has(items.length) || totals.size === 0)) {
      return { items, isUncertain: false };
    }
  }
  return { items, isUncertain: true };
}
